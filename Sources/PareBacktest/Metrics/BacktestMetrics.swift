/// What a series of positions earned and what it cost. Returns are fractions of the notional (of the initial equity
/// when compounding). `docs/backtest.md` has the formulas.
public struct BacktestMetrics: Codable, Sendable, Hashable {
  /// Steps from one open to the next that were held.
  public let steps: Int
  /// Days of the calendar from the first step to the last.
  public let days: Int
  /// Before costs.
  public let grossReturn: Double
  /// After costs.
  public let netReturn: Double
  /// Total costs.
  public let costs: Double
  /// Notional traded, one way: Σ|Δposition|, the opening from flat and the closing to flat included.
  public let tradedNotional: Double
  /// The cost a side, in basis points, at which the net return (returns added) is zero; nil where nothing was traded.
  public let breakEvenBasisPoints: Double?
  /// Of daily net returns, annualized; nil with fewer than 20 days or without variance.
  public let sharpe: Double?
  /// As `sharpe`, by downside deviation.
  public let sortino: Double?
  /// Greatest fall of net equity from its peak: a share of the notional, or of the peak when compounding.
  public let maxDrawdown: Double
  /// Traded notional per day.
  public let turnover: Double
  /// Stretches of one unchanged, non-zero position.
  public let trades: Int
  /// Share of the trades with a positive net return; nil without trades.
  public let hitRate: Double?

  private enum CodingKeys: String, CodingKey {
    case steps, days, costs, sharpe, sortino, turnover, trades
    case grossReturn = "gross_return"
    case netReturn = "net_return"
    case tradedNotional = "traded_notional"
    case breakEvenBasisPoints = "break_even_bp"
    case maxDrawdown = "max_drawdown"
    case hitRate = "hit_rate"
  }

  init(_ account: Account, _ execution: Execution) {
    let daily = account.daily.map(\.net)
    let days = execution.calendar.daysPerYear
    steps = account.steps
    self.days = daily.count
    grossReturn = account.grossEquity - account.initialEquity
    netReturn = account.netEquity - account.initialEquity
    costs = account.costs
    tradedNotional = account.tradedNotional
    breakEvenBasisPoints = account.tradedNotional > 0 ? account.addedGross / account.tradedNotional * 10_000 : nil
    sharpe = RiskRatios.sharpe(daily: daily, daysPerYear: days)
    sortino = RiskRatios.sortino(daily: daily, daysPerYear: days)
    maxDrawdown = account.maxDrawdown
    turnover = account.tradedNotional / Double(daily.count)
    trades = account.trades
    hitRate = account.trades > 0 ? Double(account.winningTrades) / Double(account.trades) : nil
  }

  /// Writes a figure that does not exist as null, so that every key is there.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(steps, forKey: .steps)
    try container.encode(days, forKey: .days)
    try container.encode(grossReturn, forKey: .grossReturn)
    try container.encode(netReturn, forKey: .netReturn)
    try container.encode(costs, forKey: .costs)
    try container.encode(tradedNotional, forKey: .tradedNotional)
    try container.encode(breakEvenBasisPoints, forKey: .breakEvenBasisPoints)
    try container.encode(sharpe, forKey: .sharpe)
    try container.encode(sortino, forKey: .sortino)
    try container.encode(maxDrawdown, forKey: .maxDrawdown)
    try container.encode(turnover, forKey: .turnover)
    try container.encode(trades, forKey: .trades)
    try container.encode(hitRate, forKey: .hitRate)
  }
}
