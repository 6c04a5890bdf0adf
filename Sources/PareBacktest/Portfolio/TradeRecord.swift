/// A stretch of one side in one instrument, from its first fill to its last.
public struct TradeRecord: Codable, Sendable, Hashable {
  /// What closed a position.
  public enum Exit: String, Codable, Sendable, CaseIterable {
    /// The next decision, or limits that left nothing of it.
    case decision
    case stop
    case takeProfit = "take-profit"
    case maximumHolding = "maximum-holding"
    case dailyLoss = "daily-loss"
    case killSwitch = "kill-switch"
    /// The instrument's candles end before the others'.
    case delisted
    /// The candles end.
    case end
  }

  /// Index of the instrument.
  public let instrument: Int
  /// −1 or 1.
  public let side: Int8
  /// Start of the candle of the first fill and of the last, Unix milliseconds. A stop fills within its candle.
  public let entered: Int64
  public let left: Int64
  /// Mean price of the fills that made the position, and the price of the last one. After corporate actions both are in
  /// the shares of the last fill, dividends since the first taken off.
  public let entryPrice: Double
  public let exitPrice: Double
  /// After costs and financing, as a share of the notional (of the equity when compounding).
  public let netReturn: Double
  public let exit: Exit
}
