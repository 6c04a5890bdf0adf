import PareCompression
import PareGraph
import PareInference
import PareModels
import PareTensor
import Testing

/// The catalogue of networks over a cross-section.
struct CrossSectionArchitectureTests {
  private static let samples: [CrossSectionArchitecture] = [
    CrossSectionArchitecture(
      GraphAttentionSettings(
        hidden: [8, 4], heads: 2, scoring: .gatv2, dropout: 0.25,
        sight: SymbolSight(edges: .learned, embedding: 3, sequence: .tcn(channels: [4, 5], kernel: 2)))),
    CrossSectionArchitecture(
      GraphTransformerSettings(
        layers: 1, heads: 2, width: 8, feedForward: 6, dropout: 0.5, sight: SymbolSight(edges: .given, sequence: .gru(units: 6)))),
    CrossSectionArchitecture(GraphAttentionSettings()),
  ]

  private func decoded(_ text: String) throws -> CrossSectionArchitecture {
    let architecture: CrossSectionArchitecture = try StrictYAML.decode(text)
    try architecture.validate(at: ParameterPath())
    return architecture
  }

  @Test func everyKindHasASample() {
    #expect(Set(Self.samples.map(\.name)) == Set(CrossSectionCatalogue.all.map { $0.name }))
  }

  @Test(arguments: samples) func whatWasEncodedDecodesToTheSame(_ sample: CrossSectionArchitecture) throws {
    #expect(try decoded(StrictYAML.encode(sample)) == sample)
    #expect(try decoded(StrictYAML.json(sample)) == sample)
    #expect(Set(Self.samples).count == Self.samples.count)
  }

  @Test func defaultsAreAsDocumented() throws {
    #expect(
      try decoded("{graph-attention: {}}")
        == CrossSectionArchitecture(
          GraphAttentionSettings(
            hidden: [32, 32], heads: 4, scoring: .gat, dropout: 0,
            sight: SymbolSight(edges: .complete, embedding: 8, sequence: .gru(units: 32)))))
    #expect(
      try decoded("{graph-transformer: {}}")
        == CrossSectionArchitecture(GraphTransformerSettings(layers: 2, heads: 4, width: 32, feedForward: 128)))
  }

  @Test(arguments: [
    ("{graph-atention: {}}", "graph-atention: expected one of graph-attention, graph-transformer (nearest: 'graph-attention'), found 'graph-atention'"),
    ("{graph-attention: {edges: learnt}}", "graph-attention.edges: expected one of complete, given, learned (nearest: 'learned'), found 'learnt'"),
    ("{graph-attention: {head: 4}}", "(nearest: 'heads'), found 'head'"),
    ("{graph-attention: {hidden: [8, 6]}}", "graph-attention.heads: expected a divisor of the width 6, found 4"),
    ("{graph-attention: {sequence: {gru: {unit: 3}}}}", "graph-attention.sequence.gru.unit: expected 'units', found 'unit'"),
    ("{graph-attention: {sequence: {gru: {units: 0}}}}", "graph-attention.sequence.gru.units: expected a number in 1 ... 8192, found 0"),
    ("{graph-transformer: {sequence: {tcn: {channels: [0]}}}}", "graph-transformer.sequence.tcn.channels[0]: expected a number in 1 ... 8192, found 0"),
    ("{graph-transformer: {embedding: 0}}", "graph-transformer.embedding: expected a number in 1 ... 1024, found 0"),
  ])
  func whatIsWrongIsNamed(_ spelling: String, _ expected: String) {
    var message = ""
    do { message = "decoded as \(try decoded(spelling).words)" } catch { message = "\(error)" }
    #expect(message.contains(expected), "\(message)")
  }

  @Test func rowsOfOtherShapesAndAMissingMatrixAreNamed() throws {
    let error = #expect(throws: GraphError.self) { try Self.samples[0].graph(rowShape: [4], outputs: 3, seed: 1) }
    #expect(error?.expected == "rows of [symbols, features] or [symbols, steps, features]")
    let missing = #expect(throws: GraphError.self) { try Self.samples[1].graph(rowShape: [4, 2], outputs: 3, seed: 1) }
    #expect(missing?.expected == "a matrix of the symbols' edges")
  }

  @Test(arguments: samples, [[4, 2], [4, 5, 2]])
  func aPlanAgreesWithTheReference(_ sample: CrossSectionArchitecture, _ row: [Int]) throws {
    let adjacency = SymbolAdjacency(symbols: 4, weights: (0..<16).map { Float($0 % 3) })
    let graph = try sample.graph(
      rowShape: row, outputs: 3, seed: 2, adjacency: adjacency, thresholds: DecisionThresholds(short: 0.35, long: 0.35))
    var generator = SeededGenerator(seed: 3)
    let shape = Shape([1] + row)
    let inputs = [
      "features": Tensor((0..<shape.elementCount).map { _ in Float(generator.normal()) }, shape: shape),
      "mask": Tensor([Float(1), 0, 1, 1], shape: [1, 4]),
    ]
    func reference(_ precision: ReferenceEvaluator.Precision) throws -> [Double] {
      let evaluator = try ReferenceEvaluator(graph, binding: ["batch": 1], precision: precision, outputs: ["logits"])
      return try #require(try evaluator.run(inputs)["logits"]).doubles
    }
    let (exact, stored) = (try reference(.float64), try reference(.stored))
    let results = try ExecutionPlan(graph).makeContext().run(inputs)
    let found = try #require(results["logits"]).doubles
    func distance(_ values: [Double]) -> Double { zip(values, exact).map { abs($0 - $1) }.max() ?? 0 }
    let largest = exact.map(abs).max() ?? 0
    #expect(distance(found) <= max(4 * distance(stored), 64 * 0x1p-24 * largest))
    #expect(results["decision"]?.shape == [1, 4] && Array(found[3..<6]) == [0, 0, 0])
  }
}
