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

  private(set) var gross = 0.0
  private(set) var net = 0.0
  private(set) var traded = 0.0
  private(set) var tradeReturns: [Double] = []
  private(set) var exits: [TradeRecord.Exit] = []
  private(set) var dayNets: [Int64: Double] = [:]
  private var holdings: [Holding]

  init(_ instruments: [TradedCandles], rules: TradingRules, rate: Double, lag: Int) {
    self.instruments = instruments
    self.rules = rules
    self.rate = rate
    self.lag = lag
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
        guard candle - 1 - lag >= 0 else { continue }
        let open = instruments[index].opens[candle]
        var target = targets[index][candle - 1 - lag]
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
        if candle - 1 - lag >= 0 { fill(index, wanted[index], candle, reasons[index], day) }
      }
      for index in instruments.indices {
        guard let candle = now[index] else { continue }
        let candles = instruments[index]
        let position = holdings[index].position
        guard position != 0 else { continue }
        let (side, entry) = (position > 0 ? 1.0 : -1.0, holdings[index].entryPrice)
        let worst = side > 0 ? candles.lows[candle] : candles.highs[candle]
        let best = side > 0 ? candles.highs[candle] : candles.lows[candle]
        var left: (price: Double, exit: TradeRecord.Exit)?
        if let goal = rules.takeProfit, side * (best - entry * (1 + side * goal)) >= 0 {
          left = (entry * (1 + side * goal), .takeProfit)
        }
        if let stop = rules.stopLoss, side * (worst - entry * (1 - side * stop)) <= 0 {
          left = (entry * (1 - side * stop), .stop)
        }
        book(index, position * ((left?.price ?? candles.closes[candle]) / candles.opens[candle] - 1), day)
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

  private mutating func fill(_ index: Int, _ target: Double, _ candle: Int?, _ exit: TradeRecord.Exit, _ day: Int64?) {
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
        let value = abs(old) * holdings[index].entryPrice + change * instruments[index].opens[candle]
        holdings[index].entryPrice = value / abs(target)
      }
    } else {
      if old != 0 {
        tradeReturns.append(holdings[index].earned - abs(old) * rate)
        exits.append(exit)
      }
      holdings[index].earned = -abs(target) * rate
      if let candle, target != 0 {
        holdings[index].entryPrice = instruments[index].opens[candle]
        holdings[index].since = candle
      }
    }
    holdings[index].position = target
  }

  private func limit(_ wanted: inout [Double], _ now: [Int?]) {
    let most = rules.limits
    for index in wanted.indices where now[index] != nil {
      if let cap = most.instrument, abs(wanted[index]) > cap { wanted[index] = wanted[index] > 0 ? cap : -cap }
    }
    var (free, stuck) = (0.0, 0.0)
    for index in wanted.indices {
      if now[index] != nil { free += abs(wanted[index]) } else { stuck += abs(wanted[index]) }
    }
    if let cap = most.gross, free + stuck > cap, free > 0 {
      for index in wanted.indices where now[index] != nil { wanted[index] *= max(cap - stuck, 0) / free }
    }
    let sum = wanted.reduce(0, +)
    if let cap = most.net, abs(sum) > cap {
      let heavy = wanted.indices.filter { now[$0] != nil && (wanted[$0] > 0) == (sum > 0) && wanted[$0] != 0 }
      let weight = heavy.map { abs(wanted[$0]) }.reduce(0, +)
      for index in heavy { wanted[index] *= max(weight - (abs(sum) - cap), 0) / weight }
    }
  }
}
