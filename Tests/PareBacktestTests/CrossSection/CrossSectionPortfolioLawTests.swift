import PareBacktest
import PareTensor
import Testing

/// Laws of the portfolio on random panels with late listings, delistings, suspensions, limits, splits and missing scores.
@Suite struct CrossSectionPortfolioLawTests {
  static let rules: [CrossSectionPortfolio] = [
    CrossSectionPortfolio(top: 5, drop: 2),
    CrossSectionPortfolio(top: 8, stampDuty: 5, largestMove: 0.3),
    CrossSectionPortfolio(top: 4, drop: 1, side: .longShort, stampDuty: 10),
    CrossSectionPortfolio(top: 6, drop: 3, side: .longShort, holdingDays: 3, largestMove: 0.3),
    // More slots than shares.
    CrossSectionPortfolio(top: 30, drop: 4, side: .longShort),
    CrossSectionPortfolio(top: 60, drop: 10, holdingDays: 2),
  ]

  @Test(arguments: rules) func aPlainWalkFindsTheSame(rules: CrossSectionPortfolio) throws {
    for seed in 0..<12 as Range<UInt64> {
      let panel = RandomPanel(days: 60, symbols: 40, seed: seed, steps: seed.isMultiple(of: 3) ? 1 : nil)
      let steps = try panel.run(rules).steps
      var plain = PlainCrossSectionPortfolio(rules, panel)
      let days = plain.run()
      #expect(steps.count == days.count)
      let weight = 1 / Double(rules.side == .longOnly ? rules.top : 2 * rules.top)
      for (place, (step, day)) in zip(steps, days).enumerated() {
        let isSame =
          agree(step.gross, day.gross) && agree(step.costs, day.costs) && agree(step.benchmark, day.benchmark)
          && agree(step.traded, weight * Double(day.traded)) && step.longs == day.longs && step.shorts == day.shorts
          && step.blockedBuys == day.blockedBuys && step.blockedSells == day.blockedSells
          && step.discontinuities == day.discontinuities
        #expect(isSame, "seed \(seed), step \(place): \(step) beside \(day)")
      }
      #expect(days.contains { $0.traded > 0 })
    }
  }

  @Test func theRandomPanelsHaveWhatTheyAreFor() throws {
    let results = try Self.rules.flatMap { rules in
      try (0..<12).map { try RandomPanel(days: 60, symbols: 40, seed: $0).run(rules).figures }
    }
    #expect(results.contains { $0.blockedBuys > 5 } && results.contains { $0.blockedSells > 5 })
    #expect(results.contains { $0.discontinuities > 0 } && results.contains { $0.stranded > 0 })
  }

  @Test(arguments: rules) func changingTheFutureLeavesThePastBitIdentical(rules: CrossSectionPortfolio) throws {
    let panel = RandomPanel(days: 60, symbols: 40, seed: 5)
    let other = RandomPanel(days: 60, symbols: 40, seed: 6)
    let base = try panel.run(rules)
    for day in [3, 17, 40, 59] {
      var changed = panel
      for later in day..<60 {
        changed.scores[later] = other.scores[later]
        (changed.open[later], changed.close[later]) = (other.open[later], other.close[later])
        (changed.canBuy[later], changed.canSell[later]) = (other.canBuy[later], other.canSell[later])
      }
      // The step that ends at the open of the day before is the last that is over.
      let result = try changed.run(rules)
      #expect(result.steps.prefix(day - 2) == base.steps.prefix(day - 2))
      #expect(result.trades.filter { $0.session < day } == base.trades.filter { $0.session < day })
      #expect(result.steps != base.steps)
      // Scores of a day decide at the next open at the earliest.
      var rated = panel
      for later in day..<60 { rated.scores[later] = other.scores[later] }
      #expect(try rated.run(rules).steps.prefix(day) == base.steps.prefix(day))
    }
  }

  @Test(arguments: rules) func permutingSymbolsChangesNothing(rules: CrossSectionPortfolio) throws {
    let panel = RandomPanel(days: 60, symbols: 40, seed: 9)
    var generator = SeededGenerator(seed: 4, stream: "order")
    let order = (0..<40).shuffled(using: &generator)
    // Shares without a score are told apart by their places alone, so none lacks one here.
    var full = panel
    for day in full.scores.indices {
      full.scores[day] = full.scores[day].enumerated().map { $1.isNaN ? 0.001 * Double(order[$0]) - 9 : $1 }
    }
    let (fullBase, fullOther) = try (full.run(rules), full.permuted(order).run(rules))
    for (one, two) in zip(fullBase.steps, fullOther.steps) {
      #expect(agree(one.gross, two.gross) && agree(one.benchmark, two.benchmark) && one.costs == two.costs)
      #expect(one.longs == two.longs && one.shorts == two.shorts && one.blockedBuys == two.blockedBuys)
    }
  }

  @Test(arguments: rules) func costsTakeWhatIsTradedAndNothingElse(rules: CrossSectionPortfolio) throws {
    let panel = RandomPanel(days: 60, symbols: 40, seed: 11)
    var (free, dear, dearer) = (rules, rules, rules)
    (free.costs, free.stampDuty) = (.none, 0)
    (dear.costs, dear.stampDuty) = (try TradingCosts(fee: 3, halfSpread: 1, slippage: 2), 5)
    (dearer.costs, dearer.stampDuty) = (try TradingCosts(fee: 6, halfSpread: 2, slippage: 4), 10)
    let (without, with, twice) = try (panel.run(free).steps, panel.run(dear).steps, panel.run(dearer).steps)
    for day in without.indices {
      #expect(without[day].net == without[day].gross && without[day].gross == with[day].gross)
      #expect(twice[day].costs == 2 * with[day].costs && with[day].traded == twice[day].traded)
    }
    free.costs = try TradingCosts(fee: 7, halfSpread: 0, slippage: 0)
    let figures = try panel.run(free).figures
    #expect(agree(figures.costs, figures.turnover * Double(figures.days) * 7 / 10_000))
    // At the break-even cost nothing is left.
    if let rate = figures.breakEvenBasisPoints, rate > 0 {
      free.costs = try TradingCosts(fee: rate, halfSpread: 0, slippage: 0)
      #expect(agree(try panel.run(free).figures.netReturn, 0))
    }
  }

  @Test(arguments: rules) func tradesKeepTheRules(rules: CrossSectionPortfolio) throws {
    for seed in 20..<26 as Range<UInt64> {
      let panel = RandomPanel(days: 60, symbols: 40, seed: seed)
      let result = try panel.run(rules)
      var held: [Int: (weight: Double, since: Int)] = [:]
      for trade in result.trades {
        let (day, symbol) = (trade.session, trade.symbol)
        #expect(!panel.open[day][symbol].isNaN, "nothing trades in a suspension")
        #expect(trade.weight > 0 ? panel.canBuy[day][symbol] : panel.canSell[day][symbol])
        if let holding = held[symbol] {
          #expect(holding.weight == -trade.weight && day - holding.since >= rules.holdingDays)
          held[symbol] = nil
        } else {
          #expect(!panel.scores[day - 1][symbol].isNaN && (rules.side == .longShort || trade.weight > 0))
          held[symbol] = (trade.weight, day)
        }
      }
      #expect(result.steps.allSatisfy { $0.exposure <= 1 + 1e-12 && $0.longs <= rules.top && $0.shorts <= rules.top })
      #expect(result.stranded.allSatisfy { held[$0] != nil && panel.open[59][$0].isNaN && panel.close[59][$0].isNaN })
    }
  }

  @Test func holdingEveryShareEarnsTheUniverse() throws {
    let panel = RandomPanel(days: 50, symbols: 20, seed: 3, isCalm: true)
    let result = try panel.run(CrossSectionPortfolio(top: 20, drop: 5, costs: .none))
    #expect(result.steps.allSatisfy { agree($0.gross, $0.benchmark) && agree($0.excess, 0) })
    #expect(result.figures.informationRatio == nil || abs(result.figures.annualExcess ?? 1) < 1e-12)
  }

  @Test func turningTheScoresRoundTurnsTheLongShortPortfolioRound() throws {
    var panel = RandomPanel(days: 50, symbols: 30, seed: 8, isCalm: true)
    let portfolio = CrossSectionPortfolio(top: 4, drop: 2, side: .longShort, costs: .none)
    let base = try panel.run(portfolio)
    panel.scores = panel.scores.map { $0.map { -$0 } }
    let turned = try panel.run(portfolio)
    #expect(zip(base.steps, turned.steps).allSatisfy { agree($0.gross, -$1.gross) && $0.longs == $1.shorts })
  }

  /// Scores that are the return to come earn more than any others.
  @Test func foresightEarnsAndItsOppositeLoses() throws {
    var panel = RandomPanel(days: 60, symbols: 30, seed: 13, isCalm: true)
    let portfolio = CrossSectionPortfolio(top: 3, costs: .none)
    let chance = try panel.run(portfolio).figures
    for day in 0..<58 { panel.scores[day] = (0..<30).map { panel.open[day + 2][$0] / panel.open[day + 1][$0] - 1 } }
    let oracle = try panel.run(portfolio)
    for day in 0..<58 {
      let best = panel.scores[day].sorted().suffix(3).reduce(0, +) / 3
      #expect(agree(oracle.steps[day].gross, best))
    }
    #expect((oracle.figures.annualExcess ?? 0) > 4 * abs(chance.annualExcess ?? 0))
  }
}
