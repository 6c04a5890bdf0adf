/// What a model is asked to foretell.
///
/// A decision is made when candle `t` closes and can first be filled at the open of candle `t + 1`. The forward
/// return over a horizon `h` therefore runs from that open to the open `h` candles later:
/// `open[t + 1 + h] / open[t + 1] − 1`.
public struct LabelDefinition: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    /// Two classes: down (0) and up (1). A row whose return is exactly zero has no label.
    case direction
    /// Three classes: sell (0), hold (1), buy (2). Buy and sell lie strictly beyond the threshold; zero is hold.
    case buyHoldSell(thresholdBasisPoints: Double)
    /// The forward return itself; no classes.
    case forwardReturn
  }

  public let kind: Kind
  /// Candles between the opens at which the return begins and ends, 1 to 10,000.
  public let horizon: Int

  /// - Throws: `market.label-horizon`, `market.label-threshold` (finite, not negative).
  public init(_ kind: Kind, horizon: Int) throws(MarketError) {
    guard (1...10_000).contains(horizon) else {
      throw MarketError(
        "label-horizon", subject: "label.horizon", expected: "1 to 10000 candles", found: "\(horizon)",
        category: .usage)
    }
    if case .buyHoldSell(let threshold) = kind {
      guard threshold >= 0, threshold.isFinite else {
        throw MarketError(
          "label-threshold", subject: "label.threshold-bp", expected: "0 or more basis points", found: "\(threshold)",
          category: .usage)
      }
    }
    self.kind = kind
    self.horizon = horizon
  }

  /// Names of the classes by index; empty for the forward return.
  public var classNames: [String] {
    switch kind {
    case .direction: ["down", "up"]
    case .buyHoldSell: ["sell", "hold", "buy"]
    case .forwardReturn: []
    }
  }

  /// The forward return, as a fraction, beyond which it is a buy or, below its negative, a sell; 0 where there is no hold.
  public var returnThreshold: Double {
    if case .buyHoldSell(let threshold) = kind { threshold / 10_000 } else { 0 }
  }

  /// The class of a forward return; nil where it has none.
  public func classIndex(of forwardReturn: Double) -> Int32? {
    switch kind {
    case .direction:
      return forwardReturn == 0 ? nil : forwardReturn > 0 ? 1 : 0
    case .buyHoldSell(let threshold):
      let basisPoints = forwardReturn * 10_000
      return basisPoints > threshold ? 2 : basisPoints < -threshold ? 0 : 1
    case .forwardReturn: return nil
    }
  }

  /// The forward return of a decision at the close of each candle.
  ///
  /// - Returns: one per candle; nil where the horizon reaches beyond the last candle, or where a candle is missing
  ///   anywhere from the decision to the open that ends it. All nil for monthly candles, whose length varies.
  public func forwardReturns(of series: CandleSeries) -> [Double?] {
    let candles = series.candles
    var result = [Double?](repeating: nil, count: candles.count)
    guard let interval = series.key.interval.milliseconds else { return result }
    var runStart = 0
    for end in candles.indices.dropFirst() {
      if candles[end].start &- candles[end - 1].start != interval { runStart = end }
      let decision = end - horizon - 1
      if decision >= runStart { result[decision] = candles[end].open / candles[decision + 1].open - 1 }
    }
    return result
  }
}

extension LabelDefinition: Codable {
  private enum CodingKeys: String, CodingKey {
    case kind, horizon
    case threshold = "threshold-bp"
  }

  /// - Throws: `MarketError` for an unknown kind or values that `init` refuses.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let name = try container.decode(String.self, forKey: .kind)
    let kind: Kind
    switch name {
    case "direction": kind = .direction
    case "buy-hold-sell":
      kind = .buyHoldSell(thresholdBasisPoints: try container.decode(Double.self, forKey: .threshold))
    case "forward-return": kind = .forwardReturn
    default:
      throw MarketError(
        "label-kind", subject: "label.kind", expected: "direction, buy-hold-sell or forward-return", found: "'\(name)'")
    }
    try self.init(kind, horizon: container.decode(Int.self, forKey: .horizon))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch kind {
    case .direction: try container.encode("direction", forKey: .kind)
    case .buyHoldSell(let threshold):
      try container.encode("buy-hold-sell", forKey: .kind)
      try container.encode(threshold, forKey: .threshold)
    case .forwardReturn: try container.encode("forward-return", forKey: .kind)
    }
    try container.encode(horizon, forKey: .horizon)
  }
}
