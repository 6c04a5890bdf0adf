/// Keeps the books of one run, step by step.
struct Account {
  /// Costs a side as a share of the notional traded.
  private let rate: Double
  private let compounding: Bool
  private let everyDay: Bool

  private(set) var steps = 0
  private(set) var grossEquity: Double
  private(set) var netEquity: Double
  private(set) var costs = 0.0
  private(set) var tradedNotional = 0.0
  /// Gross return with returns added, however positions are sized.
  private(set) var addedGross = 0.0
  private(set) var maxDrawdown = 0.0
  private(set) var trades = 0
  private(set) var winningTrades = 0
  private(set) var daily: [DailyReturn] = []

  private var position: Int8 = 0
  private var tradeReturn = 0.0
  private var peak: Double
  private var day = Int64.min
  /// First instant of the day after `day`.
  private var dayEnd = Int64.min
  /// What today has earned: a sum, or a product when compounding.
  private var grossToday: Double
  private var netToday: Double

  /// A fixed notional counts from 0, compounding from 1.
  let initialEquity: Double

  init(rate: Double, execution: Execution) {
    self.rate = rate
    compounding = execution.sizing == .compounding
    everyDay = execution.calendar == .everyDay
    initialEquity = compounding ? 1 : 0
    grossEquity = initialEquity
    netEquity = initialEquity
    peak = initialEquity
    grossToday = initialEquity
    netToday = initialEquity
  }

  var grossReturn: Double { grossEquity - initialEquity }
  var netReturn: Double { netEquity - initialEquity }

  /// Takes `target` at `time`, paying for the change, and earns `change` on it.
  mutating func hold(_ target: Int8, earning change: Double, at time: Int64) {
    if time >= dayEnd { beginDay(of: time) }
    if target != position { trade(to: target) }
    let earned = Double(target) * change
    addedGross += earned
    tradeReturn += earned
    if compounding {
      let factor = max(1 + earned, 0)
      grossEquity *= factor
      netEquity *= factor
      grossToday *= factor
      netToday *= factor
    } else {
      grossEquity += earned
      netEquity += earned
      grossToday += earned
      netToday += earned
    }
    noteDrawdown()
    steps += 1
  }

  /// Closes whatever is held, at cost, and ends the last day.
  mutating func close() {
    if position != 0 {
      trade(to: 0)
      noteDrawdown()
    }
    endDay()
  }

  private mutating func trade(to target: Int8) {
    let leaving = Double(abs(Int(position)))
    let entering = Double(abs(Int(target)))
    let traded = Double(abs(Int(target) - Int(position)))
    tradedNotional += traded
    if compounding {
      let kept = max(1 - traded * rate, 0)
      costs += netEquity * (1 - kept)
      netEquity *= kept
      netToday *= kept
    } else {
      costs += traded * rate
      netEquity -= traded * rate
      netToday -= traded * rate
    }
    if position != 0 {
      trades += 1
      if tradeReturn - leaving * rate > 0 { winningTrades += 1 }
    }
    tradeReturn = -entering * rate
    position = target
  }

  private mutating func noteDrawdown() {
    peak = max(peak, netEquity)
    let fall = peak - netEquity
    maxDrawdown = max(maxDrawdown, compounding ? fall / peak : fall)
  }

  private mutating func beginDay(of time: Int64) {
    let length: Int64 = 86_400_000
    let begun = time - time % length
    if day != .min {
      endDay()
      if everyDay {
        for flat in stride(from: day + length, to: begun, by: Int(length)) {
          daily.append(DailyReturn(day: flat, gross: 0, net: 0))
        }
      }
    }
    day = begun
    dayEnd = begun + length
    grossToday = initialEquity
    netToday = initialEquity
  }

  private mutating func endDay() {
    daily.append(DailyReturn(day: day, gross: grossToday - initialEquity, net: netToday - initialEquity))
  }
}
