import PareGraph
import PareModels
import PareTensor
import Testing

/// Networks of every architecture that are small enough to be differentiated by differences, with the formula of their
/// weights.
struct ArchitectureSample: Sendable, CustomTestStringConvertible {
  let name: String
  /// Extents of a row.
  let row: [Int]
  let parameterCount: Int
  let build: @Sendable (_ seed: UInt64) throws -> Graph

  var testDescription: String { name }

  /// Rows from a stream of their own.
  func features(_ count: Int, seed: UInt64 = 7) -> Tensor {
    var generator = SeededGenerator(seed: seed, stream: "features")
    let shape = Shape([count] + row)
    return Tensor((0..<shape.elementCount).map { _ in Float(generator.normal()) }, shape: shape)
  }

  static let single: [ArchitectureSample] = {
    let residual = MultilayerPerceptron(inputs: 3, hidden: [4, 4, 4], outputs: 2, activation: .gelu, isResidual: true)
    let tcn = TemporalConvolutionalNetwork(steps: 6, inputs: 2, channels: [3, 4], kernel: 2, outputs: 2)
    let lstm = RecurrentNetwork(.lstm, steps: 4, inputs: 2, hidden: [3, 3], outputs: 2, hasAttention: true)
    let gru = RecurrentNetwork(.gru, steps: 4, inputs: 2, hidden: [3], outputs: 2, hasAttention: true)
    let last = TransformerEncoder(steps: 4, inputs: 3, layers: 2, heads: 2, width: 4, feedForward: 6, outputs: 2)
    let mean = TransformerEncoder(
      steps: 4, inputs: 3, layers: 1, heads: 1, width: 4, positions: .learned, pooling: .mean, outputs: 2)
    let experts = Experts(inputs: 5, cases: 2, hidden: [3], outputs: 2)
    let book = DeepLOB(snapshots: 6, levels: 2, channels: 4, hidden: 3, outputs: 2)
    return [
      ArchitectureSample(name: "residual mlp", row: [3], parameterCount: residual.parameterCount) { try residual.graph(seed: $0) },
      ArchitectureSample(name: "tcn", row: [6, 2], parameterCount: tcn.parameterCount) { try tcn.graph(seed: $0) },
      ArchitectureSample(name: "lstm", row: [4, 2], parameterCount: lstm.parameterCount) { try lstm.graph(seed: $0) },
      ArchitectureSample(name: "gru", row: [4, 2], parameterCount: gru.parameterCount) { try gru.graph(seed: $0) },
      ArchitectureSample(name: "transformer", row: [4, 3], parameterCount: last.parameterCount) { try last.graph(seed: $0) },
      ArchitectureSample(name: "transformer, mean", row: [4, 3], parameterCount: mean.parameterCount) { try mean.graph(seed: $0) },
      ArchitectureSample(name: "experts", row: [5], parameterCount: experts.parameterCount) { try experts.graph(seed: $0) },
      ArchitectureSample(name: "deeplob", row: [6, 8], parameterCount: book.parameterCount) { try book.graph(seed: $0) },
    ]
  }()

  /// Over four symbols, of which the third sees none and is seen by none where edges are given.
  static let crossSections: [ArchitectureSample] = {
    func section(_ edges: SymbolEdges, steps: Int? = nil, _ sequence: SymbolSequence = .gru(units: 3)) -> CrossSection {
      CrossSection(symbols: 4, steps: steps, inputs: 2, outputs: 3, edges: edges, sequence: sequence)
    }
    func attention(_ name: String, _ network: GraphAttentionNetwork) -> ArchitectureSample {
      let section = network.section
      return ArchitectureSample(
        name: name, row: [section.symbols] + (section.steps.map { [$0] } ?? []) + [section.inputs],
        parameterCount: network.parameterCount
      ) { try network.graph(seed: $0, thresholds: DecisionThresholds(short: 0.4, long: 0.4)) }
    }
    func transformer(_ name: String, _ network: GraphTransformer) -> ArchitectureSample {
      let section = network.section
      return ArchitectureSample(
        name: name, row: [section.symbols] + (section.steps.map { [$0] } ?? []) + [section.inputs],
        parameterCount: network.parameterCount
      ) { try network.graph(seed: $0) }
    }
    let given = SymbolEdges.given(adjacency)
    return [
      attention("gat, complete", GraphAttentionNetwork(section(.complete), hidden: [4, 4], heads: 2)),
      attention("gat, given, gru", GraphAttentionNetwork(section(given, steps: 3), hidden: [4], heads: 2)),
      attention("gatv2, learned", GraphAttentionNetwork(section(.learned(dimensions: 3)), hidden: [4, 4], heads: 2, scoring: .gatv2)),
      transformer("transformer, given", GraphTransformer(section(given), layers: 1, heads: 2, width: 4, feedForward: 5)),
      transformer(
        "transformer, learned, tcn",
        GraphTransformer(section(.learned(dimensions: 2), steps: 3, .tcn(channels: [3], kernel: 2)), layers: 2, heads: 2, width: 4)),
      transformer("transformer, complete", GraphTransformer(section(.complete), layers: 1, heads: 1, width: 4)),
    ]
  }()

  static let adjacency = SymbolAdjacency(
    symbols: 4, weights: [0, 0.5, 0, 1, 2, 0, 0, 0.25, 0, 0, 0, 0, 1, 0.75, 0, 0])

  static let all = single + crossSections
}
