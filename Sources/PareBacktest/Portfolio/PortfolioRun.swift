/// The walk through one run's candles.
struct PortfolioRun {
  let rules: TradingRules
  private let execution: Execution
  private let adjusted: [AdjustedInstrument]
  /// Of prices within a candle, for targets that are delayed; nil where none is.
  let model: FillModel?
  var states: [InstrumentState]
  /// Every time at which some instrument has a candle, ascending.
  private let times: [Int64]

  private var account: Account
  var guarding: LossGuard
  private var settling: SettlementLedger
  /// What the step that is under way has earned.
  var earned = 0.0
  private var trades: [TradeRecord] = []
  private var curve = EquityCurve()
  var wanted: [Double]
  var movable: [Bool]
  /// The instruments that a target has arrived for within the candle.
  var arriving: [Bool]
  private var rulesAtOpen: [TradeRecord.Exit?]

  init(_ backtest: PortfolioBacktest, targets: [[Double]]) {
    rules = backtest.rules
    execution = backtest.execution
    adjusted = backtest.adjusted
    states = zip(backtest.adjusted, targets).map {
      InstrumentState($0.instrument, targets: $1, in: backtest)
    }
    model = backtest.delay.milliseconds > 0 ? backtest.delay.model : nil
    times = Self.merged(backtest.instruments.map(\.candles.times))
    account = Account(execution, days: backtest.days)
    settling = SettlementLedger(backtest.rules.settlement, instruments: states.count)
    guarding = LossGuard(backtest.rules, execution)
    wanted = [Double](repeating: 0, count: states.count)
    movable = [Bool](repeating: false, count: states.count)
    arriving = movable
    rulesAtOpen = [TradeRecord.Exit?](repeating: nil, count: states.count)
  }

  /// - Returns: nil where no decision can be filled and held for a step.
  mutating func result() -> PortfolioResult? {
    var next = 0
    // Candles before the first that can fill a decision only pass.
    while next < times.count {
      for index in states.indices where states[index].nextTime == times[next] { _ = states[index].open() }
      if states.contains(where: \.canTrade) { break }
      next += 1
    }
    let steps = times.count - 1 - next
    guard steps > 0 else { return nil }
    let stride = max(1, (steps + Backtest.curvePoints - 1) / Backtest.curvePoints)
    for step in 0..<steps {
      let time = times[next + step]
      takeStep(at: time)
      endStep(at: times[next + step + 1], isLast: step == steps - 1)
      if (step + 1) % stride == 0 || step == steps - 1 {
        curve.append(time: times[next + step + 1], gross: account.grossReturn, net: account.netReturn)
      }
    }
    return PortfolioResult(
      metrics: BacktestMetrics(account, states.map(\.book), execution), financing: account.financing,
      limitedDays: guarding.limitedDays, halt: guarding.halt, daily: account.daily, equity: curve, trades: trades)
  }

  /// Trades at the opens of `time` and goes through its candles to their closes.
  private mutating func takeStep(at time: Int64) {
    account.beginStep(at: time)
    guarding.beginStep(on: account.day, equity: account.netEquity)
    settling.begin(day: account.daysBefore)
    for index in states.indices {
      movable[index] = states[index].candle >= 0 && states[index].candles.times[states[index].candle] == time
      if movable[index], states[index].canTrade {
        rulesAtOpen[index] = states[index].ruleAtOpen()
        let target = states[index].wanted(after: rulesAtOpen[index])
        wanted[index] = guarding.reason == nil ? target : 0
      } else if states[index].isOver, states[index].book.position != 0 {
        change(index, .delisted) { $0.leaveForGood() }
        wanted[index] = 0
      } else {
        wanted[index] = states[index].book.position
      }
    }
    limit(movable)
    for index in states.indices where movable[index] {
      if states[index].canTrade {
        let target = wanted[index]
        change(index, rulesAtOpen[index] ?? guarding.reason ?? .decision) { $0.trade(to: target) }
      }
      states[index].beginStep()
    }
    if let model { takeArrivals(at: model) }
    account.hold(states.reduce(0) { $0 + abs($1.book.position) })
    for index in states.indices {
      states[index].countStep()
      guard movable[index] else { continue }
      if let level = states[index].levelWithin() { leave(index, level) }
      earned += states[index].close()
    }
    guarding.read(account.netEquity(earning: earned), at: time)
  }

  /// Brings what is held to the opens of `time`, closes all where it is the last, and reads the equity.
  private mutating func endStep(at time: Int64, isLast: Bool) {
    var paid = 0.0
    for index in states.indices where states[index].nextTime == time {
      let moved = states[index].open()
      earned += moved.earned
      paid += moved.paid
    }
    account.earn(earned)
    account.finance(paid)
    earned = 0
    account.endStep(at: time)
    guard isLast else { return }
    for index in states.indices where states[index].book.position != 0 {
      if states[index].candles.times[states[index].candle] == time {
        change(index, .end) { $0.trade(to: 0) }
      } else {
        change(index, .delisted) { $0.leaveForGood() }
      }
    }
    account.close(at: time)
  }

  /// Brings what is wanted within the limits, and within what may be sold and paid for.
  ///
  /// - Parameter least: excess that is let be.
  mutating func limit(_ movable: [Bool], least: Double = 0) {
    if settling.isBinding {
      settling.apply(rules.limits, to: &wanted, movable: movable, states)
    } else {
      rules.limits.apply(to: &wanted, movable: movable, least: least)
    }
  }

  /// Closes a position at a level within its candle, or at a later open where it may not be sold yet.
  mutating func leave(_ index: Int, _ level: (price: Double, exit: TradeRecord.Exit)) {
    guard settling.locked(index) == 0 else {
      states[index].postpone(level.exit)
      return
    }
    var left = (earned: 0.0, paid: 0.0, cost: 0.0)
    change(index, level.exit, price: level.price) { state in
      left = state.leave(at: level.price, level.exit)
      return left.cost
    }
    earned += left.earned
    account.finance(left.paid)
  }

  /// Pays for a change of position, and keeps the trade that it ended.
  mutating func change(
    _ index: Int, _ exit: TradeRecord.Exit, price: Double? = nil,
    _ body: (inout InstrumentState) -> Double?
  ) {
    let (before, entryPrice, entered) = (states[index].book, states[index].entryPrice, states[index].entered)
    guard let cost = body(&states[index]) else { return }
    account.pay(cost, trading: states[index].book.tradedNotional - before.tradedNotional)
    settling.note(index, from: before.position, to: states[index].book.position)
    guard states[index].book.trades > before.trades else { return }
    account.endTrade()
    let candle = states[index].candle
    let scale = adjusted[index].factor(at: candle)
    let last = exit == .delisted ? states[index].candles.closes[candle] : states[index].price
    trades.append(
      TradeRecord(
        instrument: index, side: before.position > 0 ? 1 : -1, entered: entered,
        left: states[index].candles.times[candle], entryPrice: entryPrice / scale, exitPrice: (price ?? last) / scale,
        netReturn: states[index].book.lastTrade, exit: exit))
  }

  /// Every time of some column, ascending and once; columns ascend strictly.
  private static func merged(_ columns: [[Int64]]) -> [Int64] {
    columns.dropFirst().reduce(columns[0]) { merged, column in merged == column ? merged : union(merged, column) }
  }

  private static func union(_ one: [Int64], _ other: [Int64]) -> [Int64] {
    var union: [Int64] = []
    union.reserveCapacity(max(one.count, other.count))
    var (left, right) = (0, 0)
    while left < one.count || right < other.count {
      let next = min(left < one.count ? one[left] : .max, right < other.count ? other[right] : .max)
      if left < one.count, one[left] == next { left += 1 }
      if right < other.count, other[right] == next { right += 1 }
      union.append(next)
    }
    return union
  }
}
