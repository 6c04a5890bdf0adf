import Foundation
import PareGraph
import PareTensor
import PareTraining

/// Networks and data that several tests share.
enum SampleNetworks {
  /// Dense layers with an activation between them, from `features` to `logits`.
  static func dense(
    _ widths: [Int], activation: OperatorName = "Relu", seed: UInt64 = 1, dropout: Float = 0
  ) throws -> Graph {
    var generator = SeededGenerator(seed: seed, stream: "sample network")
    var builder = GraphBuilder(name: "sample")
    var value = try builder.input("features", ValueType(.float32, ["batch", .fixed(widths[0])]))
    for layer in 1..<widths.count {
      let (fanIn, fanOut) = (widths[layer - 1], widths[layer])
      let limit = (6 / Double(fanIn)).squareRoot()
      let weights = (0..<fanIn * fanOut).map { _ in Float((generator.uniform() * 2 - 1) * limit) }
      let biases = (0..<fanOut).map { _ in Float(generator.uniform() * 0.2 - 0.1) }
      let weight = try builder.parameter("w\(layer)", Tensor(weights, shape: [fanOut, fanIn]), isTrainable: true)
      let bias = try builder.parameter("b\(layer)", Tensor(biases), isTrainable: true)
      let isLast = layer == widths.count - 1
      value = try builder.apply("Gemm", [value, weight, bias], attributes: ["transB": .int(1)], output: isLast ? "logits" : nil)
      if !isLast {
        value = try builder.apply(activation, [value])
        if dropout > 0 { value = try builder.apply("Dropout", [value, builder.constant(Tensor(scalar: dropout))]) }
      }
    }
    try builder.output(value)
    return builder.graph
  }

  /// A dense network with a batch normalization behind its first product, whose running averages are far from the data's.
  static func normalized(_ graph: Graph) throws -> Graph {
    var graph = graph
    guard let index = graph.nodes.firstIndex(where: { $0.operatorName == "Gemm" }),
      let width = graph.parameters["b1"]?.storage.shape[0]
    else { return graph }
    let ones = Tensor([Float](repeating: 1, count: width))
    for (name, value) in [("scale", ones), ("shift", ones), ("mean", ones), ("variance", ones)] {
      graph.parameters[name] = Parameter(ParameterStorage(value), isTrainable: name.hasPrefix("s"))
    }
    let product = graph.nodes[index].outputs[0]
    for later in graph.nodes.indices.dropFirst(index + 1) {
      graph.nodes[later].inputs = graph.nodes[later].inputs.map { $0 == product ? "normalized" : $0 }
    }
    let node = Node(
      "BatchNormalization", name: "normalization", inputs: [product, "scale", "shift", "mean", "variance"],
      outputs: ["normalized"])
    graph.nodes.insert(node, at: index + 1)
    return graph
  }

  /// Convolutions over time with a Relu after each, padded to keep the steps, then the mean over time and a dense layer:
  /// from `features [batch, features, steps]` to `logits`.
  static func convolutional(
    features: Int, steps: Int, channels: [Int], kernel: Int, classes: Int, seed: UInt64 = 1
  ) throws -> Graph {
    var generator = SeededGenerator(seed: seed, stream: "sample network")
    func weights(_ shape: Shape) -> Tensor {
      let limit = (6 / Double(shape.elementCount / shape[0])).squareRoot()
      return Tensor((0..<shape.elementCount).map { _ in Float((generator.uniform() * 2 - 1) * limit) }, shape: shape)
    }
    var builder = GraphBuilder(name: "sample")
    var value = try builder.input("features", ValueType(.float32, ["batch", .fixed(features), .fixed(steps)]))
    var width = features
    for (layer, next) in channels.enumerated() {
      let weight = try builder.parameter("w\(layer)", weights([next, width, kernel]), isTrainable: true)
      let bias = try builder.parameter("b\(layer)", Tensor(zeros: .float32, shape: [next]), isTrainable: true)
      let padding = [(kernel - 1) / 2, kernel / 2]
      value = try builder.apply("Conv", [value, weight, bias], attributes: ["pads": .ints(padding)])
      value = try builder.apply("Relu", [value])
      width = next
    }
    value = try builder.apply("GlobalAveragePool", [value])
    value = try builder.apply("Flatten", [value])
    let weight = try builder.parameter("w", weights([classes, width]), isTrainable: true)
    let bias = try builder.parameter("b", Tensor(zeros: .float32, shape: [classes]), isTrainable: true)
    value = try builder.apply("Gemm", [value, weight, bias], attributes: ["transB": .int(1)], output: "logits")
    try builder.output(value)
    return builder.graph
  }

  /// Recurrent layers, one behind the other, and a dense layer from the last state of the last of them to three `logits`.
  /// The features are `[batch, steps, features]`, as training data are, the layers step by step.
  static func recurrent(
    _ layer: OperatorName, hidden: [Int], steps: Int, features: Int, seed: UInt64 = 1
  ) throws -> Graph {
    var generator = SeededGenerator(seed: seed, stream: "recurrent network")
    func weights(_ shape: Shape, _ fanIn: Int) -> Tensor {
      let limit = 1 / Double(fanIn).squareRoot()
      return Tensor((0..<shape.elementCount).map { _ in Float((generator.uniform() * 2 - 1) * limit) }, shape: shape)
    }
    let gates = layer == "LSTM" ? 4 : layer == "GRU" ? 3 : 1
    var builder = GraphBuilder(name: "recurrent sample")
    var value = try builder.input("features", ValueType(.float32, ["batch", .fixed(steps), .fixed(features)]))
    value = try builder.apply("Transpose", [value], attributes: ["perm": .ints([1, 0, 2])])
    var width = features
    var last = value
    for (index, units) in hidden.enumerated() {
      let w = try builder.parameter("w\(index)", weights([1, gates * units, width], units), isTrainable: true)
      let r = try builder.parameter("r\(index)", weights([1, gates * units, units], units), isTrainable: true)
      let b = try builder.parameter("b\(index)", weights([1, 2 * gates * units], units), isTrainable: true)
      let outputs = ["y\(index)", "h\(index)"]
      let attributes: [String: Attribute] = ["hidden_size": .int(units)]
      try builder.append(
        Node(
          layer, name: "layer\(index)", inputs: [value, w, r, b], outputs: outputs,
          attributes: layer == "GRU" ? attributes.merging(["linear_before_reset": .int(1)]) { $1 } : attributes))
      value = try builder.apply("Squeeze", [outputs[0], builder.constant(Tensor([1] as [Int64]))])
      last = outputs[1]
      width = units
    }
    last = try builder.apply("Squeeze", [last, builder.constant(Tensor([0] as [Int64]))])
    let weight = try builder.parameter("dense.weight", weights([3, width], width), isTrainable: true)
    let bias = try builder.parameter("dense.bias", weights([3], width), isTrainable: true)
    let logits = try builder.apply("Gemm", [last, weight, bias], attributes: ["transB": .int(1)], output: "logits")
    try builder.output(logits)
    return builder.graph
  }

  /// Two interleaved spirals in the plane, a class each, with a little noise.
  static func spirals(rows: Int, seed: UInt64) throws -> TrainingData {
    var generator = SeededGenerator(seed: seed, stream: "spirals")
    var features: [Float] = []
    var labels: [Int64] = []
    for row in 0..<rows {
      let (turn, label) = (generator.uniform(), row % 2)
      let angle = turn * 2 * Double.pi + (label == 1 ? Double.pi : 0)
      let radius = 0.2 + turn
      features.append(Float(radius * cos(angle) + generator.normal() * 0.02))
      features.append(Float(radius * cos(angle - Double.pi / 2) + generator.normal() * 0.02))
      labels.append(Int64(label))
    }
    return try TrainingData(["features": Tensor(features, shape: [rows, 2]), "labels": Tensor(labels)])
  }

  /// Normal features, and a label that depends on a linear score and noise.
  static func linear(rows: Int, features count: Int, classes: Int, seed: UInt64) throws -> TrainingData {
    var generator = SeededGenerator(seed: seed, stream: "linear")
    var features: [Float] = []
    var labels: [Int64] = []
    for _ in 0..<rows {
      let row = (0..<count).map { _ in generator.normal() }
      let score = row.enumerated().reduce(0) { $0 + $1.element * ($1.offset % 2 == 0 ? 1 : -0.5) } + generator.normal()
      features += row.map { Float($0) }
      labels.append(Int64(min(max(Int((score / 2 + Double(classes) / 2).rounded(.down)), 0), classes - 1)))
    }
    return try TrainingData(["features": Tensor(features, shape: [rows, count]), "labels": Tensor(labels)])
  }

  /// The share of rows whose largest logit is the label's.
  static func accuracy(_ graph: Graph, on data: TrainingData) throws -> Double {
    let scores = try Scorer(graph, outputs: ["logits"]).run(data)
    guard let logits = scores["logits"], let labels = data["labels"] else { return 0 }
    let (values, classes) = (logits.values(as: Float.self), logits.shape[1])
    let hits = labels.values(as: Int64.self).enumerated().count { row, label in
      let line = values[row * classes..<(row + 1) * classes]
      return line.firstIndex(of: line.max() ?? 0) == row * classes + Int(label)
    }
    return Double(hits) / Double(data.rowCount)
  }
}
