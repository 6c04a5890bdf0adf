import PareGraph
import PareModels

/// Dilated causal convolutions over the candles of a window in residual blocks, and a dense layer on the newest step.
public struct TemporalConvolutionalSettings: ArchitectureSettings {
  public static let name = "tcn"

  enum CodingKeys: String, CodingKey, CaseIterable {
    case channels, kernel, dropout
  }

  /// Filters of each block.
  public var channels: [Int]
  public var kernel: Int
  /// In `0 ..< 1`.
  public var dropout: Double

  public init(channels: [Int], kernel: Int = 3, dropout: Double = 0) {
    self.channels = channels
    self.kernel = kernel
    self.dropout = dropout
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    self.init(
      channels: try container.decode([Int].self, forKey: .channels),
      kernel: try container.decodeIfPresent(Int.self, forKey: .kernel) ?? 3,
      dropout: try container.decodeIfPresent(Double.self, forKey: .dropout) ?? 0)
  }

  public var words: String { "TCN \(channels.words), kernel \(kernel)\(dropout.dropoutWords)" }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.channels).require(widths: channels, "a number", atLeast: 1, atMost: 16, in: 1...8192)
    try path.key(CodingKeys.kernel).require(kernel, in: 1...64)
    try path.key(CodingKeys.dropout).requireProbability(dropout)
  }

  public func graph(
    rowShape: [Int], outputs: Int, seed: UInt64, name: String?, input: String, normalizer: Normalizer?,
    thresholds: DecisionThresholds?
  ) throws -> Graph {
    let (steps, inputs) = try window(rowShape)
    return try TemporalConvolutionalNetwork(
      steps: steps, inputs: inputs, channels: channels, kernel: kernel, dropout: dropout, outputs: outputs
    ).graph(seed: seed, name: name ?? "tcn", input: input, normalizer: normalizer, thresholds: thresholds)
  }
}

extension NetworkArchitecture {
  /// Dilated causal convolutions over the candles of a window in residual blocks, and a dense layer on the newest step.
  public static func tcn(channels: [Int], kernel: Int = 3, dropout: Double = 0) -> NetworkArchitecture {
    NetworkArchitecture(TemporalConvolutionalSettings(channels: channels, kernel: kernel, dropout: dropout))
  }
}
