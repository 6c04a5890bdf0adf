import PareGraph
import PareModels

/// Layers of graph attention over the symbols, and a dense layer on each.
public struct GraphAttentionSettings: CrossSectionSettings {
  public static let name = "graph-attention"

  enum CodingKeys: String, CodingKey, CaseIterable {
    case hidden, heads, scoring, dropout, edges, embedding, sequence
  }

  public var hidden: [Int]
  /// A divisor of every width.
  public var heads: Int
  public var scoring: GraphAttentionNetwork.Scoring
  /// In `0 ..< 1`.
  public var dropout: Double
  public var sight: SymbolSight

  public init(
    hidden: [Int] = [32, 32], heads: Int = 4, scoring: GraphAttentionNetwork.Scoring = .gat, dropout: Double = 0,
    sight: SymbolSight = SymbolSight()
  ) {
    self.hidden = hidden
    self.heads = heads
    self.scoring = scoring
    self.dropout = dropout
    self.sight = sight
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let defaults = GraphAttentionSettings()
    self.init(
      hidden: try container.decodeIfPresent([Int].self, forKey: .hidden) ?? defaults.hidden,
      heads: try container.decodeIfPresent(Int.self, forKey: .heads) ?? defaults.heads,
      scoring: try container.decodeWordIfPresent(GraphAttentionNetwork.Scoring.self, forKey: .scoring) ?? defaults.scoring,
      dropout: try container.decodeIfPresent(Double.self, forKey: .dropout) ?? defaults.dropout,
      sight: SymbolSight(
        edges: try container.decodeIfPresent(SymbolSight.Edges.self, forKey: .edges) ?? defaults.sight.edges,
        embedding: try container.decodeIfPresent(Int.self, forKey: .embedding) ?? defaults.sight.embedding,
        sequence: try container.decodeIfPresent(SymbolSequenceSettings.self, forKey: .sequence)?.sequence
          ?? defaults.sight.sequence))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(hidden, forKey: .hidden)
    try container.encode(heads, forKey: .heads)
    try container.encode(scoring, forKey: .scoring)
    try container.encode(dropout, forKey: .dropout)
    try container.encode(sight.edges, forKey: .edges)
    try container.encode(sight.embedding, forKey: .embedding)
    try container.encode(SymbolSequenceSettings(sight.sequence), forKey: .sequence)
  }

  public var words: String {
    "graph attention \(hidden.words), \(heads) heads, edges \(sight.edges.rawValue)\(dropout.dropoutWords)"
  }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.hidden).require(widths: hidden, "a width", atLeast: 1, atMost: 64, in: 1...8192)
    for width in hidden { try path.key(CodingKeys.heads).require(heads: heads, dividing: width) }
    try path.key(CodingKeys.dropout).requireProbability(dropout)
    try sight.validate(embedding: path.key(CodingKeys.embedding), sequence: path.key(CodingKeys.sequence))
  }

  public func graph(
    _ section: CrossSection, seed: UInt64, name: String?, input: String, mask: String, normalizer: Normalizer?,
    thresholds: DecisionThresholds?
  ) throws -> Graph {
    try GraphAttentionNetwork(section, hidden: hidden, heads: heads, scoring: scoring, dropout: dropout).graph(
      seed: seed, name: name ?? Self.name, input: input, mask: mask, normalizer: normalizer, thresholds: thresholds)
  }
}
