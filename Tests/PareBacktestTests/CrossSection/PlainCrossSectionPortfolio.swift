import PareBacktest

/// The portfolio of a cross-section once more, plainly: every price looked up anew from the last day back, every choice by asking
/// for the best of what is left. It shares nothing with the program but its inputs.
struct PlainCrossSectionPortfolio {
  struct Day: Equatable {
    var gross = 0.0
    var costs = 0.0
    var traded = 0
    var benchmark = 0.0
    var longs = 0
    var shorts = 0
    var blockedBuys = 0
    var blockedSells = 0
    var discontinuities = 0
  }

  private struct Holding {
    let symbol: Int
    let side: Double
    let since: Int
    var mustGo = false
  }

  let rules: CrossSectionPortfolio
  let panel: RandomPanel
  private var holdings: [Holding] = []

  init(_ rules: CrossSectionPortfolio, _ panel: RandomPanel) {
    (self.rules, self.panel) = (rules, panel)
  }

  /// What is known of a price at the open of a day.
  private func price(_ symbol: Int, at day: Int) -> Double? {
    for earlier in stride(from: day, through: 0, by: -1) {
      if !panel.open[earlier][symbol].isNaN { return panel.open[earlier][symbol] }
      if earlier > 0, !panel.close[earlier - 1][symbol].isNaN { return panel.close[earlier - 1][symbol] }
    }
    return nil
  }

  /// The best of some symbols, for a side; without a score a symbol is the worst.
  private func best(of symbols: Set<Int>, _ scores: [Double], _ side: Double) -> Int? {
    symbols.min { one, other in
      let (left, right) = (scores[one].isNaN ? -.infinity : side * scores[one], scores[other].isNaN ? -.infinity : side * scores[other])
      return left != right ? left > right : one < other
    }
  }

  private func ranked(_ symbols: Set<Int>, _ scores: [Double], _ side: Double) -> [Int] {
    var (left, order) = (symbols, [Int]())
    while let next = best(of: left, scores, side) {
      order.append(next)
      left.remove(next)
    }
    return order
  }

  mutating func run() -> [Day] {
    let sides: [Double] = rules.side == .longOnly ? [1] : [1, -1]
    let weight = 1 / Double(rules.top * sides.count)
    return (1..<panel.open.count - 1).map { day in
      var result = Day()
      let scores = panel.scores[day - 1]
      let owned = Set(holdings.map(\.symbol))
      var wishes: [[Int]] = []
      for side in sides {
        let staying = Set(holdings.filter { $0.side == side && !$0.mustGo }.map(\.symbol))
        let free = Set(scores.indices.filter { !scores[$0].isNaN && !owned.contains($0) })
        let newcomers = Array(ranked(free, scores, side).prefix(rules.drop + rules.top - staying.count))
        let last = ranked(staying.union(newcomers), scores, side)
          .suffix(max(0, staying.count + newcomers.count - rules.top))
        var goers = 0
        for place in holdings.indices where holdings[place].side == side && !holdings[place].mustGo {
          if last.contains(holdings[place].symbol), day >= holdings[place].since + rules.holdingDays {
            holdings[place].mustGo = true
            goers += 1
          }
        }
        wishes.append(Array(newcomers.prefix(rules.top - staying.count + goers)))
      }
      for (place, side) in sides.enumerated() {
        let others = sides.count == 2 ? Set(wishes[1 - place]) : []
        // Out.
        var bought = 0
        var sold = 0
        for holding in holdings where holding.side == side && holding.mustGo {
          let allowed = side > 0 ? panel.canSell[day][holding.symbol] : panel.canBuy[day][holding.symbol]
          if allowed, !panel.open[day][holding.symbol].isNaN {
            holdings.removeAll { $0.symbol == holding.symbol }
            if side > 0 { sold += 1 } else { bought += 1 }
          } else if side > 0 {
            result.blockedSells += 1
          } else {
            result.blockedBuys += 1
          }
        }
        // In.
        for symbol in wishes[place] where !others.contains(symbol) {
          if holdings.count(where: { $0.side == side }) == rules.top { break }
          let allowed = side > 0 ? panel.canBuy[day][symbol] : panel.canSell[day][symbol]
          if allowed, !panel.open[day][symbol].isNaN {
            holdings.append(Holding(symbol: symbol, side: side, since: day))
            if side > 0 { bought += 1 } else { sold += 1 }
          } else if side > 0 {
            result.blockedBuys += 1
          } else {
            result.blockedSells += 1
          }
        }
        result.traded += bought + sold
        result.costs += weight * Double(bought + sold) * rules.costs.basisPointsPerSide / 10_000
        result.costs += weight * Double(sold) * rules.stampDuty / 10_000
      }
      func move(_ symbol: Int) -> Double {
        guard let from = price(symbol, at: day), let to = price(symbol, at: day + 1) else { return 0 }
        let move = to / from - 1
        if let most = rules.largestMove, abs(move) > most { return 0 }
        return move
      }
      for holding in holdings {
        result.gross += holding.side * weight * move(holding.symbol)
        if holding.side > 0 { result.longs += 1 } else { result.shorts += 1 }
        if let most = rules.largestMove, let from = price(holding.symbol, at: day), let to = price(holding.symbol, at: day + 1),
          abs(to / from - 1) > most
        {
          result.discontinuities += 1
        }
      }
      let universe = scores.indices.filter {
        !panel.open[day][$0].isNaN && (panel.canBuy[day][$0] || panel.canSell[day][$0])
      }
      for symbol in universe { result.benchmark += move(symbol) / Double(universe.count) }
      return result
    }
  }
}
