/// The shares held on one side of a portfolio, and which of them the scores of a day replace: top-k with drop-n.
///
/// On the short side scores count the other way round, so that the best is the lowest.
struct SideBook {
  /// What one day's scores ask for at the next open.
  struct Plan {
    /// Held shares to be got rid of, those that could not be before among them.
    var exits: [Int]
    /// Shares to be taken, best first: one for each slot that is free once all exits are filled.
    var entries: [Int]
  }

  /// What became of a plan.
  struct Fills {
    var exits: [Int] = []
    var entries: [Int] = []
    var blockedExits = 0
    var blockedEntries = 0
  }

  let isShort: Bool
  let slots: Int
  let drop: Int
  /// Sessions from an entry to the first exit allowed.
  let holdingDays: Int
  /// In the order of their entries.
  private(set) var held: [Int] = []
  /// By symbol: the session of the entry; nil of a share that is not held.
  private var entered: [Int?]
  /// Held shares whose exit was decided and has not been filled.
  private var leaving: Set<Int> = []

  init(isShort: Bool, symbols: Int, slots: Int, drop: Int, holdingDays: Int) {
    (self.isShort, self.slots, self.drop, self.holdingDays) = (isShort, slots, drop, holdingDays)
    entered = [Int?](repeating: nil, count: symbols)
  }

  func holds(_ symbol: Int) -> Bool { entered[symbol] != nil }

  /// - Parameters:
  ///   - scores: by symbol, NaN for none.
  ///   - session: at whose open the plan would be filled.
  ///   - isTaken: whether the other side holds a share, which is no candidate then.
  func plan(_ scores: [Double], session: Int, isTaken: (Int) -> Bool) -> Plan {
    let worth = isShort ? scores.map { -$0 } : scores
    // Best first; equal scores by symbol; shares without a score last.
    func isBetter(_ one: Int, _ other: Int) -> Bool {
      let (left, right) = (worth[one], worth[other])
      if left.isNaN || right.isNaN { return left.isNaN == right.isNaN ? one < other : right.isNaN }
      return left == right ? one < other : left > right
    }
    let staying = held.filter { !leaving.contains($0) }
    let candidates = worth.indices.filter { !worth[$0].isNaN && !holds($0) && !isTaken($0) }
    let best = Self.first(drop + slots - staying.count, of: candidates, by: isBetter)
    // As many as there is something to replace them with: where candidates are plenty, the last `drop`.
    let worst = Set((staying + best).sorted(by: isBetter).dropFirst(slots))
    let dropped = staying.filter { worst.contains($0) && session - (entered[$0] ?? session) >= holdingDays }
    return Plan(
      exits: held.filter(leaving.contains) + dropped, entries: Array(best.prefix(dropped.count + slots - staying.count)))
  }

  /// The first `count` of some symbols in an order, without ordering the rest where that is most of them.
  private static func first(_ count: Int, of symbols: [Int], by isBetter: (Int, Int) -> Bool) -> [Int] {
    guard count < symbols.count / 8 else { return Array(symbols.sorted(by: isBetter).prefix(count)) }
    var best: [Int] = []
    for symbol in symbols {
      if best.count == count {
        guard let last = best.last, isBetter(symbol, last) else { continue }
        best.removeLast()
      }
      var place = best.count
      while place > 0, isBetter(symbol, best[place - 1]) { place -= 1 }
      best.insert(symbol, at: place)
    }
    return best
  }

  /// Fills exits, then entries as long as slots are free; the rest stays as it is.
  mutating func fill(_ plan: Plan, session: Int, canExit: (Int) -> Bool, canEnter: (Int) -> Bool) -> Fills {
    var fills = Fills()
    for symbol in plan.exits {
      if canExit(symbol) {
        entered[symbol] = nil
        leaving.remove(symbol)
        fills.exits.append(symbol)
      } else {
        leaving.insert(symbol)
        fills.blockedExits += 1
      }
    }
    held = held.filter(holds)
    for symbol in plan.entries where held.count < slots {
      if canEnter(symbol) {
        entered[symbol] = session
        held.append(symbol)
        fills.entries.append(symbol)
      } else {
        fills.blockedEntries += 1
      }
    }
    return fills
  }
}
