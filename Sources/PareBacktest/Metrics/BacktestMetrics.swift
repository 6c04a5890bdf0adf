/// What a series of positions earned and what it cost. Returns are fractions of the notional (of the initial equity
/// when compounding). `docs/backtest.md` has the formulas.
public struct BacktestMetrics: Codable, Sendable, Hashable {
  /// Steps from one open to the next that were held.
  public var steps: Int
  /// Days of the calendar from the first step to the last.
  public var days: Int
  /// Before costs.
  public var grossReturn: Double
  /// After costs.
  public var netReturn: Double
  /// Total costs.
  public var costs: Double
  /// Share of the gross return that costs took; nil where there was none to take from.
  public var costShare: Double?
  /// Notional traded, one way: Σ|Δposition|, the opening from flat and the closing to flat included.
  public var tradedNotional: Double
  /// The cost a side, in basis points, at which the net return (returns added) is zero; nil where nothing was traded.
  public var breakEvenBasisPoints: Double?
  /// Yearly growth that compounds to the net return (CAGR); nil with fewer than 20 days or where nothing is left.
  public var annualGrowth: Double?
  /// Deviation of daily net returns, annualized; nil with fewer than 20 days.
  public var volatility: Double?
  /// Of daily net returns, annualized; nil with fewer than 20 days or without variance.
  public var sharpe: Double?
  /// As `sharpe`, by downside deviation.
  public var sortino: Double?
  /// Yearly growth over the greatest fall; nil where growth is, or without a fall.
  public var calmar: Double?
  /// Greatest fall of net equity from its peak: a share of the notional, or of the peak when compounding.
  public var maxDrawdown: Double
  /// Days, as a fraction, from that peak until equity was back at it, or until the end.
  public var maxDrawdownDays: Double
  /// The daily loss that 95 % of the days stay below; nil with fewer than 20 days.
  public var valueAtRisk: Double?
  /// Mean loss of the worst 5 % of the days; nil with fewer than 20 days.
  public var expectedShortfall: Double?
  /// Traded notional per day.
  public var turnover: Double
  /// Mean of |position| over the steps.
  public var exposure: Double
  /// Stretches of one side, long or short.
  public var trades: Int
  /// Share of the trades with a positive net return; nil without trades.
  public var hitRate: Double?
  /// What winning trades earned over what the others lost; nil where none lost.
  public var profitFactor: Double?
  /// Mean net return of the trades that won; nil where none did.
  public var averageWin: Double?
  /// Mean net return of the trades that did not win, 0 or less; nil where all did.
  public var averageLoss: Double?

  enum CodingKeys: String, CodingKey {
    case steps, days, grossReturn, netReturn, costs, costShare, tradedNotional, volatility, sharpe, sortino, calmar
    case maxDrawdown, maxDrawdownDays, turnover, exposure, trades, hitRate, profitFactor, averageWin, averageLoss
    case breakEvenBasisPoints = "breakEvenBp"
    case annualGrowth = "cagr"
    case valueAtRisk = "var95"
    case expectedShortfall = "cvar95"
  }

  /// Nothing traded and nothing earned.
  public static let none = BacktestMetrics(Account(Execution(), days: .everyDay), [], Execution())

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

    turnover = daily.isEmpty ? 0 : tradedNotional / Double(daily.count)
    exposure = steps > 0 ? books.reduce(0) { $0 + $1.exposure } / Double(steps) : 0
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
