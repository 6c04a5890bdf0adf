import PareGraph
import PareModels

/// Blocks of full attention over the symbols with edges as a bias, and a dense layer on each.
public struct GraphTransformerSettings: CrossSectionSettings {
  public static let name = "graph-transformer"

  enum CodingKeys: String, CodingKey, CaseIterable {
    case layers, heads, width, dropout, edges, embedding, sequence
    case feedForward = "feed-forward"
  }

  public var layers: Int
  /// A divisor of the width.
  public var heads: Int
  public var width: Int
  public var feedForward: Int
  /// In `0 ..< 1`.
  public var dropout: Double
  public var sight: SymbolSight

  /// - Parameter feedForward: four times the width where nil.
  public init(
    layers: Int = 2, heads: Int = 4, width: Int = 32, feedForward: Int? = nil, dropout: Double = 0,
    sight: SymbolSight = SymbolSight()
  ) {
    self.layers = layers
    self.heads = heads
    self.width = width
    self.feedForward = feedForward ?? width.fourfold
    self.dropout = dropout
    self.sight = sight
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let defaults = GraphTransformerSettings()
    self.init(
      layers: try container.decodeIfPresent(Int.self, forKey: .layers) ?? defaults.layers,
      heads: try container.decodeIfPresent(Int.self, forKey: .heads) ?? defaults.heads,
      width: try container.decodeIfPresent(Int.self, forKey: .width) ?? defaults.width,
      feedForward: try container.decodeIfPresent(Int.self, forKey: .feedForward),
      dropout: try container.decodeIfPresent(Double.self, forKey: .dropout) ?? defaults.dropout,
      sight: SymbolSight(
        edges: try container.decodeIfPresent(SymbolSight.Edges.self, forKey: .edges) ?? defaults.sight.edges,
        embedding: try container.decodeIfPresent(Int.self, forKey: .embedding) ?? defaults.sight.embedding,
        sequence: try container.decodeIfPresent(SymbolSequenceSettings.self, forKey: .sequence)?.sequence
          ?? defaults.sight.sequence))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(layers, forKey: .layers)
    try container.encode(heads, forKey: .heads)
    try container.encode(width, forKey: .width)
    try container.encode(feedForward, forKey: .feedForward)
    try container.encode(dropout, forKey: .dropout)
    try container.encode(sight.edges, forKey: .edges)
    try container.encode(sight.embedding, forKey: .embedding)
    try container.encode(SymbolSequenceSettings(sight.sequence), forKey: .sequence)
  }

  public var words: String {
    "graph transformer \(layers) × \(width), \(heads) heads, edges \(sight.edges.rawValue)\(dropout.dropoutWords)"
  }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.layers).require(layers, in: 1...64)
    try path.key(CodingKeys.width).require(width, in: 1...8192)
    try path.key(CodingKeys.heads).require(heads: heads, dividing: width)
    try path.key(CodingKeys.feedForward).require(feedForward, in: 1...65_536)
    try path.key(CodingKeys.dropout).requireProbability(dropout)
    try sight.validate(embedding: path.key(CodingKeys.embedding), sequence: path.key(CodingKeys.sequence))
  }

  public func graph(
    _ section: CrossSection, seed: UInt64, name: String?, input: String, mask: String, normalizer: Normalizer?,
    thresholds: DecisionThresholds?
  ) throws -> Graph {
    try GraphTransformer(
      section, layers: layers, heads: heads, width: width, feedForward: feedForward, dropout: dropout
    ).graph(seed: seed, name: name ?? Self.name, input: input, mask: mask, normalizer: normalizer, thresholds: thresholds)
  }
}
