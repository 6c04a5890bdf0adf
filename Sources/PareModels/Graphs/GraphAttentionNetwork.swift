import PareGraph
import PareTensor

/// Graph attention over a cross-section: in each layer a symbol's numbers become a sum over the symbols that it sees, itself
/// among them, weighed by a small network of both, plus what it had before; a dense layer reads each symbol.
///
/// In head k of a layer `h_i' = elu(Σ_j α_ij · W h_j + residual)`, α a softmax over j of `e_ij` plus the logarithm of the
/// edge's weight, with `e_ij = leakyRelu(a · W h_i + b · W h_j)` or, by Brody et al., `e_ij = a · leakyRelu(V h_i + W h_j)`,
/// which can rank symbols differently for each that looks. Heads lie side by side. A symbol that sees no other keeps its
/// own value: its sum has one term. Where edges are learned they differ by layer and head.
///
/// Its graph takes `features [batch, symbols, inputs]`, or `[batch, symbols, steps, inputs]`, and `mask [batch, symbols]`
/// to `logits [batch, symbols, outputs]`, `probabilities` of the same shape and, with thresholds, `decision [batch, symbols]`.
/// The weights α of layer i are the value `attention_<i>.weights [batch, heads, symbols, symbols]`, by the symbol that looks
/// and the one that is seen.
///
/// - Source: Veličković et al. 2018, arXiv:1710.10903; Brody, Alon and Yahav 2022, arXiv:2105.14491.
public struct GraphAttentionNetwork: Sendable, Hashable, Codable {
  /// How a pair is scored.
  public enum Scoring: String, Sendable, Hashable, Codable, CaseIterable {
    /// A term of each side: cheap, and every symbol ranks the others alike.
    case gat
    /// Both sides through the nonlinearity together: `symbols² · width` numbers a row.
    case gatv2
  }

  public var section: CrossSection
  /// Columns of each layer, all heads together.
  public var hidden: [Int]
  /// A divisor of every width.
  public var heads: Int
  public var scoring: Scoring
  /// Probability that a number of a layer's result is dropped in a training step, in `0 ..< 1`.
  public var dropout: Double

  public init(
    _ section: CrossSection, hidden: [Int] = [32, 32], heads: Int = 4, scoring: Scoring = .gat, dropout: Double = 0
  ) {
    self.section = section
    self.hidden = hidden
    self.heads = heads
    self.scoring = scoring
    self.dropout = dropout
  }

  /// Everything trained.
  public var parameterCount: Int {
    let widths = zip([section.width] + hidden, hidden)
    let layers = widths.reduce(0) { sum, layer in
      let (fanIn, width) = layer
      let attention = scoring == .gat ? fanIn * width + 2 * width : 2 * fanIn * width + width
      return sum + attention + width + (fanIn == width ? 0 : fanIn * width)
    }
    let edges = section.edgeParameterCount(layers: hidden.count, heads: heads)
    return section.parameterCount + edges + layers + ((hidden.last ?? section.width) + 1) * section.outputs
  }

  /// The graph with freshly drawn weights, by Glorot.
  ///
  /// - Parameters:
  ///   - seed: decides the weights; each layer draws from a stream of its own.
  ///   - input, mask: the names of the inputs.
  ///   - normalizer: per feature, put in front of the first layer.
  ///   - thresholds: put behind the probabilities as a `decision`.
  /// - Throws: `graph.architecture`, category usage, naming the setting that is out of range.
  public func graph(
    seed: UInt64, name: String = "graph-attention", input: String = "features", mask: String = "mask",
    normalizer: Normalizer? = nil, thresholds: DecisionThresholds? = nil
  ) throws -> Graph {
    try validate()
    var sketch = CrossSectionSketch(section, seed: seed, architecture: "graph-attention", name: name, mask: mask)
    var value = try sketch.symbols(input: input, normalizer: normalizer)
    let absence = try sketch.absence()
    let given = try givenEdges(absence, &sketch)
    for (index, (fanIn, width)) in zip([section.width] + hidden, hidden).enumerated() {
      let layer = GraphAttentionLayer(
        symbols: section.symbols, inputs: fanIn, width: width, heads: heads, scoring: scoring, index: index)
      var bias = given
      if let dimensions = section.edges.dimensions {
        let edges = try sketch.learnedEdges(layer: index, heads: heads, dimensions: dimensions)
        bias = try sketch.builder.apply("Add", [absence, edges], name: "edges_\(index).present")
      }
      value = try layer.append(value, bias: bias, to: &sketch)
      value = try sketch.builder.dropout(value, probability: dropout, name: "dropout_\(index)")
    }
    try sketch.classify(value, width: hidden[hidden.count - 1], thresholds: thresholds)
    return sketch.builder.graph
  }

  /// Added to the scores of every layer: who is absent, and the logarithms of the weights of edges that are given.
  private func givenEdges(_ absence: String, _ sketch: inout CrossSectionSketch) throws -> String {
    guard case .given(let adjacency) = section.edges else { return absence }
    let edges = try sketch.builder.parameter("adjacency", adjacency.logarithms(), isTrainable: false)
    return try sketch.builder.apply("Add", [absence, edges], name: "edges")
  }

  private func validate() throws {
    let settings = ArchitectureSettings("graph-attention")
    try section.validate(settings)
    try settings.check("layers", hidden.count, in: 1...64)
    for width in hidden {
      try settings.check("hidden", width, in: 1...8192)
      try settings.check(heads: heads, dividing: width)
    }
    try settings.check(dropout: dropout)
  }
}
