import PareBacktest

/// The portfolio backtest once more, plainly: time by time, every quantity looked up anew, with nothing shared with
/// the program but its inputs. A fixed notional, every day, costs of one rate.
struct PlainPortfolio {
  struct Holding {
    var position = 0.0
    var entryPrice = 0.0
    var since = 0
    /// Fills and earnings of the running trade.
    var earned = 0.0
    var barredSide = 0.0
  }

  let instruments: [TradedCandles]
  let rules: TradingRules
  let rate: Double
  let lag: Int
  let delay: FillDelay

  private(set) var gross = 0.0
  private(set) var net = 0.0
  private(set) var traded = 0.0
  private(set) var tradeReturns: [Double] = []
  private(set) var exits: [TradeRecord.Exit] = []
  private(set) var dayNets: [Int64: Double] = [:]
  private var holdings: [Holding]

  init(_ instruments: [TradedCandles], rules: TradingRules, rate: Double, lag: Int, delay: FillDelay = .none) {
    self.instruments = instruments
    self.rules = rules
    self.rate = rate
    self.lag = lag
    self.delay = delay
    holdings = instruments.map { _ in Holding() }
  }

  mutating func run(_ targets: [[Double]]) {
    let times = Set(instruments.flatMap(\.times)).sorted()
    var peak = 0.0
    var dayBegin = 0.0
    var lastDay: Int64?
    var (stopped, dead) = (false, false)
    for (place, time) in times.enumerated() {
      let isEnd = place == times.count - 1
      // A candle of an instrument that begins now, if there is one, and whether its candles are over.
      let now = instruments.map { $0.times.firstIndex(of: time) }
      // From the last close, where positions were marked, to this open; the day is still that of the step before.
      for index in instruments.indices {
        guard let candle = now[index], candle > 0, holdings[index].position != 0 else { continue }
        let candles = instruments[index]
        let change = (candles.opens[candle] - candles.closes[candle - 1]) / candles.opens[candle - 1]
        book(index, holdings[index].position * change, lastDay)
      }
      if isEnd {
        for index in instruments.indices { fill(index, 0, now[index], now[index] == nil ? .delisted : .end, lastDay) }
        return
      }
      let day = time / 86_400_000
      if day != lastDay {
        lastDay = day
        dayBegin = net
        stopped = false
      }
      var wanted = holdings.map(\.position)
      var reasons = [TradeRecord.Exit](repeating: .decision, count: wanted.count)
      for index in instruments.indices {
        guard let candle = now[index] else {
          if let last = instruments[index].times.last, last < time { fill(index, 0, nil, .delisted, day) }
          wanted[index] = holdings[index].position
          continue
        }
        let open = instruments[index].opens[candle]
        var target = decision(index, candle, by: 0).map { targets[index][$0] } ?? 0
        if rules.sides == .longOnly, target < 0 { target = 0 }
        let holding = holdings[index]
        let side = holding.position > 0 ? 1.0 : -1.0
        if holding.position != 0 {
          if let stop = rules.stopLoss, side * (open - holding.entryPrice * (1 - side * stop)) <= 0 {
            reasons[index] = .stop
          } else if let goal = rules.takeProfit, side * (open - holding.entryPrice * (1 + side * goal)) >= 0 {
            reasons[index] = .takeProfit
          } else if let most = rules.maximumHolding, candle - holding.since >= most {
            reasons[index] = .maximumHolding
          }
          if reasons[index] != .decision { holdings[index].barredSide = side }
        }
        if holdings[index].barredSide * target > 0 {
          target = 0
        } else {
          holdings[index].barredSide = 0
        }
        if dead || stopped {
          target = 0
          if reasons[index] == .decision { reasons[index] = dead ? .killSwitch : .dailyLoss }
        }
        wanted[index] = target
      }
      limit(&wanted, now)
      for index in instruments.indices {
        guard let candle = now[index] else { continue }
        fill(index, wanted[index], candle, reasons[index], day)
      }
      let arrivals = now.indices.map { arrival($0, now[$0], targets[$0]) }
      let marks = takeArrivals(arrivals, now, isStopped: dead || stopped, day)
      for index in instruments.indices {
        guard let candle = now[index] else { continue }
        let candles = instruments[index]
        let position = holdings[index].position
        guard position != 0 else { continue }
        let (side, entry) = (position > 0 ? 1.0 : -1.0, holdings[index].entryPrice)
        let worst = side > 0 ? candles.lows[candle] : candles.highs[candle]
        let extreme = side > 0 ? candles.highs[candle] : candles.lows[candle]
        let best = arrivals[index] == nil ? extreme : candles.closes[candle]
        var left: (price: Double, exit: TradeRecord.Exit)?
        if let goal = rules.takeProfit, side * (best - entry * (1 + side * goal)) >= 0 {
          left = (entry * (1 + side * goal), .takeProfit)
        }
        if let stop = rules.stopLoss, side * (worst - entry * (1 - side * stop)) <= 0 {
          left = (entry * (1 - side * stop), .stop)
        }
        book(index, position * ((left?.price ?? candles.closes[candle]) - marks[index]) / candles.opens[candle], day)
        if let left {
          fill(index, 0, candle, left.exit, day)
          holdings[index].barredSide = side
        }
      }
      peak = max(peak, net)
      if net <= -1 { dead = true }
      if let kill = rules.killSwitch, peak - net >= kill { dead = true }
      if let most = rules.dailyLossLimit, dayBegin - net >= most { stopped = true }
    }
  }

  private mutating func book(_ index: Int, _ earned: Double, _ day: Int64?) {
    gross += earned
    net += earned
    holdings[index].earned += earned
    dayNets[day ?? 0, default: 0] += earned
  }

  private mutating func fill(
    _ index: Int, _ target: Double, _ candle: Int?, _ exit: TradeRecord.Exit, _ day: Int64?, at price: Double? = nil
  ) {
    let old = holdings[index].position
    let change = abs(target - old)
    guard change > 0 else { return }
    let sameSide = old * target > 0
    if sameSide, change < rules.rebalanceBand { return }
    traded += change
    net -= change * rate
    dayNets[day ?? 0, default: 0] -= change * rate
    if sameSide {
      holdings[index].earned -= change * rate
      if let candle, abs(target) > abs(old) {
        let value = abs(old) * holdings[index].entryPrice + change * (price ?? instruments[index].opens[candle])
        holdings[index].entryPrice = value / abs(target)
      }
    } else {
      if old != 0 {
        tradeReturns.append(holdings[index].earned - abs(old) * rate)
        exits.append(exit)
      }
      holdings[index].earned = -abs(target) * rate
      if let candle, target != 0 {
        holdings[index].entryPrice = price ?? instruments[index].opens[candle]
        holdings[index].since = candle
      }
    }
    holdings[index].position = target
  }

  /// Milliseconds from a candle's start to the arrival of a decision.
  private func wait(_ index: Int, _ decision: Int, _ candle: Int) -> Double {
    let times = instruments[index].times
    return Double(times[decision + lag] + length(index) - times[candle]) + delay.milliseconds
  }

  private func length(_ index: Int) -> Int64 {
    delay.candle ?? zip(instruments[index].times, instruments[index].times.dropFirst()).map { $1 - $0 }.min()!
  }

  /// The latest decision that has arrived so many milliseconds after a candle's start.
  private func decision(_ index: Int, _ candle: Int, by elapsed: Double) -> Int? {
    (0..<candle).last { $0 + lag < candle && wait(index, $0, candle) <= elapsed }
  }

  /// A target that arrives within a candle, where it is another one, and when, as a share of the candle.
  private func arrival(_ index: Int, _ candle: Int?, _ targets: [Double]) -> (target: Double, share: Double)? {
    guard let candle, let late = decision(index, candle, by: Double(length(index)).nextDown) else { return nil }
    let early = decision(index, candle, by: 0)
    guard late != early, targets[late] != (early.map { targets[$0] } ?? 0) else { return nil }
    return (targets[late], wait(index, late, candle) / Double(length(index)))
  }

  /// Fills what arrives within the candles.
  ///
  /// - Returns: the price up to which each position has earned by then.
  private mutating func takeArrivals(
    _ arrivals: [(target: Double, share: Double)?], _ now: [Int?], isStopped: Bool, _ day: Int64
  ) -> [Double] {
    var marks = now.indices.map { index in now[index].map { instruments[index].opens[$0] } ?? 0 }
    var wanted = holdings.map(\.position)
    for index in arrivals.indices {
      guard let arrival = arrivals[index], let candle = now[index] else { continue }
      let (holding, open) = (holdings[index], marks[index])
      let side = holding.position > 0 ? 1.0 : -1.0
      if holding.position != 0 {
        let reached = price(index, candle, arrival.share, buys: side < 0)
        let worst = side > 0 ? instruments[index].lows[candle] : instruments[index].highs[candle]
        var left: (price: Double, exit: TradeRecord.Exit)?
        if let goal = rules.takeProfit, side * (reached - holding.entryPrice * (1 + side * goal)) >= 0 {
          left = (holding.entryPrice * (1 + side * goal), .takeProfit)
        }
        if let stop = rules.stopLoss, side * (worst - holding.entryPrice * (1 - side * stop)) <= 0 {
          left = (holding.entryPrice * (1 - side * stop), .stop)
        }
        if let left {
          book(index, holding.position * (left.price - open) / open, day)
          fill(index, 0, candle, left.exit, day)
          holdings[index].barredSide = side
        }
      }
      wanted[index] = rules.sides == .longOnly ? max(arrival.target, 0) : arrival.target
      if holdings[index].barredSide * wanted[index] > 0 { wanted[index] = 0 } else { holdings[index].barredSide = 0 }
      if isStopped { wanted[index] = 0 }
    }
    limit(&wanted, now.indices.map { arrivals[$0] == nil ? nil : now[$0] }, least: 1e-12)
    for index in arrivals.indices {
      guard let arrival = arrivals[index], let candle = now[index] else { continue }
      let price = price(index, candle, arrival.share, buys: wanted[index] > holdings[index].position)
      book(index, holdings[index].position * (price - marks[index]) / instruments[index].opens[candle], day)
      fill(index, wanted[index], candle, .decision, day, at: price)
      marks[index] = price
    }
    return marks
  }

  private func price(_ index: Int, _ candle: Int, _ share: Double, buys: Bool) -> Double {
    let candles = instruments[index]
    switch delay.model {
    case .straight: return (1 - share) * candles.opens[candle] + share * candles.closes[candle]
    case .adverse:
      let extreme = buys ? candles.highs[candle] : candles.lows[candle]
      return (1 - share.squareRoot()) * candles.opens[candle] + share.squareRoot() * extreme
    }
  }

  private func limit(_ wanted: inout [Double], _ now: [Int?], least: Double = 0) {
    let most = rules.limits
    for index in wanted.indices where now[index] != nil {
      if let cap = most.instrument, abs(wanted[index]) > cap { wanted[index] = wanted[index] > 0 ? cap : -cap }
    }
    var (free, stuck) = (0.0, 0.0)
    for index in wanted.indices {
      if now[index] != nil { free += abs(wanted[index]) } else { stuck += abs(wanted[index]) }
    }
    if let cap = most.gross, free + stuck > cap, free > 0 {
      for index in wanted.indices where now[index] != nil { wanted[index] *= (cap - stuck <= least ? 0 : cap - stuck) / free }
    }
    let sum = wanted.reduce(0, +)
    if let cap = most.net, abs(sum) > cap {
      let heavy = wanted.indices.filter { now[$0] != nil && (wanted[$0] > 0) == (sum > 0) && wanted[$0] != 0 }
      let weight = heavy.map { abs(wanted[$0]) }.reduce(0, +)
      let room = weight - (abs(sum) - cap)
      for index in heavy { wanted[index] *= (room <= least ? 0 : room) / weight }
    }
  }
}
