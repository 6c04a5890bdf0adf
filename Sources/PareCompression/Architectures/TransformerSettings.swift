import PareGraph
import PareModels

/// Blocks of attention over the candles of a window, and a dense layer on the newest row or the mean of all.
public struct TransformerSettings: ArchitectureSettings {
  public static let name = "transformer"

  enum CodingKeys: String, CodingKey, CaseIterable {
    case layers, heads, width, positions, pooling, dropout
    case feedForward = "feed-forward"
  }

  public var layers: Int
  /// A divisor of the width.
  public var heads: Int
  public var width: Int
  public var feedForward: Int
  public var positions: TransformerEncoder.Positions
  public var pooling: TransformerEncoder.Pooling
  /// In `0 ..< 1`.
  public var dropout: Double

  /// - Parameter feedForward: four times the width where nil.
  public init(
    layers: Int = 2, heads: Int = 4, width: Int = 64, feedForward: Int? = nil,
    positions: TransformerEncoder.Positions = .sinusoidal, pooling: TransformerEncoder.Pooling = .last, dropout: Double = 0
  ) {
    self.layers = layers
    self.heads = heads
    self.width = width
    self.feedForward = feedForward ?? width.fourfold
    self.positions = positions
    self.pooling = pooling
    self.dropout = dropout
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    self.init(
      layers: try container.decodeIfPresent(Int.self, forKey: .layers) ?? 2,
      heads: try container.decodeIfPresent(Int.self, forKey: .heads) ?? 4,
      width: try container.decodeIfPresent(Int.self, forKey: .width) ?? 64,
      feedForward: try container.decodeIfPresent(Int.self, forKey: .feedForward),
      positions: try container.decodeWordIfPresent(TransformerEncoder.Positions.self, forKey: .positions) ?? .sinusoidal,
      pooling: try container.decodeWordIfPresent(TransformerEncoder.Pooling.self, forKey: .pooling) ?? .last,
      dropout: try container.decodeIfPresent(Double.self, forKey: .dropout) ?? 0)
  }

  public var words: String { "transformer \(layers) × \(width), \(heads) heads\(dropout.dropoutWords)" }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.layers).require(layers, in: 1...64)
    try path.key(CodingKeys.width).require(width, in: 1...8192)
    try path.key(CodingKeys.heads).require(heads: heads, dividing: width)
    try path.key(CodingKeys.feedForward).require(feedForward, in: 1...65_536)
    try path.key(CodingKeys.dropout).requireProbability(dropout)
  }

  public func graph(
    rowShape: [Int], outputs: Int, seed: UInt64, name: String?, input: String, normalizer: Normalizer?,
    thresholds: DecisionThresholds?
  ) throws -> Graph {
    let (steps, inputs) = try window(rowShape)
    return try TransformerEncoder(
      steps: steps, inputs: inputs, layers: layers, heads: heads, width: width, feedForward: feedForward,
      positions: positions, pooling: pooling, dropout: dropout, outputs: outputs
    ).graph(seed: seed, name: name ?? "transformer", input: input, normalizer: normalizer, thresholds: thresholds)
  }
}

extension NetworkArchitecture {
  /// Blocks of attention over the candles of a window, and a dense layer on the newest row or the mean of all.
  ///
  /// - Parameter feedForward: four times the width where nil.
  public static func transformer(
    layers: Int = 2, heads: Int = 4, width: Int = 64, feedForward: Int? = nil,
    positions: TransformerEncoder.Positions = .sinusoidal, pooling: TransformerEncoder.Pooling = .last, dropout: Double = 0
  ) -> NetworkArchitecture {
    NetworkArchitecture(
      TransformerSettings(
        layers: layers, heads: heads, width: width, feedForward: feedForward, positions: positions, pooling: pooling,
        dropout: dropout))
  }
}
