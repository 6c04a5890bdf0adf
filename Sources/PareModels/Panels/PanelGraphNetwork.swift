import PareGraph
import PareTensor

/// A graph network over the symbols of each step: attention along edges, or blocks of full attention, with recurrent layers along the
/// steps of each symbol in front where there is a memory, and a dense layer on each symbol.
///
/// - Source: the layers are those of `GraphAttentionNetwork` and `GraphTransformer`.
public struct PanelGraphNetwork: PanelNetwork, Hashable, Codable {
  /// How symbols see each other.
  public enum Layers: Sendable, Hashable, Codable {
    /// Columns of each layer of graph attention.
    case attention(hidden: [Int])
    /// Blocks of a graph Transformer.
    case transformer(layers: Int, width: Int)
  }

  public var shape: PanelShape
  public var layers: Layers
  /// A divisor of every width.
  public var heads: Int
  /// Who sees whom; nil for everyone, alike.
  public var edges: SymbolAdjacency?
  /// Units of a GRU along the steps of each symbol; nil for none.
  public var memory: Int?

  public init(_ shape: PanelShape, _ layers: Layers, heads: Int = 4, edges: SymbolAdjacency? = nil, memory: Int? = nil) {
    (self.shape, self.layers, self.heads, self.edges, self.memory) = (shape, layers, heads, edges, memory)
  }

  private var architecture: String {
    switch layers {
    case .attention: memory == nil ? "graph-attention" : "temporal-graph-attention"
    case .transformer: "graph-transformer"
    }
  }

  public func graph(seed: UInt64, name: String? = nil) throws -> Graph {
    let settings = ArchitectureSettings(architecture)
    try shape.validate(settings)
    let (steps, symbols) = try shape.known(settings)
    if let memory { try settings.check("memory", memory, in: 1...8192) }
    try edges?.validate(symbols: symbols, settings)
    var sketch = PanelSketch(shape, seed: seed, architecture: architecture, name: name)
    var value = try sketch.rows()
    if let memory { value = try sketch.states(value, cell: .gru, hidden: [memory]) }
    let inputs = memory ?? shape.inputs
    value = try sketch.builder.reshape(value, [-1, symbols, inputs], name: "days")
    let absence = try sketch.builder.reshape(sketch.absence(), [-1, 1, 1, symbols], name: "absence.days")
    let width: Int
    switch layers {
    case .attention(let hidden):
      try settings.check("layers", hidden.count, in: 1...64)
      for width in hidden { try settings.check(heads: heads, dividing: width) }
      value = try attention(value, inputs: inputs, hidden: hidden, symbols: symbols, absence: absence, &sketch)
      width = hidden[hidden.count - 1]
    case .transformer(let layers, let columns):
      try settings.check("layers", layers, in: 1...64)
      try settings.check(heads: heads, dividing: columns)
      value = try blocks(value, inputs: inputs, layers: layers, width: columns, symbols: symbols, absence: absence, &sketch)
      width = columns
    }
    value = try sketch.builder.reshape(value, [-1, steps, symbols, width], name: "days.steps")
    try sketch.score(value, width: width)
    return sketch.builder.graph
  }

  private func attention(
    _ value: String, inputs: Int, hidden: [Int], symbols: Int, absence: String, _ sketch: inout PanelSketch
  ) throws -> String {
    var bias = absence
    if let edges {
      let weights = try sketch.builder.parameter("adjacency", edges.logarithms(), isTrainable: false)
      bias = try sketch.builder.apply("Add", [absence, weights], name: "edges")
    }
    // The layers know a sketch of a single cross-section.
    let section = CrossSection(symbols: symbols, inputs: inputs, outputs: 1)
    var layers = CrossSectionSketch(section, seed: sketch.seed, architecture: architecture, name: "", mask: "mask")
    layers.builder = sketch.builder
    var value = value
    for (index, (fanIn, width)) in zip([inputs] + hidden, hidden).enumerated() {
      let layer = GraphAttentionLayer(symbols: symbols, inputs: fanIn, width: width, heads: heads, scoring: .gat, index: index)
      value = try layer.append(value, bias: bias, to: &layers)
    }
    sketch.builder = layers.builder
    return value
  }

  private func blocks(
    _ value: String, inputs: Int, layers: Int, width: Int, symbols: Int, absence: String, _ sketch: inout PanelSketch
  ) throws -> String {
    var biases = [absence]
    if let edges { biases.insert(try sketch.builder.parameter("adjacency", edges.tensor(), isTrainable: false), at: 0) }
    let weight = sketch.draws("embedding").glorot([inputs, width], fanIn: inputs, fanOut: width)
    var value = try sketch.builder.denseAlongLastAxis(value, weight: weight, name: "embedding")
    let attention = SelfAttention(rows: symbols, width: width, heads: heads, seed: sketch.seed, architecture: architecture)
    for index in 0..<layers {
      value = try EncoderBlock(attention: attention, feedForward: 2 * width, dropout: 0, index: index)
        .append(value, biases: biases, to: &sketch.builder)
    }
    return try sketch.builder.layerNormalization(value, width: width, name: "norm")
  }
}
