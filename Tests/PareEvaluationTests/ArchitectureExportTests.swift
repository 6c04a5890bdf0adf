import PareArtifact
import PareCompression
import PareGraph
import PareONNX
import PareTensor
import Testing

/// Every architecture as an ONNX file: what is read back answers to the bit as what was written.
struct ArchitectureExportTests {
  private func expectReturn(of graph: Graph) throws {
    let back = try ONNXFile.decode(try ONNXFile.encode(Model(graph: graph))).graph
    #expect(back.inputs == graph.inputs && back.outputs == graph.outputs)
    var generator = SeededGenerator(seed: 2)
    var inputs: [String: Tensor] = [:]
    for input in graph.inputs {
      guard let shape = input.type.shape(binding: ["batch": 2]) else { continue }
      let values = (0..<shape.elementCount).map { input.name == "mask" ? Float($0 % 3 == 1 ? 0 : 1) : Float(generator.normal()) }
      inputs[input.name] = Tensor(values, shape: shape)
    }
    func logits(_ graph: Graph) throws -> Tensor? {
      try ReferenceEvaluator(graph, binding: ["batch": 2], outputs: ["logits"]).run(inputs)["logits"]
    }
    #expect(try logits(back) == logits(graph))
  }

  @Test(arguments: [
    NetworkArchitecture.mlp(hidden: [4, 4], activation: .gelu, dropout: 0.1, residual: true), .recurrent(.lstm, hidden: [3], attention: true),
    .tcn(channels: [3, 4], dropout: 0.1), .transformer(layers: 1, heads: 2, width: 4), .deepLOB(channels: 2, hidden: 3),
  ])
  func aNetworkComesBackFromONNX(_ architecture: NetworkArchitecture) throws {
    try expectReturn(of: architecture.graph(rowShape: [6, 8], outputs: 3, seed: 1))
  }

  @Test(arguments: [
    CrossSectionArchitecture(GraphAttentionSettings(hidden: [4], heads: 2, scoring: .gatv2, sight: SymbolSight(edges: .learned))),
    CrossSectionArchitecture(GraphTransformerSettings(layers: 1, heads: 2, width: 4, sight: SymbolSight(edges: .learned))),
  ])
  func aCrossSectionComesBackFromONNX(_ architecture: CrossSectionArchitecture) throws {
    for shape in [[3, 2], [3, 5, 2]] {
      try expectReturn(of: architecture.graph(rowShape: shape, outputs: 3, seed: 1, thresholds: nil))
    }
  }
}
