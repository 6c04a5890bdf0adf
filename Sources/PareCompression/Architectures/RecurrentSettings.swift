import PareGraph
import PareModels

/// Recurrent layers over the candles of a window, and a dense layer on the last state and, with attention, on a sum of all
/// states that the last one weighs.
public protocol RecurrentSettings: ArchitectureSettings {
  static var cell: RecurrentNetwork.Cell { get }
  var hidden: [Int] { get }
  var attention: Bool { get }

  init(hidden: [Int], attention: Bool)
}

private enum RecurrentKeys: String, CodingKey, CaseIterable {
  case hidden, attention
}

extension RecurrentSettings {
  public static var name: String { cell.rawValue }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: RecurrentKeys.self)
    self.init(
      hidden: try container.decode([Int].self, forKey: .hidden),
      attention: try container.decodeIfPresent(Bool.self, forKey: .attention) ?? false)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: RecurrentKeys.self)
    try container.encode(hidden, forKey: .hidden)
    try container.encode(attention, forKey: .attention)
  }

  public var words: String { "\(Self.cell.rawValue.uppercased()) \(hidden.words)\(attention ? ", attention" : "")" }

  public func validate(at path: ParameterPath) throws {
    try path.key(RecurrentKeys.hidden).require(widths: hidden, "a width", atLeast: 1, atMost: 64, in: 1...8192)
  }

  public func graph(
    rowShape: [Int], outputs: Int, seed: UInt64, name: String?, input: String, normalizer: Normalizer?,
    thresholds: DecisionThresholds?
  ) throws -> Graph {
    let (steps, inputs) = try window(rowShape)
    return try RecurrentNetwork(
      Self.cell, steps: steps, inputs: inputs, hidden: hidden, outputs: outputs, hasAttention: attention
    ).graph(seed: seed, name: name, input: input, normalizer: normalizer, thresholds: thresholds)
  }
}

/// Long short-term memory.
public struct LSTMSettings: RecurrentSettings {
  public static let cell = RecurrentNetwork.Cell.lstm
  public var hidden: [Int]
  public var attention: Bool

  public init(hidden: [Int], attention: Bool = false) {
    self.hidden = hidden
    self.attention = attention
  }
}

/// Gated recurrent units.
public struct GRUSettings: RecurrentSettings {
  public static let cell = RecurrentNetwork.Cell.gru
  public var hidden: [Int]
  public var attention: Bool

  public init(hidden: [Int], attention: Bool = false) {
    self.hidden = hidden
    self.attention = attention
  }
}

extension NetworkArchitecture {
  /// Recurrent layers over the candles of a window, and a dense layer on the last state and, with attention, on a sum of all
  /// states.
  public static func recurrent(_ cell: RecurrentNetwork.Cell, hidden: [Int], attention: Bool = false) -> NetworkArchitecture {
    switch cell {
    case .lstm: NetworkArchitecture(LSTMSettings(hidden: hidden, attention: attention))
    case .gru: NetworkArchitecture(GRUSettings(hidden: hidden, attention: attention))
    }
  }
}
