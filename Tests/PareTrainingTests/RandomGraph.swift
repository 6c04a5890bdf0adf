import PareGraph
import PareTensor
import PareTraining

/// A graph drawn under a seed: layers, branches that meet again, broadcasts and reductions, and a loss at the end.
struct RandomGraph {
  let graph: Graph
  let loss: String
  let inputs: [String: Tensor]
  let rows: Int

  init(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed, stream: "random graph")
    func tensor(_ shape: Shape, scale: Double = 1) -> Tensor {
      Tensor((0..<shape.elementCount).map { _ in Float(generator.normal() * scale) }, shape: shape)
    }
    rows = 1 + generator.below(6)
    let width = 2 + generator.below(4)
    var builder = GraphBuilder(name: "random")
    var values = [try builder.input("features", ValueType(.float32, ["batch", .fixed(width)]))]
    for index in 0..<6 + generator.below(4) {
      let x = values[generator.below(values.count)]
      let y = values[generator.below(values.count)]
      let value: String
      switch generator.below(9) {
      case 0, 1:
        let weight = try builder.parameter("w\(index)", tensor([width, width], scale: 0.5), isTrainable: true)
        let bias = try builder.parameter("b\(index)", tensor([width], scale: 0.5), isTrainable: true)
        value = try builder.apply("Gemm", [x, weight, bias], attributes: ["transB": .int(generator.below(2))])
      case 2:
        let weight = try builder.parameter("w\(index)", tensor([width, width], scale: 0.5), isTrainable: true)
        value = try builder.apply("MatMul", [x, weight])
      case 3: value = try builder.apply("Add", [x, y])
      case 4: value = try builder.apply("Mul", [builder.apply("Tanh", [x]), builder.apply("Sigmoid", [y])])
      case 5:
        let offset = try builder.parameter("o\(index)", tensor([width]), isTrainable: true)
        value = try builder.apply("Sub", [x, offset])
      case 6: value = try builder.apply(generator.below(2) == 0 ? "Softmax" : "LogSoftmax", [x])
      case 7: value = try builder.apply("Tanh", [x])
      default:
        let axes = try builder.constant(Tensor([Int64(1)]))
        let mean = try builder.apply("ReduceMean", [x, axes])
        value = try builder.apply("Sub", [x, mean])
      }
      values.append(value)
    }
    let weight = try builder.parameter("w", tensor([3, width]), isTrainable: true)
    var total = values[values.count - 1]
    for value in values.dropFirst().dropLast() { total = try builder.apply("Add", [total, value]) }
    let logits = try builder.apply("Gemm", [total, weight], attributes: ["transB": .int(1)], output: "logits")
    loss = try CrossEntropy(logits: logits).append(to: &builder)
    try builder.output(loss)
    graph = builder.graph
    inputs = [
      "features": tensor([rows, width]), "labels": Tensor((0..<rows).map { _ in Int64(generator.below(3)) }),
    ]
  }
}
