/// The money of one run, step by step: equity before and after costs, the days, the greatest fall.
struct Account {
  private let compounding: Bool
  private let days: TradingDays

  private(set) var steps = 0
  private(set) var grossEquity: Double
  private(set) var netEquity: Double
  private(set) var costs = 0.0
  /// Funding and borrowing paid, less what was received.
  private(set) var financing = 0.0
  /// Gross return with returns added, however positions are sized.
  private(set) var addedGross = 0.0
  private(set) var drawdown: Drawdown
  private(set) var daily: [DailyReturn] = []

  /// The day that is under way, as its date's midnight UTC.
  private(set) var day = Int64.min
  /// First instant from which another day may be.
  private var dayEnd = Int64.min
  /// What today has earned: a sum, or a product when compounding.
  private var grossToday: Double
  private var netToday: Double
  private var activityToday = Activity()

  /// What a day did, besides what it earned.
  private struct Activity {
    var traded = 0.0
    var held = 0.0
    var steps = 0
    var trades = 0
  }

  /// A fixed notional counts from 0, compounding from 1.
  let initialEquity: Double

  init(_ execution: Execution, days: TradingDays) {
    compounding = execution.sizing == .compounding
    self.days = days
    initialEquity = compounding ? 1 : 0
    grossEquity = initialEquity
    netEquity = initialEquity
    drawdown = Drawdown(from: initialEquity, ofPeak: compounding)
    grossToday = initialEquity
    netToday = initialEquity
  }

  /// Days of the calendar before the one that is under way.
  var daysBefore: Int { daily.count }
  var grossReturn: Double { grossEquity - initialEquity }
  var netReturn: Double { netEquity - initialEquity }

  /// Begins a step at `time`, and its day where that is a new one.
  mutating func beginStep(at time: Int64) {
    if time >= dayEnd { beginDay(of: time) }
    if steps == 0 { drawdown.note(netEquity, at: time) }
  }

  /// Takes the cost of trading so much notional: a share of the notional, or of the equity when compounding.
  mutating func pay(_ share: Double, trading notional: Double) {
    costs += take(share)
    activityToday.traded += notional
  }

  /// Counts a trade that ended.
  mutating func endTrade() { activityToday.trades += 1 }

  /// Counts a step with so much held: Σ |position|.
  mutating func hold(_ exposure: Double) {
    activityToday.held += exposure
    activityToday.steps += 1
  }

  /// Takes what a position pays for being held, or gives what it receives.
  mutating func finance(_ share: Double) {
    financing += take(share)
  }

  /// Adds what the step's positions earned, as a share of the notional or of the equity.
  mutating func earn(_ earned: Double) {
    addedGross += earned
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
  }

  /// Ends the step at `time`, where equity is read.
  mutating func endStep(at time: Int64) {
    drawdown.note(netEquity, at: time)
    steps += 1
  }

  /// Reads the equity once more after the closing costs, and ends the last day.
  mutating func close(at time: Int64) {
    drawdown.note(netEquity, at: time)
    drawdown.end(at: time)
    endDay()
  }

  /// What net equity comes to once it has earned so much more.
  func netEquity(earning earned: Double) -> Double {
    compounding ? netEquity * max(1 + earned, 0) : netEquity + earned
  }

  /// Takes a share of the notional or of the equity, and tells what that was.
  private mutating func take(_ share: Double) -> Double {
    guard compounding else {
      netEquity -= share
      netToday -= share
      return share
    }
    let kept = max(1 - share, 0)
    let taken = netEquity * (1 - kept)
    netEquity *= kept
    netToday *= kept
    return taken
  }

  private mutating func beginDay(of time: Int64) {
    let (begun, end) = days.day(of: time)
    if day != .min {
      endDay()
      for flat in days.between(day, begun) { daily.append(DailyReturn(day: flat, gross: 0, net: 0)) }
    }
    day = begun
    dayEnd = end
    grossToday = initialEquity
    netToday = initialEquity
    activityToday = Activity()
  }

  private mutating func endDay() {
    daily.append(
      DailyReturn(
        day: day, gross: grossToday - initialEquity, net: netToday - initialEquity, traded: activityToday.traded,
        held: activityToday.held, steps: activityToday.steps, trades: activityToday.trades))
  }
}
