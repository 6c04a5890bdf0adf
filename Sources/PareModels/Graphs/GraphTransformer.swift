import PareGraph
import PareTensor

/// A Transformer over a cross-section: every symbol attends to every other, the edges between them a bias on the scores.
///
/// A symbol's numbers become a vector of `width`; blocks of attention and feed-forward layers follow, normalization in
/// front, and a dense layer reads each symbol. The bias of head h is `β_h · edge_ij` for edges that are given, β trained and
/// 1 at first; learned ones are what `SymbolEdges` says. Other than in `GraphAttentionNetwork` a pair without an edge sees
/// each other still.
///
/// Inputs, outputs and the values `attention_<i>.weights` are those of `GraphAttentionNetwork`.
///
/// - Source: Dwivedi and Bresson 2021, arXiv:2012.09699, full attention; an edge's bias per head as by Ying et al. 2021,
///   arXiv:2106.05234, §3.1.2. Symbols have no positions.
public struct GraphTransformer: Sendable, Hashable, Codable {
  public var section: CrossSection
  /// Blocks.
  public var layers: Int
  /// Heads of each attention; a divisor of the width.
  public var heads: Int
  /// Columns of a symbol between the blocks.
  public var width: Int
  /// Units of the feed-forward layers.
  public var feedForward: Int
  /// Probability that a number of a branch is dropped in a training step, in `0 ..< 1`.
  public var dropout: Double

  public init(
    _ section: CrossSection, layers: Int = 2, heads: Int = 4, width: Int = 32, feedForward: Int? = nil, dropout: Double = 0
  ) {
    self.section = section
    self.layers = layers
    self.heads = heads
    self.width = width
    self.feedForward = feedForward ?? (width > 1 << 24 ? width : 4 * width)
    self.dropout = dropout
  }

  /// Everything trained.
  public var parameterCount: Int {
    let factors = if case .given = section.edges { layers * heads } else { 0 }
    let edges = factors + section.edgeParameterCount(layers: layers, heads: heads)
    return section.parameterCount + (section.width + 1) * width + edges
      + layers * EncoderBlock.parameterCount(width: width, feedForward: feedForward) + 2 * width
      + (width + 1) * section.outputs
  }

  /// The graph with freshly drawn weights, by Glorot; arguments and errors are those of `GraphAttentionNetwork`.
  public func graph(
    seed: UInt64, name: String = "graph-transformer", input: String = "features", mask: String = "mask",
    normalizer: Normalizer? = nil, thresholds: DecisionThresholds? = nil
  ) throws -> Graph {
    try validate()
    let architecture = "graph-transformer"
    var sketch = CrossSectionSketch(section, seed: seed, architecture: architecture, name: name, mask: mask)
    var value = try sketch.symbols(input: input, normalizer: normalizer)
    let weight = sketch.draws("dense_in").glorot([section.width, width], fanIn: section.width, fanOut: width)
    value = try sketch.builder.denseAlongLastAxis(value, weight: weight, name: "dense_in")
    let absence = try sketch.absence()
    let given = try givenEdges(&sketch)
    let attention = SelfAttention(rows: section.symbols, width: width, heads: heads, seed: seed, architecture: architecture)
    for index in 0..<layers {
      var biases = [absence]
      if let dimensions = section.edges.dimensions {
        biases.insert(try sketch.learnedEdges(layer: index, heads: heads, dimensions: dimensions), at: 0)
      }
      if let given {
        let factor = Tensor([Float](repeating: 1, count: heads), shape: [heads, 1, 1])
        let factors = try sketch.builder.parameter("attention_\(index).edge", factor, isTrainable: true)
        biases.insert(try sketch.builder.apply("Mul", [given, factors], name: "attention_\(index).edges"), at: 0)
      }
      value = try EncoderBlock(attention: attention, feedForward: feedForward, dropout: dropout, index: index)
        .append(value, biases: biases, to: &sketch.builder)
    }
    value = try sketch.builder.layerNormalization(value, width: width, name: "norm")
    try sketch.classify(value, width: width, thresholds: thresholds)
    return sketch.builder.graph
  }

  private func givenEdges(_ sketch: inout CrossSectionSketch) throws -> String? {
    guard case .given(let adjacency) = section.edges else { return nil }
    return try sketch.builder.parameter("adjacency", adjacency.tensor(), isTrainable: false)
  }

  private func validate() throws {
    let settings = ArchitectureSettings("graph-transformer")
    try section.validate(settings)
    try settings.check("layers", layers, in: 1...64)
    try settings.check("width", width, in: 1...8192)
    try settings.check(heads: heads, dividing: width)
    try settings.check("feed-forward", feedForward, in: 1...65_536)
    try settings.check(dropout: dropout)
  }
}
