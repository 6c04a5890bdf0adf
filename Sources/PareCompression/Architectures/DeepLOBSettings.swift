import PareGraph
import PareModels

/// Convolutions over snapshots of an order book, an inception module, an LSTM and a dense layer. Rows are
/// `[snapshots, 4 · levels]`, a level being ask price, ask quantity, bid price, bid quantity.
public struct DeepLOBSettings: ArchitectureSettings {
  public static let name = "deeplob"

  enum CodingKeys: String, CodingKey, CaseIterable {
    case channels, hidden
  }

  /// Filters of each convolution.
  public var channels: Int
  /// Units of the LSTM.
  public var hidden: Int

  public init(channels: Int = 8, hidden: Int = 32) {
    self.channels = channels
    self.hidden = hidden
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    self.init(
      channels: try container.decodeIfPresent(Int.self, forKey: .channels) ?? 8,
      hidden: try container.decodeIfPresent(Int.self, forKey: .hidden) ?? 32)
  }

  public var words: String { "DeepLOB of \(channels) channels, \(hidden) units" }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.channels).require(channels, in: 1...1024)
    try path.key(CodingKeys.hidden).require(hidden, in: 1...8192)
  }

  public func graph(
    rowShape: [Int], outputs: Int, seed: UInt64, name: String?, input: String, normalizer: Normalizer?,
    thresholds: DecisionThresholds?
  ) throws -> Graph {
    guard rowShape.count == 2, rowShape[1].isMultiple(of: 4) else {
      throw GraphError(
        "architecture", subject: words, expected: "rows of [snapshots, 4 · levels]", found: "rows of \(rowShape)",
        category: .usage)
    }
    return try DeepLOB(
      snapshots: rowShape[0], levels: rowShape[1] / 4, channels: channels, hidden: hidden, outputs: outputs
    ).graph(seed: seed, name: name ?? "deeplob", input: input, normalizer: normalizer, thresholds: thresholds)
  }
}

extension NetworkArchitecture {
  /// Convolutions over snapshots of an order book, an inception module, an LSTM and a dense layer.
  public static func deepLOB(channels: Int = 8, hidden: Int = 32) -> NetworkArchitecture {
    NetworkArchitecture(DeepLOBSettings(channels: channels, hidden: hidden))
  }
}
