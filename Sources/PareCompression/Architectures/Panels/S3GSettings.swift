import PareModels

/// The Stock State Space Graph; see `StockStateSpaceGraph`.
public struct S3GSettings: PanelSettings {
  public static let name = "s3g"

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case width, rank, states, memory, graph, identity, groups, compact, dropout
    case stateSpace = "state-space"
  }

  public var width: Int
  public var rank: Int
  public var states: Int
  /// Channels by which a symbol remembers its own days.
  public var memory: Int
  /// Whether symbols hear each other.
  public var graph: Bool
  /// Whether factors are carried along time.
  public var stateSpace: Bool
  /// Numbers of a trained vector of each symbol; nil for none.
  public var identity: Int?
  /// Whether symbols also hear those that share a group with them.
  public var groups: Bool
  /// Whether messages between symbols, and from their own days, are numbers that the score adds up; see `StockStateSpaceGraph`. Not with
  /// groups.
  public var compact: Bool
  /// In `0 ..< 1`.
  public var dropout: Double

  public init(
    width: Int = 32, rank: Int = 8, states: Int = 4, memory: Int = 16, graph: Bool = true, stateSpace: Bool = true, identity: Int? = nil,
    groups: Bool = false, compact: Bool = false, dropout: Double = 0
  ) {
    (self.width, self.rank, self.states, self.memory) = (width, rank, states, memory)
    (self.graph, self.stateSpace) = (graph, stateSpace)
    (self.identity, self.groups, self.compact, self.dropout) = (identity, groups, compact, dropout)
  }

  public init(from decoder: any Decoder) throws {
    let (container, defaults) = (try decoder.strictContainer(keyedBy: CodingKeys.self), S3GSettings())
    self.init(
      width: try container.decodeIfPresent(Int.self, forKey: .width) ?? defaults.width,
      rank: try container.decodeIfPresent(Int.self, forKey: .rank) ?? defaults.rank,
      states: try container.decodeIfPresent(Int.self, forKey: .states) ?? defaults.states,
      memory: try container.decodeIfPresent(Int.self, forKey: .memory) ?? defaults.memory,
      graph: try container.decodeIfPresent(Bool.self, forKey: .graph) ?? defaults.graph,
      stateSpace: try container.decodeIfPresent(Bool.self, forKey: .stateSpace) ?? defaults.stateSpace,
      identity: try container.decodeIfPresent(Int.self, forKey: .identity),
      groups: try container.decodeIfPresent(Bool.self, forKey: .groups) ?? defaults.groups,
      compact: try container.decodeIfPresent(Bool.self, forKey: .compact) ?? defaults.compact,
      dropout: try container.decodeIfPresent(Double.self, forKey: .dropout) ?? defaults.dropout)
  }

  public var words: String {
    let parts = [
      graph ? "rank \(rank)" : "no graph", stateSpace ? "\(states) states" : "no state space", stateSpace && memory > 0 ? "memory \(memory)" : nil,
      identity.map { "identity \($0)" }, groups ? "groups" : nil,
      compact ? "compact" : nil,
    ].compactMap { $0 }
    return "S3G \(width), \(parts.joined(separator: ", "))\(dropout.dropoutWords)"
  }

  public var takesGroups: Bool { groups }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.width).require(width, in: 1...8192)
    try path.key(CodingKeys.rank).require(rank, in: 1...1024)
    try path.key(CodingKeys.states).require(states, in: 1...256)
    try path.key(CodingKeys.memory).require(memory, in: 0...8192)
    if let identity { try path.key(CodingKeys.identity).require(identity, in: 1...1024) }
    try path.key(CodingKeys.compact).require(!(compact && groups), expected: "false with groups", found: "true")
    try path.key(CodingKeys.dropout).requireProbability(dropout)
  }

  /// Symbols stay any number where none is known by a vector or a group.
  public func network(_ shape: PanelShape, groups: SymbolMemberships?) throws -> any PanelNetwork {
    var shape = shape
    shape.steps = nil
    if identity == nil, !self.groups { shape.symbols = nil }
    return StockStateSpaceGraph(
      shape, width: width, rank: rank, states: states, memory: memory, hasGraph: graph, hasStateSpace: stateSpace, identity: identity,
      groups: self.groups ? groups : nil, isCompact: compact, dropout: dropout)
  }
}
