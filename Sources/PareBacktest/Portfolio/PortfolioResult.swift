/// What came of a portfolio's targets.
public struct PortfolioResult: Codable, Sendable, Hashable {
  /// Why trading ended before the candles did.
  public struct Halt: Codable, Sendable, Hashable {
    public enum Reason: String, Codable, Sendable, CaseIterable {
      case killSwitch = "kill-switch"
      /// The notional, or the equity when compounding, is lost.
      case capitalExhausted = "capital-exhausted"
    }

    public let reason: Reason
    /// Start of the candle at whose close it was seen, Unix milliseconds.
    public let time: Int64
  }

  public let metrics: BacktestMetrics
  /// Funding and borrowing paid, negative where more was received; part of the net return beside the costs.
  public let financing: Double
  /// Days on which the daily loss limit ended trading.
  public let limitedDays: Int
  public let halt: Halt?
  /// One per day of the calendar, flat days included.
  public let daily: [DailyReturn]
  /// After every step, thinned out to at most `Backtest.curvePoints` points, the last step among them.
  public let equity: EquityCurve
  /// In the order in which they ended.
  public let trades: [TradeRecord]

  private enum CodingKeys: String, CodingKey {
    case metrics, financing, limitedDays, halt, daily, equity, trades
  }

  /// Writes a halt that never came as null, so that every key is there.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(metrics, forKey: .metrics)
    try container.encode(financing, forKey: .financing)
    try container.encode(limitedDays, forKey: .limitedDays)
    try container.encode(halt, forKey: .halt)
    try container.encode(daily, forKey: .daily)
    try container.encode(equity, forKey: .equity)
    try container.encode(trades, forKey: .trades)
  }
}
