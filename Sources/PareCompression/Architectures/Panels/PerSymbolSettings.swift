import PareModels

/// A weight for each feature of a symbol.
public struct PanelLinearSettings: PanelSettings {
  public static let name = "linear"

  private enum CodingKeys: String, CodingKey, CaseIterable { case none }

  public init() {}

  public init(from decoder: any Decoder) throws { _ = try decoder.strictContainer(keyedBy: CodingKeys.self) }

  public func encode(to encoder: any Encoder) throws { _ = encoder.container(keyedBy: CodingKeys.self) }

  public var words: String { "linear" }
  public func validate(at path: ParameterPath) throws {}
  public func network(_ shape: PanelShape, groups: SymbolMemberships?) -> any PanelNetwork { PanelPerceptron(shape) }
}

/// Dense layers on each symbol's row of each day.
public struct PanelPerceptronSettings: PanelSettings {
  public static let name = "mlp"

  private enum CodingKeys: String, CodingKey, CaseIterable { case hidden, dropout }

  public var hidden: [Int]
  public var dropout: Double

  public init(hidden: [Int], dropout: Double = 0) {
    (self.hidden, self.dropout) = (hidden, dropout)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    self.init(
      hidden: try container.decode([Int].self, forKey: .hidden), dropout: try container.decodeIfPresent(Double.self, forKey: .dropout) ?? 0)
  }

  public var words: String { "MLP \(hidden.words)\(dropout.dropoutWords)" }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.hidden).require(widths: hidden, "a width", atLeast: 1, atMost: 64)
    try path.key(CodingKeys.dropout).requireProbability(dropout)
  }

  public func network(_ shape: PanelShape, groups: SymbolMemberships?) -> any PanelNetwork {
    PanelPerceptron(shape, hidden: hidden, dropout: dropout)
  }
}

/// Recurrent layers along the days of each symbol.
public protocol PanelRecurrentSettings: PanelSettings {
  static var cell: RecurrentNetwork.Cell { get }
  var hidden: [Int] { get }
  init(hidden: [Int])
}

private enum PanelRecurrentKeys: String, CodingKey, CaseIterable { case hidden }

extension PanelRecurrentSettings {
  public static var name: String { cell.rawValue }

  public init(from decoder: any Decoder) throws {
    self.init(hidden: try decoder.strictContainer(keyedBy: PanelRecurrentKeys.self).decode([Int].self, forKey: .hidden))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: PanelRecurrentKeys.self)
    try container.encode(hidden, forKey: .hidden)
  }

  public var words: String { "\(Self.cell.rawValue.uppercased()) \(hidden.words)" }

  public func validate(at path: ParameterPath) throws {
    try path.key(PanelRecurrentKeys.hidden).require(widths: hidden, "a width", atLeast: 1, atMost: 64, in: 1...8192)
  }

  public func network(_ shape: PanelShape, groups: SymbolMemberships?) -> any PanelNetwork {
    PanelRecurrentNetwork(shape, Self.cell, hidden: hidden)
  }
}

/// Long short-term memory along the days of each symbol.
public struct PanelLSTMSettings: PanelRecurrentSettings {
  public static let cell = RecurrentNetwork.Cell.lstm
  public var hidden: [Int]
  public init(hidden: [Int]) { self.hidden = hidden }
}

/// Gated recurrent units along the days of each symbol.
public struct PanelGRUSettings: PanelRecurrentSettings {
  public static let cell = RecurrentNetwork.Cell.gru
  public var hidden: [Int]
  public init(hidden: [Int]) { self.hidden = hidden }
}

/// Blocks of attention along the days of each symbol.
public struct PanelTransformerSettings: PanelSettings {
  public static let name = "transformer"

  private enum CodingKeys: String, CodingKey, CaseIterable { case layers, heads, width, dropout }

  public var layers: Int
  /// A divisor of the width.
  public var heads: Int
  public var width: Int
  public var dropout: Double

  public init(layers: Int = 2, heads: Int = 4, width: Int = 32, dropout: Double = 0) {
    (self.layers, self.heads, self.width, self.dropout) = (layers, heads, width, dropout)
  }

  public init(from decoder: any Decoder) throws {
    let (container, defaults) = (try decoder.strictContainer(keyedBy: CodingKeys.self), PanelTransformerSettings())
    self.init(
      layers: try container.decodeIfPresent(Int.self, forKey: .layers) ?? defaults.layers,
      heads: try container.decodeIfPresent(Int.self, forKey: .heads) ?? defaults.heads,
      width: try container.decodeIfPresent(Int.self, forKey: .width) ?? defaults.width,
      dropout: try container.decodeIfPresent(Double.self, forKey: .dropout) ?? defaults.dropout)
  }

  public var words: String { "transformer \(layers) × \(width), \(heads) heads\(dropout.dropoutWords)" }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.layers).require(layers, in: 1...64)
    try path.key(CodingKeys.width).require(width, in: 1...8192)
    try path.key(CodingKeys.heads).require(heads: heads, dividing: width)
    try path.key(CodingKeys.dropout).requireProbability(dropout)
  }

  public func network(_ shape: PanelShape, groups: SymbolMemberships?) -> any PanelNetwork {
    PanelTransformer(shape, layers: layers, heads: heads, width: width, dropout: dropout)
  }
}
