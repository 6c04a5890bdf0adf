import PareGraph
import PareModels

/// Whom a symbol of a panel sees.
public enum PanelEdges: String, RecipeWord {
  /// All, alike.
  case complete
  /// Those that share a group with it, weighted by how many groups they share.
  case groups

  fileprivate func adjacency(_ groups: SymbolMemberships?, subject: String) throws -> SymbolAdjacency? {
    guard self == .groups else { return nil }
    guard let groups else {
      throw GraphError("architecture", subject: "\(subject): edges", expected: "groups of the panel's symbols", found: "none", category: .usage)
    }
    return groups.adjacency
  }
}

/// Layers of graph attention over the symbols of each day, with a GRU along the days of each symbol in front where there is a memory.
public struct PanelGraphAttentionSettings: PanelSettings {
  public static let name = "graph-attention"

  private enum CodingKeys: String, CodingKey, CaseIterable { case hidden, heads, edges, memory }

  public var hidden: [Int]
  /// A divisor of every width.
  public var heads: Int
  public var edges: PanelEdges
  /// Units of the GRU; nil for none.
  public var memory: Int?

  public init(hidden: [Int] = [32], heads: Int = 4, edges: PanelEdges = .groups, memory: Int? = nil) {
    (self.hidden, self.heads, self.edges, self.memory) = (hidden, heads, edges, memory)
  }

  public init(from decoder: any Decoder) throws {
    let (container, defaults) = (try decoder.strictContainer(keyedBy: CodingKeys.self), PanelGraphAttentionSettings())
    self.init(
      hidden: try container.decodeIfPresent([Int].self, forKey: .hidden) ?? defaults.hidden,
      heads: try container.decodeIfPresent(Int.self, forKey: .heads) ?? defaults.heads,
      edges: try container.decodeIfPresent(PanelEdges.self, forKey: .edges) ?? defaults.edges,
      memory: try container.decodeIfPresent(Int.self, forKey: .memory))
  }

  public var words: String {
    "graph attention \(hidden.words), \(heads) heads, edges \(edges.rawValue)\(memory.map { ", behind a GRU of \($0)" } ?? "")"
  }

  public var takesGroups: Bool { edges == .groups }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.hidden).require(widths: hidden, "a width", atLeast: 1, atMost: 64, in: 1...8192)
    for width in hidden { try path.key(CodingKeys.heads).require(heads: heads, dividing: width) }
    if let memory { try path.key(CodingKeys.memory).require(memory, in: 1...8192) }
  }

  public func network(_ shape: PanelShape, groups: SymbolMemberships?) throws -> any PanelNetwork {
    PanelGraphNetwork(
      shape, .attention(hidden: hidden), heads: heads, edges: try edges.adjacency(groups, subject: Self.name), memory: memory)
  }
}

/// Blocks of full attention over the symbols of each day, shared groups a bias on its scores.
public struct PanelGraphTransformerSettings: PanelSettings {
  public static let name = "graph-transformer"

  private enum CodingKeys: String, CodingKey, CaseIterable { case layers, heads, width, edges }

  public var layers: Int
  /// A divisor of the width.
  public var heads: Int
  public var width: Int
  public var edges: PanelEdges

  public init(layers: Int = 1, heads: Int = 4, width: Int = 32, edges: PanelEdges = .complete) {
    (self.layers, self.heads, self.width, self.edges) = (layers, heads, width, edges)
  }

  public init(from decoder: any Decoder) throws {
    let (container, defaults) = (try decoder.strictContainer(keyedBy: CodingKeys.self), PanelGraphTransformerSettings())
    self.init(
      layers: try container.decodeIfPresent(Int.self, forKey: .layers) ?? defaults.layers,
      heads: try container.decodeIfPresent(Int.self, forKey: .heads) ?? defaults.heads,
      width: try container.decodeIfPresent(Int.self, forKey: .width) ?? defaults.width,
      edges: try container.decodeIfPresent(PanelEdges.self, forKey: .edges) ?? defaults.edges)
  }

  public var words: String { "graph transformer \(layers) × \(width), \(heads) heads, edges \(edges.rawValue)" }
  public var takesGroups: Bool { edges == .groups }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.layers).require(layers, in: 1...64)
    try path.key(CodingKeys.width).require(width, in: 1...8192)
    try path.key(CodingKeys.heads).require(heads: heads, dividing: width)
  }

  public func network(_ shape: PanelShape, groups: SymbolMemberships?) throws -> any PanelNetwork {
    PanelGraphNetwork(
      shape, .transformer(layers: layers, width: width), heads: heads, edges: try edges.adjacency(groups, subject: Self.name))
  }
}
