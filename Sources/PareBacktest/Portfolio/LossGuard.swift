/// Watches the equity at the closes, and says when nothing may be held any more.
struct LossGuard {
  private let dailyLossLimit: Double?
  private let killSwitch: Double?
  private let compounding: Bool

  private(set) var limitedDays = 0
  private(set) var halt: PortfolioResult.Halt?

  private var day = Int64.min
  private var equityAtDayBegin = 0.0
  private var dayIsOver = false
  private var peak: Double

  init(_ rules: TradingRules, _ execution: Execution) {
    dailyLossLimit = rules.dailyLossLimit
    killSwitch = rules.killSwitch
    compounding = execution.sizing == .compounding
    peak = compounding ? 1 : 0
  }

  /// What keeps all flat now.
  var reason: TradeRecord.Exit? { halt != nil ? .killSwitch : dayIsOver ? .dailyLoss : nil }

  /// - Parameter today: the account's day.
  mutating func beginStep(on today: Int64, equity: Double) {
    guard today != day else { return }
    day = today
    equityAtDayBegin = equity
    dayIsOver = false
  }

  /// Takes the equity at the closes of the candles that began at `time`.
  mutating func read(_ equity: Double, at time: Int64) {
    guard halt == nil else { return }
    peak = max(peak, equity)
    if equity <= (compounding ? 0 : -1) {
      halt = PortfolioResult.Halt(reason: .capitalExhausted, time: time)
    } else if let killSwitch, fall(from: peak, to: equity) >= killSwitch {
      halt = PortfolioResult.Halt(reason: .killSwitch, time: time)
    } else if let dailyLossLimit, !dayIsOver, fall(from: equityAtDayBegin, to: equity) >= dailyLossLimit {
      dayIsOver = true
      limitedDays += 1
    }
  }

  private func fall(from high: Double, to equity: Double) -> Double {
    compounding ? (high - equity) / high : high - equity
  }
}
