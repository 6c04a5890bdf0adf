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
    /// Three classes, by the barrier that the price touches first: buy (2) the one `profit` above the first open,
    /// sell (0) the one `loss` below it, hold (1) neither within the horizon, which is the maximum holding.
    ///
    /// A row has no label where one candle reaches both barriers from within, for candles do not say which came first,
    /// nor where the unit is the volatility and that is zero or not known.
    ///
    /// - Source: López de Prado 2018, Advances in Financial Machine Learning, ch. 3.
    case tripleBarrier(profit: Double, loss: Double, unit: BarrierUnit)
    /// Three classes, by rank among the symbols of a decision time: buy (2) the top `share` of the forward returns, sell (0)
    /// the bottom one, hold (1) between. Only a dataset of several symbols knows them; a row has none where it is alone.
    case crossSectionRank(share: Double)
  }

  public let kind: Kind
  /// Candles between the opens at which the return begins and ends (at the latest, where barriers end it), 1 to 10,000.
  public let horizon: Int
  /// The largest move from one close to the next within a label, as a fraction; nil for no bound.
  ///
  /// A candle whose close lies further from the close before, `|close / close before − 1| > largestMove`, begins a new history,
  /// exactly as after a gap: a decision at candle `t` has no outcome where one of the candles `t + 1 … t + 1 + h` is such a one. The value
  /// is used as given; see `FeatureSchema.largestMove` on exchanges' limits.
  public let largestMove: Double?

  /// - Throws: `market.label-horizon`; `market.largest-move` (positive and finite); `market.label-threshold` (finite, not
  ///   negative); `market.label-barrier` (both positive and finite, 2 to 10,000 returns of volatility); `market.label-share`
  ///   (above 0, at most a half).
  public init(_ kind: Kind, horizon: Int, largestMove: Double? = nil) throws(MarketError) {
    guard (1...10_000).contains(horizon) else {
      throw MarketError(
        "label-horizon", subject: "label.horizon", expected: "1 to 10000 candles", found: "\(horizon)",
        category: .usage)
    }
    switch kind {
    case .direction, .forwardReturn: break
    case .buyHoldSell(let threshold):
      guard threshold >= 0, threshold.isFinite else {
        throw MarketError(
          "label-threshold", subject: "label.threshold-bp", expected: "0 or more basis points", found: "\(threshold)",
          category: .usage)
      }
    case .tripleBarrier(let profit, let loss, let unit):
      try unit.validate(profit: profit, loss: loss)
    case .crossSectionRank(let share):
      guard share > 0, share <= 0.5 else {
        throw MarketError(
          "label-share", subject: "label.share", expected: "a share above 0, at most 0.5", found: "\(share)", category: .usage)
      }
    }
    try LargestMove.validate(largestMove, subject: "label.largest-move")
    self.kind = kind
    self.horizon = horizon
    self.largestMove = largestMove
  }

  /// Names of the classes by index; empty for the forward return.
  public var classNames: [String] {
    switch kind {
    case .direction: ["down", "up"]
    case .buyHoldSell, .tripleBarrier, .crossSectionRank: ["sell", "hold", "buy"]
    case .forwardReturn: []
    }
  }

  /// The forward return, as a fraction, beyond which it is a buy or, below its negative, a sell; 0 where there is no hold
  /// or where no one return decides (`tripleBarrier`, `crossSectionRank`).
  public var returnThreshold: Double {
    if case .buyHoldSell(let threshold) = kind { threshold / 10_000 } else { 0 }
  }

  /// The class of a forward return; nil where it has none, for `tripleBarrier`, whose classes are of paths
  /// (`outcomes(of:)`), and for `crossSectionRank`, whose classes are of several symbols (`MarketDataset`).
  public func classIndex(of forwardReturn: Double) -> Int32? {
    switch kind {
    case .direction:
      return forwardReturn == 0 ? nil : forwardReturn > 0 ? 1 : 0
    case .buyHoldSell(let threshold):
      let basisPoints = forwardReturn * 10_000
      return basisPoints > threshold ? 2 : basisPoints < -threshold ? 0 : 1
    case .forwardReturn, .tripleBarrier, .crossSectionRank: return nil
    }
  }
}
