import PareGraph
import PareTensor
import PareTraining

/// A Transformer encoder as exporters write it: dense layers as MatMul and Add, heads by Reshape and Transpose, attention
/// as MatMul, Div, Softmax, MatMul; normalization behind each residual sum; classes of the mean over the rows.
///
/// - Source: Vaswani et al. 2017, arXiv:1706.03762, figure 1, left.
struct SampleEncoder {
  var features = 20
  var rows = 50
  var width = 64
  var heads = 4
  var hidden = 128
  var layers = 2
  var classes = 3
  /// Whether queries see only what lies before them, by a mask that is added.
  var isCausal = false

  /// From `features [batch, rows, features]` to `logits [batch, classes]`.
  func graph(seed: UInt64 = 1) throws -> Graph {
    var sketch = Sketch(seed: seed)
    let x = try sketch.builder.input("features", ValueType(.float32, ["batch", .fixed(rows), .fixed(features)]))
    var value = try sketch.dense(x, features, width)
    for _ in 0..<layers {
      let attended = try attention(value, &sketch)
      value = try sketch.normalized(sketch.builder.apply("Add", [value, attended]), width)
      let inner = try sketch.builder.apply("Relu", [sketch.dense(value, width, hidden)])
      value = try sketch.normalized(sketch.builder.apply("Add", [value, sketch.dense(inner, hidden, width)]), width)
    }
    let axes = try sketch.builder.constant(Tensor([Int64(1)]))
    let mean = try sketch.builder.apply("ReduceMean", [value, axes], attributes: ["keepdims": .int(0)])
    let logits = try sketch.builder.apply("Identity", [sketch.dense(mean, width, classes)], output: "logits")
    try sketch.builder.output(logits)
    return sketch.builder.graph
  }

  private func attention(_ x: String, _ sketch: inout Sketch) throws -> String {
    let size = width / heads
    let split = try sketch.builder.constant(Tensor([0, Int64(rows), Int64(heads), Int64(size)]))
    func part(_ order: [Int]) throws -> String {
      let apart = try sketch.builder.apply("Reshape", [sketch.dense(x, width, width), split])
      return try sketch.builder.apply("Transpose", [apart], attributes: ["perm": .ints(order)])
    }
    let (q, k, v) = (try part([0, 2, 1, 3]), try part([0, 2, 3, 1]), try part([0, 2, 1, 3]))
    let root = try sketch.builder.constant(Tensor(scalar: Float(size).squareRoot()))
    var scores = try sketch.builder.apply("Div", [sketch.builder.apply("MatMul", [q, k]), root])
    if isCausal {
      let mask = (0..<rows * rows).map { $0 % rows > $0 / rows ? -Float.infinity : 0 }
      scores = try sketch.builder.apply("Add", [scores, sketch.builder.constant(Tensor(mask, shape: [rows, rows]))])
    }
    let weights = try sketch.builder.apply("Softmax", [scores], attributes: ["axis": .int(-1)])
    let answer = try sketch.builder.apply("MatMul", [weights, v])
    let together = try sketch.builder.apply("Transpose", [answer], attributes: ["perm": .ints([0, 2, 1, 3])])
    let merged = try sketch.builder.constant(Tensor([0, Int64(rows), Int64(width)]))
    return try sketch.dense(sketch.builder.apply("Reshape", [together, merged]), width, width)
  }

  /// Data for `graph`: normal features, labels that depend on them.
  func data(count: Int, seed: UInt64 = 2) throws -> TrainingData {
    var generator = SeededGenerator(seed: seed, stream: "encoder")
    var values: [Float] = []
    var labels: [Int64] = []
    for _ in 0..<count {
      let sample = (0..<rows * features).map { _ in Float(generator.normal()) }
      let score = (0..<rows).reduce(Float(0)) { $0 + sample[$1 * features] * sample[$1 * features + 1] }
      labels.append(score < -2 ? 0 : score > 2 ? 2 : 1)
      values += sample
    }
    return try TrainingData(["features": Tensor(values, shape: [count, rows, features]), "labels": Tensor(labels)])
  }

  /// A graph with its weights drawn as they come.
  private struct Sketch {
    var builder = GraphBuilder(name: "encoder")
    private var generator: SeededGenerator
    private var count = 0

    init(seed: UInt64) {
      generator = SeededGenerator(seed: seed, stream: "encoder weights")
    }

    mutating func dense(_ x: String, _ fanIn: Int, _ fanOut: Int) throws -> String {
      count += 1
      let limit = (3 / Double(fanIn)).squareRoot()
      let values = (0..<fanIn * fanOut).map { _ in Float((generator.uniform() * 2 - 1) * limit) }
      let weight = try builder.parameter("w\(count)", Tensor(values, shape: [fanIn, fanOut]), isTrainable: true)
      let bias = try builder.parameter("b\(count)", Tensor(zeros: .float32, shape: [fanOut]), isTrainable: true)
      return try builder.apply("Add", [bias, builder.apply("MatMul", [x, weight])])
    }

    mutating func normalized(_ x: String, _ width: Int) throws -> String {
      count += 1
      let ones = Tensor([Float](repeating: 1, count: width))
      let scale = try builder.parameter("scale\(count)", ones, isTrainable: true)
      let shift = try builder.parameter("shift\(count)", Tensor(zeros: .float32, shape: [width]), isTrainable: true)
      return try builder.apply("LayerNormalization", [x, scale, shift])
    }
  }
}
