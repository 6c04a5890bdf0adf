import PareMarket

/// Turns target positions into money on one symbol's candles.
///
/// A position decided at the close of candle `t` is filled at the open of candle `t + 1` and held to the open of
/// candle `t + 2`, where the next decision is filled. Half spread, slippage and fee are charged on every change of
/// position as a share of the notional traded. The account begins flat and is closed at the last open, at cost.
public struct Backtest: Sendable {
  /// Most points that an equity curve has.
  public static let curvePoints = 500

  /// 200 years, in milliseconds.
  private static let longestSpan: Int64 = 200 * 366 * 86_400_000

  public let costs: TradingCosts
  public let execution: Execution
  /// `returns[i]` is earned by a position of 1 from the open of candle `i` to the open of candle `i + 1`.
  let returns: [Double]
  /// Starts of the candles, Unix milliseconds.
  let times: [Int64]
  private let days: TradingDays

  /// - Parameters:
  ///   - opens: opening price per candle, positive and finite.
  ///   - times: start per candle, Unix milliseconds, strictly ascending. Gaps are allowed: a position is held
  ///     across one.
  /// - Throws: `backtest.prices`, naming the first bad candle; `backtest.times`; `backtest.calendar`, naming the first
  ///   candle in which the exchange is closed.
  public init(
    opens: [Double], times: [Int64], costs: TradingCosts = .standard, execution: Execution = Execution()
  ) throws(BacktestError) {
    guard opens.count == times.count else {
      throw BacktestError(
        "times", subject: "times", expected: "one for each of \(opens.count) prices", found: "\(times.count)")
    }
    if let candle = opens.firstIndex(where: { !($0 > 0 && $0.isFinite) }) {
      throw BacktestError(
        "prices", subject: "candle \(candle)", expected: "a positive, finite open", found: "\(opens[candle])")
    }
    try Self.check(times: times)
    returns = zip(opens, opens.dropFirst()).map { $1 / $0 - 1 }
    days = try TradingDays(execution.calendar, columns: [times])
    self.times = times
    self.costs = costs
    self.execution = execution
  }

  /// - Throws: as the other initializer.
  public init(
    _ series: CandleSeries, costs: TradingCosts = .standard, execution: Execution = Execution()
  ) throws(BacktestError) {
    try self.init(
      opens: series.candles.map(\.open), times: series.candles.map(\.start), costs: costs, execution: execution)
  }

  /// - Throws: `backtest.times`.
  static func check(times: [Int64]) throws(BacktestError) {
    guard zip(times, times.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw BacktestError("times", subject: "times", expected: "strictly ascending starts", found: "disorder")
    }
    if let first = times.first, let last = times.last, first < 0 || last - first > longestSpan {
      throw BacktestError(
        "times", subject: "times", expected: "starts after 1970 that span at most 200 years",
        found: "\(first) to \(last)")
    }
  }

  /// The money that `positions` make.
  ///
  /// Both results act on the same decisions; the later fill has one step less where the candles end with them.
  ///
  /// - Parameters:
  ///   - positions: target per candle, decided at its close: −1, 0 or 1.
  ///   - first: the candle of `positions[0]`. Decisions too near to the last candle to be filled and held for a
  ///     step are left out.
  /// - Throws: `backtest.overflow` where money grows beyond all numbers; `backtest.position`;
  ///   `backtest.range` where `first` is no candle or positions reach beyond the last;
  ///   `backtest.too-few-candles` where no decision can be filled one candle later and held for a step.
  public func run(positions: [Int8], from first: Int = 0) throws(BacktestError) -> BacktestResult {
    try check(positions, from: first)
    var curve: EquityCurve? = EquityCurve()
    let (account, metrics) = account(positions, from: first, delay: 0, curve: &curve)
    var none: EquityCurve?
    let later = self.account(positions, from: first, delay: 1, curve: &none)
    try metrics.checkFinite(account.daily)
    try later.metrics.checkFinite(later.account.daily)
    return BacktestResult(
      metrics: metrics, fillOneLater: later.metrics, daily: account.daily, equity: curve ?? EquityCurve())
  }

  /// - Throws: what `run(positions:from:)` throws.
  func check(_ positions: [Int8], from first: Int) throws(BacktestError) {
    try checkPositions(positions)
    guard first >= 0, first <= times.count - positions.count else {
      throw BacktestError(
        "range", subject: "positions", expected: "candles within 0 ..< \(times.count)",
        found: "\(positions.count) from candle \(first)")
    }
    guard !positions.isEmpty, first + 3 < times.count else {
      throw BacktestError(
        "too-few-candles", subject: "positions", expected: "a decision with at least 3 candles after it",
        found: "\(positions.count) from candle \(first) of \(times.count)")
    }
  }

  /// The money that a source's decisions make over a range of candles.
  ///
  /// - Throws: what the source and `run(positions:from:)` throw; `backtest.decisions` where the source does not give
  ///   one position per candle.
  public func run(_ source: some SignalSource, over candles: Range<Int>) throws -> BacktestResult {
    let positions = try source.targetPositions(over: candles)
    guard positions.count == candles.count else {
      throw BacktestError(
        "decisions", subject: "signal source", expected: "\(candles.count) positions", found: "\(positions.count)")
    }
    return try run(positions: positions, from: candles.lowerBound)
  }

  /// Walks the steps of `positions`, filled `delay` candles later than the next open.
  private func account(
    _ positions: [Int8], from first: Int, delay: Int, curve: inout EquityCurve?
  ) -> (account: Account, metrics: BacktestMetrics) {
    let start = first + 1 + delay
    let steps = min(positions.count, returns.count - start)
    let rate = costs.basisPointsPerSide / 10_000
    var account = Account(execution, days: days)
    var book = TradeBook()
    let stride = max(1, (steps + Self.curvePoints - 1) / Self.curvePoints)
    var next = stride - 1
    for step in 0..<steps {
      let target = Double(positions[step])
      let end = times[start + step + 1]
      account.beginStep(at: times[start + step])
      if target != book.position { Self.trade(to: target, at: rate, &book, &account) }
      let earned = target * returns[start + step]
      book.earn(earned)
      book.countStep()
      account.hold(abs(target))
      account.earn(earned)
      account.endStep(at: end)
      if step == steps - 1 {
        if book.position != 0 { Self.trade(to: 0, at: rate, &book, &account) }
        account.close(at: end)
      }
      if step == next || step == steps - 1 {
        next += stride
        curve?.append(time: end, gross: account.grossReturn, net: account.netReturn)
      }
    }
    return (account, BacktestMetrics(account, [book], execution))
  }

  private static func trade(to target: Double, at rate: Double, _ book: inout TradeBook, _ account: inout Account) {
    let ended = book.trades
    let traded = book.trade(to: target, at: rate)
    account.pay(traded * rate, trading: traded)
    if book.trades > ended { account.endTrade() }
  }
}
