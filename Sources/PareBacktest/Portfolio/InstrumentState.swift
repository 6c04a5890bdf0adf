/// One instrument in the course of a run: where its candles stand, what is held of it and since when.
struct InstrumentState {
  let candles: TradedCandles
  /// Decided at the close of each candle.
  let targets: [Double]
  private let costs: CandleCosts
  private let rules: TradingRules
  /// Candles between a decision's close and the open that fills it.
  private let lag: Int
  private let history: Int
  /// Where decisions are when they are delayed.
  let arrivals: Arrivals?

  /// The latest candle that has begun; −1 before the first.
  private(set) var candle = -1
  var book = TradeBook()
  /// What the running or last trade began with.
  private(set) var entryPrice = 0.0
  private(set) var entered: Int64 = 0
  /// Position over the price at which the step began, and the price up to which it has earned.
  var quantity = 0.0
  var mark = 0.0
  /// The share of this candle that passed before a target arrived within it; 0 where none did.
  var passed = 0.0
  /// Candles that the position has been held.
  private var held = 0
  /// The side that a rule closed, until the targets leave it.
  private var barred = 0.0
  /// The rule whose level was reached while the position could not be sold.
  private var postponed: TradeRecord.Exit?

  init(_ instrument: Instrument, targets: [Double], in backtest: PortfolioBacktest) {
    candles = instrument.candles
    costs = CandleCosts(instrument, capital: backtest.capital)
    self.targets = targets
    rules = backtest.rules
    lag = backtest.lag
    history = instrument.history
    let delay = backtest.delay
    arrivals = delay.milliseconds > 0 ? Arrivals(instrument.candles, delay: delay, lag: lag) : nil
  }

  /// Start of the candle that comes next; the end of time after the last.
  var nextTime: Int64 { candle + 1 < candles.count ? candles.times[candle + 1] : .max }
  var isOver: Bool { candle == candles.count - 1 }
  /// Whether a decision can be filled at this candle's open or within it.
  var canTrade: Bool {
    guard let arrivals, candle >= 0 else { return candle - history > lag }
    return arrivals.atOpen[candle] >= history || arrivals.within[candle] >= history
  }
  var price: Double { candles.opens[candle] }

  /// Moves on to the next candle's open.
  ///
  /// - Returns: what the position earned since it was last marked, and what it pays for having been held.
  mutating func open() -> (earned: Double, paid: Double) {
    candle += 1
    let position = book.position
    guard position != 0 else { return (0, 0) }
    held += 1
    let earned = quantity * (candles.opens[candle] - mark)
    let paid = position > 0 ? position * costs.long[candle - 1] : -position * costs.short[candle - 1]
    book.earn(earned - paid)
    mark = candles.opens[candle]
    return (earned, paid)
  }

  /// The rule that closes the position at this open: its levels may lie behind the gap.
  func ruleAtOpen() -> TradeRecord.Exit? {
    let side = book.position > 0 ? 1.0 : -1.0
    guard book.position != 0 else { return nil }
    if let postponed { return postponed }
    if let stop = stopLevel(side), side * (price - stop) <= 0 { return .stop }
    if let goal = goalLevel(side), side * (price - goal) >= 0 { return .takeProfit }
    if let most = rules.maximumHolding, held >= most { return .maximumHolding }
    return nil
  }

  /// The position wanted at this open, before the limits of the portfolio.
  mutating func wanted(after rule: TradeRecord.Exit?) -> Double {
    if rule != nil { barred = book.position > 0 ? 1 : -1 }
    let decision = arrivals?.atOpen[candle] ?? (candle - 1 - lag)
    return allowed(decision >= 0 ? targets[decision] : 0)
  }

  /// What the rules leave of a target.
  mutating func allowed(_ target: Double) -> Double {
    let target = rules.sides == .longOnly ? max(target, 0) : target
    if barred != 0 {
      if target * barred > 0 { return 0 }
      barred = 0
    }
    return target
  }

  /// Trades to a position at this open, or at a price within the candle.
  ///
  /// - Returns: the cost, as a share of the notional; nil where nothing is traded.
  mutating func trade(to target: Double, at fill: Double? = nil) -> Double? {
    let price = fill ?? price
    let position = book.position
    let change = abs(target - position)
    guard change > 0, position * target <= 0 || change >= rules.rebalanceBand else { return nil }
    if position * target <= 0 {
      entryPrice = price
      entered = candles.times[candle]
      held = 0
      postponed = nil
    } else if abs(target) > abs(position) {
      entryPrice = (abs(position) * entryPrice + change * price) / abs(target)
    }
    let rate = costs.rate(candle: candle, traded: change)
    return book.trade(to: target, at: rate) * rate
  }

  /// Begins the step from this open, at which the position is worth its share of the notional anew.
  mutating func beginStep() {
    mark = price
    quantity = book.position / price
  }

  /// The level within this candle at which a rule closes the position; the stop where both lie in it. After a fill within
  /// the candle a take-profit counts only where the close has reached it.
  func levelWithin() -> (price: Double, exit: TradeRecord.Exit)? {
    level(best: passed > 0 ? candles.closes[candle] : book.position > 0 ? candles.highs[candle] : candles.lows[candle])
  }

  /// The level that is touched where the price for the position has been as good as `best`.
  func level(best: Double) -> (price: Double, exit: TradeRecord.Exit)? {
    guard book.position != 0 else { return nil }
    let side = book.position > 0 ? 1.0 : -1.0
    if let stop = stopLevel(side), side > 0 ? candles.lows[candle] <= stop : candles.highs[candle] >= stop {
      return (stop, .stop)
    }
    if let goal = goalLevel(side), side > 0 ? best >= goal : best <= goal { return (goal, .takeProfit) }
    return nil
  }

  /// Closes the position at the first open at which it may be sold.
  mutating func postpone(_ exit: TradeRecord.Exit) { postponed = postponed ?? exit }

  /// Closes the position at a level within this candle.
  ///
  /// Funding and borrowing of the whole step are paid where they cost, and not received where they would earn, since
  /// nothing says when in the candle the level was reached.
  mutating func leave(at level: Double, _ exit: TradeRecord.Exit) -> (earned: Double, paid: Double, cost: Double) {
    let position = book.position
    let earned = quantity * (level - mark)
    var paid = 0.0
    if candle < costs.long.count {
      paid = max(position > 0 ? position * costs.long[candle] : -position * costs.short[candle], 0)
    }
    book.earn(earned - paid)
    let traded = abs(position)
    let rate =
      exit == .takeProfit
      ? costs.waitingRate(candle: candle, traded: traded) : costs.rate(candle: candle, traded: traded)
    barred = position > 0 ? 1 : -1
    return (earned, paid, book.trade(to: 0, at: rate) * rate)
  }

  /// Marks the position at this candle's close.
  mutating func close() -> Double {
    passed = 0
    return move(to: candles.closes[candle])
  }

  /// Marks the position at a price within this candle.
  mutating func move(to price: Double) -> Double {
    guard book.position != 0 else { return 0 }
    let earned = quantity * (price - mark)
    book.earn(earned)
    mark = price
    return earned
  }

  /// Closes what is left at the last close, once the candles are over.
  mutating func leaveForGood() -> Double {
    let traded = abs(book.position)
    let rate = costs.rate(candle: candle, traded: traded)
    return book.trade(to: 0, at: rate) * rate
  }

  mutating func countStep() { book.countStep(1 - passed) }

  private func stopLevel(_ side: Double) -> Double? { rules.stopLoss.map { entryPrice * (1 - side * $0) } }
  private func goalLevel(_ side: Double) -> Double? { rules.takeProfit.map { entryPrice * (1 + side * $0) } }
}
