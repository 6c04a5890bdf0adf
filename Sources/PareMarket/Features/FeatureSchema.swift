/// Which features a model is fed, in which order, from candles of which length, and of how many of the newest.
///
/// The schema travels inside the artifact, and the engine is built from it, so a deployed model cannot be fed
/// differently from how it was trained. Its JSON is compact:
/// `{"version":1,"interval":"5","coarser":["15"],"features":["return(1)","body"]}`. What is not asked for (a window, denoising,
/// a largest move) has no key.
public struct FeatureSchema: Sendable, Hashable {
  /// The version of the formulas. A change in what any feature means raises it.
  public static let currentVersion = 1

  public let version: Int
  /// Length of the candles that are pushed.
  public let interval: CandleInterval
  /// Longer candles, built from the pushed ones, on which the same features (but the time of day) are computed again.
  public let coarser: [CandleInterval]
  public let features: [Feature]
  /// How many of the newest candles a row holds the features of; 1 for the newest alone.
  public let window: Int
  /// Takes noise out of every column but flags and the time of day: a number is then the newest value of the denoised window of
  /// that column's numbers that ends with its own candle. Nil for the numbers as they are.
  public let denoising: WaveletDenoising?
  /// The largest move from one close to the next that belongs to one history, as a fraction: a candle with
  /// `|close / close before − 1| > largestMove` begins a new one, exactly as after a gap. Nil for no such bound.
  ///
  /// It keeps splits and bonus issues of unadjusted prices out of the windows. The value is used as given and rounds nothing: where an
  /// exchange bounds a day by 10 % and rounds the bound to a tick, a limit day may lie a little beyond 0.1, half a tick over the
  /// close before; so write the exchange's limit and some slack, say 0.105.
  public let largestMove: Double?
  /// Number of columns: the features of one candle.
  public let width: Int

  /// - Parameters:
  ///   - interval: any but a month, whose length varies.
  ///   - coarser: each a whole multiple of `interval` that divides a UTC day: `[.fifteenMinutes, .oneHour]`.
  ///   - features: 1 to 1,000, each once.
  ///   - window: 1 to 10,000 candles.
  ///   - largestMove: positive and finite.
  /// - Throws: `market.schema-…`, naming the key; `market.feature-window`; `market.largest-move`.
  public init(
    interval: CandleInterval, coarser: [CandleInterval] = [], features: [Feature] = Feature.standard, window: Int = 1,
    denoising: WaveletDenoising? = nil, largestMove: Double? = nil
  ) throws(MarketError) {
    guard let length = interval.milliseconds else {
      throw MarketError(
        "schema-interval", subject: "features.interval", expected: "candles of a fixed length",
        found: "'\(interval.rawValue)'", category: .usage)
    }
    for longer in coarser {
      guard let milliseconds = longer.milliseconds, milliseconds > length, milliseconds % length == 0,
        86_400_000 % milliseconds == 0
      else {
        throw MarketError(
          "schema-coarser", subject: "features.coarser",
          expected: "multiples of interval \(interval.rawValue) that divide a day", found: "'\(longer.rawValue)'",
          category: .usage)
      }
    }
    guard Set(coarser).count == coarser.count, Set(features).count == features.count else {
      throw MarketError(
        "schema-duplicate", subject: "features", expected: "each feature and interval once", found: "a repetition",
        category: .usage)
    }
    guard (1...1_000).contains(features.count) else {
      throw MarketError(
        "schema-size", subject: "features", expected: "1 to 1000 features", found: "\(features.count)",
        category: .usage)
    }
    guard (1...10_000).contains(window) else {
      throw MarketError(
        "schema-window", subject: "features.window", expected: "1 to 10000 candles", found: "\(window)", category: .usage)
    }
    for feature in features { try feature.validate() }
    try LargestMove.validate(largestMove, subject: "features.largest-move")
    self.denoising = denoising
    self.largestMove = largestMove
    self.window = window
    version = Self.currentVersion
    self.interval = interval
    self.coarser = coarser
    self.features = features
    width = features.count + coarser.count * features.count { !$0.isClock }
  }

  /// Extents of one row: `[width]`, or `[window, width]`, the newest candle last.
  public var rowShape: [Int] { window == 1 ? [width] : [window, width] }

  /// Numbers in a row.
  public var rowLength: Int { window * width }

  /// A name for each number of a row: that of its column, and in a window how many candles ago: `return(1)@3`.
  public var rowNames: [String] {
    window == 1 ? columns : (0..<window).reversed().flatMap { ago in columns.map { "\($0)@\(ago)" } }
  }

  /// Length of a pushed candle, in milliseconds.
  public var intervalMilliseconds: Int64 {
    guard let length = interval.milliseconds else { preconditionFailure("refused by init") }
    return length
  }

  /// The features computed on each coarser candle: all but the time of day.
  var coarserFeatures: [Feature] { features.filter { !$0.isClock } }

  /// Names of the columns, in order: `return(1)`, …, then `60/return(1)` for the coarser candles.
  public var columns: [String] {
    features.map(\.description)
      + coarser.flatMap { longer in coarserFeatures.map { "\(longer.rawValue)/\($0)" } }
  }

  /// The places of the columns that `denoising` concerns.
  var denoisedColumns: [Int] {
    let all = features + coarser.flatMap { _ in coarserFeatures }
    return all.indices.filter { all[$0].isMeasurement }
  }

  /// Whether a candle begins a new history by how far its close lies from the one before.
  func beginsAnew(_ close: Double, after before: Double) -> Bool {
    LargestMove.isExceeded(largestMove, by: close, after: before)
  }

  /// Consecutive candles after which a row is complete, however the first one lies against the coarser grid.
  public var warmUp: Int {
    let own = features.map(\.candlesNeeded).max() ?? 1
    let needed = coarserFeatures.map(\.candlesNeeded).max() ?? 0
    let longest = coarser.compactMap { $0.milliseconds.map { Int($0 / intervalMilliseconds) } }.max() ?? 0
    return max(own, needed == 0 || longest == 0 ? 0 : needed * longest + longest - 1) + window - 1 + (denoising.map { $0.window - 1 } ?? 0)
  }
}

extension FeatureSchema: Codable {
  private enum CodingKeys: String, CodingKey {
    case version, interval, coarser, features, window, denoising
    case largestMove = "largest-move"
  }

  /// - Throws: `MarketError` for another version, an unknown feature or wavelet, or a schema that `init` refuses.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let version = try container.decode(Int.self, forKey: .version)
    guard version == Self.currentVersion else {
      throw MarketError(
        "schema-version", subject: "features.version", expected: "\(Self.currentVersion)", found: "\(version)")
    }
    try self.init(
      interval: container.decode(CandleInterval.self, forKey: .interval),
      coarser: container.decodeIfPresent([CandleInterval].self, forKey: .coarser) ?? [],
      features: container.decode([String].self, forKey: .features).map { try Feature(name: $0) },
      window: container.decodeIfPresent(Int.self, forKey: .window) ?? 1,
      denoising: container.decodeIfPresent(WaveletDenoising.self, forKey: .denoising),
      largestMove: container.decodeIfPresent(Double.self, forKey: .largestMove))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(version, forKey: .version)
    try container.encode(interval, forKey: .interval)
    if !coarser.isEmpty { try container.encode(coarser, forKey: .coarser) }
    try container.encode(features.map(\.description), forKey: .features)
    if window > 1 { try container.encode(window, forKey: .window) }
    try container.encodeIfPresent(denoising, forKey: .denoising)
    try container.encodeIfPresent(largestMove, forKey: .largestMove)
  }
}
