import PareArtifact
import PareGraph
import PareTensor

extension WorkFolder {
  /// Writes a classifier of four features and two classes and gives its name.
  func model(_ name: String = "small.pare") throws -> String {
    var generator = SeededGenerator(seed: 3)
    var builder = GraphBuilder(name: "small")
    var value = try builder.input("features", ValueType(.float32, ["batch", 4]))
    for (layer, widths) in [(4, 8), (8, 2)].enumerated() {
      let weights = (0..<widths.0 * widths.1).map { _ in Float(generator.normal()) }
      let weight = try builder.parameter(
        "dense_\(layer).weight", Tensor(weights, shape: [widths.1, widths.0]), isTrainable: true)
      let bias = try builder.parameter(
        "dense_\(layer).bias", Tensor([Float](repeating: 0.1, count: widths.1)), isTrainable: true)
      value = try builder.apply(
        "Gemm", [value, weight, bias], attributes: ["transB": .int(1)], name: "dense_\(layer)",
        output: layer == 1 ? "logits" : nil)
      if layer == 0 { value = try builder.apply("Relu", [value], name: "relu_0") }
    }
    try builder.output(value)
    try builder.output(
      try builder.apply("Softmax", [value], attributes: ["axis": .int(-1)], name: "softmax", output: "probabilities"))
    try Artifact.write(Model(graph: builder.graph), to: path + "/" + name)
    return name
  }
}
