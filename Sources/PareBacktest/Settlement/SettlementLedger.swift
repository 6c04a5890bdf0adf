/// What cannot be sold yet, and what sales have not brought in yet.
struct SettlementLedger {
  private let rule: Settlement?
  /// Days of the calendar that went before.
  private var today = -1
  /// Per instrument, what was bought and may not be sold yet, by its day.
  private var purchases: [[(day: Int, amount: Double)]]
  private var proceeds: [(day: Int, amount: Double)] = []

  init(_ rule: Settlement?, instruments: Int) {
    self.rule = rule
    purchases = [[(day: Int, amount: Double)]](repeating: [], count: instruments)
  }

  var isBinding: Bool { rule != nil }

  mutating func begin(day: Int) {
    guard let rule, day != today else { return }
    today = day
    for index in purchases.indices { purchases[index].removeAll { $0.day + rule.holdingDays <= day } }
    if let cashDays = rule.cashDays { proceeds.removeAll { $0.day + cashDays <= day } }
  }

  /// How much of a position may not be sold today.
  func locked(_ index: Int) -> Double { purchases[index].reduce(0) { $0 + $1.amount } }

  /// Keeps wanted positions from falling below what may not be sold, brings the rest within the limits, and shrinks all
  /// that is bought by one factor to the cash there is.
  func apply(_ limits: ExposureLimits, to wanted: inout [Double], movable: [Bool], _ states: [InstrumentState]) {
    // Positions that the limits would cut into what may not be sold stay there, and the limits are laid on the others.
    var free = movable
    while true {
      var limited = wanted
      limits.apply(to: &limited, movable: free)
      var isDone = true
      for index in wanted.indices where free[index] && !purchases[index].isEmpty {
        let least = min(locked(index), states[index].book.position)
        guard limited[index] < least else { continue }
        wanted[index] = least
        free[index] = false
        isDone = false
      }
      guard isDone else { continue }
      wanted = limited
      break
    }
    spend(&wanted, states)
  }

  private func spend(_ wanted: inout [Double], _ states: [InstrumentState]) {
    guard let cashDays = rule?.cashDays else { return }
    var (kept, sold, bought) = (0.0, 0.0, 0.0)
    for (state, target) in zip(states, wanted) {
      let position = state.book.position
      kept += min(position, target)
      sold += max(position - target, 0)
      bought += max(target - position, 0)
    }
    let awaited = proceeds.reduce(cashDays > 0 ? sold : 0) { $0 + $1.amount }
    let cash = max(1 - kept - awaited, 0)
    guard bought > cash else { return }
    for index in wanted.indices {
      let position = states[index].book.position
      if wanted[index] > position { wanted[index] = position + (wanted[index] - position) * cash / bought }
    }
  }

  /// Takes a change of position. What is closed because the candles end is sold whatever binds it.
  mutating func note(_ index: Int, from before: Double, to after: Double) {
    guard let rule else { return }
    let change = max(after, 0) - max(before, 0)
    if after <= 0 { purchases[index].removeAll() }
    if change > 0, rule.holdingDays > 0 { purchases[index].append((today, change)) }
    if change < 0, let cashDays = rule.cashDays, cashDays > 0 { proceeds.append((today, -change)) }
  }
}
