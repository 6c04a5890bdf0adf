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
  /// Share of the gross return that costs took; nil where there was none to take from.
  public let costShare: Double?
  /// Notional traded, one way: Σ|Δposition|, the opening from flat and the closing to flat included.
  public let tradedNotional: Double
  /// The cost a side, in basis points, at which the net return (returns added) is zero; nil where nothing was traded.
  public let breakEvenBasisPoints: Double?
  /// Yearly growth that compounds to the net return (CAGR); nil with fewer than 20 days or where nothing is left.
  public let annualGrowth: Double?
  /// Deviation of daily net returns, annualized; nil with fewer than 20 days.
  public let volatility: Double?
  /// Of daily net returns, annualized; nil with fewer than 20 days or without variance.
  public let sharpe: Double?
  /// As `sharpe`, by downside deviation.
  public let sortino: Double?
  /// Yearly growth over the greatest fall; nil where growth is, or without a fall.
  public let calmar: Double?
  /// Greatest fall of net equity from its peak: a share of the notional, or of the peak when compounding.
  public let maxDrawdown: Double
  /// Days, as a fraction, from that peak until equity was back at it, or until the end.
  public let maxDrawdownDays: Double
  /// The daily loss that 95 % of the days stay below; nil with fewer than 20 days.
  public let valueAtRisk: Double?
  /// Mean loss of the worst 5 % of the days; nil with fewer than 20 days.
  public let expectedShortfall: Double?
  /// Traded notional per day.
  public let turnover: Double
  /// Mean of |position| over the steps.
  public let exposure: Double
  /// Stretches of one side, long or short.
  public let trades: Int
  /// Share of the trades with a positive net return; nil without trades.
  public let hitRate: Double?
  /// What winning trades earned over what the others lost; nil where none lost.
  public let profitFactor: Double?
  /// Mean net return of the trades that won; nil where none did.
  public let averageWin: Double?
  /// Mean net return of the trades that did not win, 0 or less; nil where all did.
  public let averageLoss: Double?

  enum CodingKeys: String, CodingKey {
    case steps, days, costs, volatility, sharpe, sortino, calmar, turnover, exposure, trades
    case grossReturn = "gross_return"
    case netReturn = "net_return"
    case costShare = "cost_share"
    case tradedNotional = "traded_notional"
    case breakEvenBasisPoints = "break_even_bp"
    case annualGrowth = "cagr"
    case maxDrawdown = "max_drawdown"
    case maxDrawdownDays = "max_drawdown_days"
    case valueAtRisk = "var_95"
    case expectedShortfall = "cvar_95"
    case hitRate = "hit_rate"
    case profitFactor = "profit_factor"
    case averageWin = "average_win"
    case averageLoss = "average_loss"
  }

  /// - Parameter books: one for each instrument traded.
  init(_ account: Account, _ books: [TradeBook], _ execution: Execution) {
    let daily = account.daily.map(\.net)
    let yearly = execution.calendar.daysPerYear
    steps = account.steps
    days = daily.count
    grossReturn = account.grossReturn
    netReturn = account.netReturn
    costs = account.costs
    costShare = grossReturn > 0 ? costs / grossReturn : nil
    tradedNotional = books.reduce(0) { $0 + $1.tradedNotional }
    breakEvenBasisPoints = tradedNotional > 0 ? account.addedGross / tradedNotional * 10_000 : nil

    annualGrowth = RiskRatios.annualGrowth(of: netReturn, days: days, daysPerYear: yearly)
    volatility = RiskRatios.volatility(daily: daily, daysPerYear: yearly)
    sharpe = RiskRatios.sharpe(daily: daily, daysPerYear: yearly)
    sortino = RiskRatios.sortino(daily: daily, daysPerYear: yearly)
    maxDrawdown = account.drawdown.depth
    maxDrawdownDays = Double(account.drawdown.length) / 86_400_000
    calmar = RiskRatios.calmar(annualGrowth: annualGrowth, maxDrawdown: maxDrawdown)
    valueAtRisk = TailRisk.valueAtRisk(daily: daily)
    expectedShortfall = TailRisk.expectedShortfall(daily: daily)

    turnover = tradedNotional / Double(daily.count)
    exposure = books.reduce(0) { $0 + $1.exposure } / Double(steps)
    trades = books.reduce(0) { $0 + $1.trades }
    let winning = books.reduce(0) { $0 + $1.winningTrades }
    let won = books.reduce(0) { $0 + $1.won }
    let lost = books.reduce(0) { $0 + $1.lost }
    hitRate = trades > 0 ? Double(winning) / Double(trades) : nil
    profitFactor = lost < 0 ? won / -lost : nil
    averageWin = winning > 0 ? won / Double(winning) : nil
    averageLoss = trades > winning ? lost / Double(trades - winning) : nil
  }
}
