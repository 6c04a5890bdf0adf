/// What came of one series of positions.
public struct BacktestResult: Codable, Sendable, Hashable {
  /// Filled at the open after the decision.
  public let metrics: BacktestMetrics
  /// The same decisions filled one candle later still.
  public let fillOneLater: BacktestMetrics
  /// One per day of the calendar, flat days included; what Sharpe is computed from.
  public let daily: [DailyReturn]
  /// After every step, thinned out to at most `Backtest.curvePoints` points, the last step among them.
  public let equity: EquityCurve
}
