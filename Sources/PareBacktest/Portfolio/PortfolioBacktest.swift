/// Turns target positions into money on one instrument or several that share the capital, event by event.
///
/// A target is a share of the notional (of the equity when compounding), negative for short. Decided at the close of
/// an instrument's candle, it is filled at the open of its next one, or `lag` candles later. At each open come, in this
/// order: what was held earns up to it; rules whose levels lie behind the gap, and the maximum holding; the targets,
/// made smaller by the limits; the fills, in the order of the instruments. Within the candle a stop or a take-profit
/// closes a position at its level, the stop where both lie in the candle. The limits on losses are read at the closes
/// and act at the next open. `docs/backtest.md` says the rest.
public struct PortfolioBacktest: Sendable {
  public let instruments: [Instrument]
  public let rules: TradingRules
  public let execution: Execution
  /// Candles between a decision's close and the open that fills it.
  public let lag: Int
  /// The time from that close, or the close `lag` candles later, until the decision is at the market.
  public let delay: FillDelay
  /// The notional in the quote currency, for costs that depend on how large an order is.
  public let capital: Double
  let days: TradingDays
  /// The instruments as they are walked through: what corporate actions do is in their prices.
  let adjusted: [AdjustedInstrument]

  /// - Parameters:
  ///   - instruments: each with a name of its own; they may begin and end at different times and have gaps.
  ///   - lag: 0 or more.
  ///   - delay: within a candle it is filled by its model; comes on top of the lag.
  ///   - capital: positive.
  /// - Throws: `backtest.instruments` without any or with a name twice; `backtest.too-few-candles` for one with less
  ///   than 2 candles; `backtest.rules`; `backtest.cost`; `backtest.funding`; `backtest.lag`; `backtest.delay`;
  ///   `backtest.capital`; `backtest.calendar`, naming the first candle in which the exchange is closed.
  public init(
    _ instruments: [Instrument], rules: TradingRules = .none, execution: Execution = Execution(), lag: Int = 0,
    delay: FillDelay = .none, capital: Double = 1_000_000
  ) throws(BacktestError) {
    guard !instruments.isEmpty, Set(instruments.map(\.name)).count == instruments.count else {
      throw BacktestError(
        "instruments", subject: "instruments", expected: "one or more, of different names",
        found: instruments.map(\.name).joined(separator: ", "))
    }
    for instrument in instruments {
      guard instrument.candles.count >= 2 else {
        throw BacktestError(
          "too-few-candles", subject: instrument.name, expected: "2 candles or more",
          found: "\(instrument.candles.count)")
      }
      try instrument.validate()
    }
    try rules.validate()
    guard (0...1_000_000).contains(lag) else {
      throw BacktestError("lag", subject: "lag", expected: "0 to 1000000 candles", found: "\(lag)", category: .usage)
    }
    try delay.validate(for: instruments)
    guard capital > 0, capital.isFinite else {
      throw BacktestError(
        "capital", subject: "capital", expected: "a positive amount", found: "\(capital)", category: .usage)
    }
    days = try TradingDays(
      execution.calendar, columns: instruments.map(\.candles.times), names: instruments.map(\.name))
    adjusted = try instruments.map { [days] instrument throws(BacktestError) in try AdjustedInstrument(instrument, days: days) }
    self.instruments = instruments
    self.rules = rules
    self.execution = execution
    self.lag = lag
    self.delay = delay
    self.capital = capital
  }

  /// The same with another delay; its model and candle length stay.
  ///
  /// - Throws: `backtest.delay`.
  public func delayed(by milliseconds: Double) throws(BacktestError) -> PortfolioBacktest {
    let delay = FillDelay(milliseconds: milliseconds, model: delay.model, candle: delay.candle)
    return try PortfolioBacktest(
      instruments, rules: rules, execution: execution, lag: lag, delay: delay, capital: capital)
  }

  /// The money that `targets` make.
  ///
  /// - Parameter targets: for each instrument one per candle, decided at its close. Those of the last candles, which no
  ///   open follows, are not used.
  /// - Throws: `backtest.targets` where they do not match or one is not finite, naming it; `backtest.too-few-candles`
  ///   where no decision can be filled and held for a step; `backtest.overflow` where money grows beyond all numbers.
  public func run(targets: [[Double]]) throws(BacktestError) -> PortfolioResult {
    guard targets.count == instruments.count else {
      throw BacktestError(
        "targets", subject: "targets", expected: "those of \(instruments.count) instruments", found: "\(targets.count)")
    }
    for (instrument, targets) in zip(instruments, targets) {
      guard targets.count == instrument.candles.count else {
        throw BacktestError(
          "targets", subject: instrument.name, expected: "a target for each of \(instrument.candles.count) candles",
          found: "\(targets.count)")
      }
      if let candle = targets.firstIndex(where: { !$0.isFinite }) {
        throw BacktestError(
          "targets", subject: "\(instrument.name), candle \(candle)", expected: "a finite position",
          found: "\(targets[candle])")
      }
    }
    var run = PortfolioRun(self, targets: targets)
    guard let result = run.result() else {
      throw BacktestError(
        "too-few-candles", subject: "targets", expected: "a decision that can be filled and held for a step",
        found: "none")
    }
    try result.metrics.checkFinite(result.daily)
    return result
  }
}
