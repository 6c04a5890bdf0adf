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

  /// The latest candle that has begun; −1 before the first.
  private(set) var candle = -1
  private(set) var book = TradeBook()
  /// What the running or last trade began with.
  private(set) var entryPrice = 0.0
  private(set) var entered: Int64 = 0
  /// Position over the price at which the step began, and the price up to which it has earned.
  private var quantity = 0.0
  private var mark = 0.0
  /// Candles that the position has been held.
  private var held = 0
  /// The side that a rule closed, until the targets leave it.
  private var barred = 0.0

  init(_ instrument: Instrument, targets: [Double], rules: TradingRules, lag: Int, capital: Double) {
    candles = instrument.candles
    costs = CandleCosts(instrument.costs, candles: candles, capital: capital)
    self.targets = targets
    self.rules = rules
    self.lag = lag
    history = instrument.history
  }

  /// Start of the candle that comes next; the end of time after the last.
  var nextTime: Int64 { candle + 1 < candles.count ? candles.times[candle + 1] : .max }
  var isOver: Bool { candle == candles.count - 1 }
  /// Whether a decision can be filled at this candle's open.
  var canTrade: Bool { candle - history > lag }
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
    if let stop = stopLevel(side), side * (price - stop) <= 0 { return .stop }
    if let goal = goalLevel(side), side * (price - goal) >= 0 { return .takeProfit }
    if let most = rules.maximumHolding, held >= most { return .maximumHolding }
    return nil
  }

  /// The position wanted at this open, before the limits of the portfolio.
  mutating func wanted(after rule: TradeRecord.Exit?) -> Double {
    var target = targets[candle - 1 - lag]
    if rules.sides == .longOnly { target = max(target, 0) }
    if rule != nil { barred = book.position > 0 ? 1 : -1 }
    if barred != 0 {
      if target * barred > 0 { return 0 }
      barred = 0
    }
    return target
  }

  /// Trades to a position at this open.
  ///
  /// - Returns: the cost, as a share of the notional; nil where nothing is traded.
  mutating func trade(to target: Double) -> Double? {
    let position = book.position
    let change = abs(target - position)
    guard change > 0, position * target <= 0 || change >= rules.rebalanceBand else { return nil }
    if position * target <= 0 {
      entryPrice = price
      entered = candles.times[candle]
      held = 0
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

  /// The level within this candle at which a rule closes the position; the stop where both lie in it.
  func levelWithin() -> (price: Double, exit: TradeRecord.Exit)? {
    guard book.position != 0 else { return nil }
    let side = book.position > 0 ? 1.0 : -1.0
    if let stop = stopLevel(side), side > 0 ? candles.lows[candle] <= stop : candles.highs[candle] >= stop {
      return (stop, .stop)
    }
    if let goal = goalLevel(side), side > 0 ? candles.highs[candle] >= goal : candles.lows[candle] <= goal {
      return (goal, .takeProfit)
    }
    return nil
  }

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
    guard book.position != 0 else { return 0 }
    let earned = quantity * (candles.closes[candle] - mark)
    book.earn(earned)
    mark = candles.closes[candle]
    return earned
  }

  /// Closes what is left at the last close, once the candles are over.
  mutating func leaveForGood() -> Double {
    let traded = abs(book.position)
    let rate = costs.rate(candle: candle, traded: traded)
    return book.trade(to: 0, at: rate) * rate
  }

  mutating func countStep() { book.countStep() }

  private func stopLevel(_ side: Double) -> Double? { rules.stopLoss.map { entryPrice * (1 - side * $0) } }
  private func goalLevel(_ side: Double) -> Double? { rules.takeProfit.map { entryPrice * (1 + side * $0) } }
}
