import PareBacktest
import PareTensor

/// Prices and scores by day and symbol, as rows that a test may change.
struct RandomPanel {
  var scores: [[Double]]
  var open: [[Double]]
  var close: [[Double]]
  var canBuy: [[Bool]]
  var canSell: [[Bool]]

  init(scores: [[Double]], open: [[Double]], close: [[Double]]? = nil) {
    (self.scores, self.open, self.close) = (scores, open, close ?? open)
    (canBuy, canSell) = (open.map { $0.map { _ in true } }, open.map { $0.map { _ in true } })
  }

  /// Shares that wander: some are listed late or delisted, some suspended for days, some open at a limit, some split; scores are
  /// missing here and there, and with `steps` many are equal.
  init(days: Int, symbols: Int, seed: UInt64, steps: Double? = nil, isCalm: Bool = false) {
    var generator = SeededGenerator(seed: seed, stream: "shares")
    let nothing = [[Double]](repeating: [Double](repeating: .nan, count: symbols), count: days)
    self.init(scores: nothing, open: nothing)
    for symbol in 0..<symbols {
      var price = 5 + 50 * generator.uniform()
      let listed = !isCalm && generator.below(5) == 0 ? generator.below(days) : 0
      let delisted = !isCalm && generator.below(8) == 0 ? generator.below(days) : days
      var suspended = 0
      var taste = generator.normal()
      for day in 0..<days {
        let (first, second, third) = (generator.normal(), generator.normal(), generator.normal())
        let (luck, limit, split) = (generator.below(25), generator.below(12), generator.below(60))
        price *= 1 + 0.01 * first
        if !isCalm, split == 0 { price /= 2 }
        let opening = price
        price *= 1 + 0.015 * second
        taste = 0.8 * taste + third
        scores[day][symbol] = steps.map { (taste / $0).rounded() * $0 } ?? taste
        if isCalm {
          (open[day][symbol], close[day][symbol]) = (opening, price)
          continue
        }
        if suspended == 0, luck == 0 { suspended = 1 + generator.below(6) }
        if luck == 3 { scores[day][symbol] = .nan }
        suspended = max(suspended - 1, 0)
        guard day >= listed, day < delisted, suspended == 0 else { continue }
        open[day][symbol] = opening
        close[day][symbol] = luck == 1 ? .nan : price
        canBuy[day][symbol] = limit != 0
        canSell[day][symbol] = limit != 1
      }
    }
  }

  /// Symbols in another order: the i-th is the `order[i]`-th of before.
  func permuted(_ order: [Int]) -> RandomPanel {
    var other = self
    for day in scores.indices {
      other.scores[day] = order.map { scores[day][$0] }
      other.open[day] = order.map { open[day][$0] }
      other.close[day] = order.map { close[day][$0] }
      other.canBuy[day] = order.map { canBuy[day][$0] }
      other.canSell[day] = order.map { canSell[day][$0] }
    }
    return other
  }

  func run(_ portfolio: CrossSectionPortfolio) throws -> CrossSectionResult {
    let symbols = scores[0].count
    return try portfolio.run(
      scores: DailyPanel(symbols: symbols, values: scores.flatMap(\.self)),
      prices: PanelPrices(
        symbols: symbols, open: open.flatMap(\.self), close: close.flatMap(\.self), canBuy: canBuy.flatMap(\.self),
        canSell: canSell.flatMap(\.self)))
  }
}
