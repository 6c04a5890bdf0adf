import PareBacktest
import PareTensor
import Testing

@Suite struct CrossSectionMetricsTests {
  private func metrics(_ scores: [Double], _ returns: [Double], symbols: Int, quantile: Double = 0.1) throws -> CrossSectionMetrics {
    try CrossSectionMetrics(
      scores: DailyPanel(symbols: symbols, values: scores), returns: DailyPanel(symbols: symbols, values: returns), quantile: quantile)
  }

  /// Symbols whose scores know something, with holes; no two scores of a day are equal.
  private static func panel(days: Int = 40, symbols: Int = 30, seed: UInt64 = 7) -> (scores: [Double], returns: [Double]) {
    var generator = SeededGenerator(seed: seed, stream: "panel")
    var (scores, returns) = ([Double](), [Double]())
    for _ in 0..<days * symbols {
      let score = generator.normal()
      scores.append(generator.below(10) == 0 ? .nan : score)
      returns.append(generator.below(10) == 0 ? .nan : 0.02 * (0.2 * score + generator.normal()))
    }
    return (scores, returns)
  }

  @Test func aDayEqualsTheOneWorkedOutByHand() throws {
    let day = try metrics([1, 2, 3, 4], [1, 0, 3, 4], symbols: 4, quantile: 0.25)
    #expect(agree(day.ic.mean, 6 / (5.0 * 10).squareRoot()) && agree(day.rankIC.mean, 0.8))
    // The best alone earned 4, the worst alone 1.
    #expect(agree(day.spread.mean, 3))
    // Medians 2.5 and 2: both low, both low, both high, both high.
    #expect(day.direction.right == 4 && day.direction.counted == 4 && day.direction.skill == 0.5)
    #expect(day.days == 1 && day.pairs == 4 && day.ic.days == 1)
    let other = try metrics([1, 2, 3, 4], [3, 0, 1, 4], symbols: 4, quantile: 0.5)
    #expect(other.direction.right == 2 && other.direction.skill == 0 && agree(other.spread.mean, 1))
  }

  @Test func equalScoresShareRanksAndTheCutOfTheQuantile() throws {
    let day = try metrics([5, 5, 7], [0.1, 0.2, 0.9], symbols: 3, quantile: 0.5)
    #expect(agree(day.rankIC.mean, 1.5 / (1.5 * 2).squareRoot()))
    // 1.5 symbols a side: 0.9 and a quarter of each of the others, (0.9 + 0.025 + 0.05) / 1.5; three quarters of each, 0.15.
    #expect(agree(day.spread.mean, 0.65 - 0.15))
    // 5 is the median: only the third counts, and 0.2 is the median of the returns.
    #expect(day.direction.counted == 1 && day.direction.right == 1)
  }

  @Test func aTenthOfAFewSymbolsIsThePartOfOne() throws {
    let day = try metrics([1, 2, 3, 4], [1, 0, 3, 4], symbols: 4, quantile: 0.1)
    #expect(agree(day.spread.mean, 3))
  }

  @Test func daysThatSayNothingKeepTheirPlace() throws {
    let nan = Double.nan
    let metrics = try metrics(
      [1, 2, 3, nan, 1, 2, 5, 5, 5, 1, 2, 3, 3, 2, 1], [1, 2, 3, 1, nan, 2, 1, 2, 3, 4, 4, 4, 1, 2, 4], symbols: 3)
    #expect(metrics.ic.values.map { $0 == nil } == [false, true, true, true, false])
    #expect(metrics.rankIC.values.map { $0 == nil } == [false, true, true, true, false])
    #expect(metrics.spread.values.map { $0 == nil } == [false, true, true, true, false])
    #expect(agree(metrics.rankIC.mean, 0) && metrics.ic.days == 2 && metrics.days == 5 && metrics.pairs == 13)
    // 1 and −1: deviation √2.
    #expect(agree(metrics.rankIC.ratio, 0) && agree(metrics.rankIC.deviation, 2.0.squareRoot()))
    let none = try self.metrics([], [], symbols: 3)
    #expect(none.ic.mean == nil && none.ic.ratio == nil && none.direction.accuracy == nil && none.direction.skill == nil)
  }

  @Test func aRandomPanelEqualsThePeers() throws {
    var draws = PeerSeries(seed: 21)
    var (scores, returns) = ([Double](), [Double]())
    for _ in 0..<120 {
      let drawn = (0..<25).map { _ in Double(Int(8 * draws.uniform())) }
      scores += drawn
      returns += drawn.map { 0.1 * $0 + draws.bell() }
    }
    let metrics = try metrics(scores, returns, symbols: 25)
    #expect(agree(metrics.ic.mean, PeerFigures.panel["ic"]) && agree(metrics.rankIC.mean, PeerFigures.panel["rank_ic"]))
    #expect(agree(metrics.ic.ratio, PeerFigures.panel["icir"]) && agree(metrics.rankIC.ratio, PeerFigures.panel["rank_icir"]))
  }

  @Test func affineMapsLeaveTheICAndMonotoneOnesTheRanks() throws {
    let (scores, returns) = Self.panel()
    let base = try metrics(scores, returns, symbols: 30)
    let affine = try metrics(scores.map { 3 * $0 - 20 }, returns, symbols: 30)
    let negative = try metrics(scores.map { -0.5 * $0 }, returns, symbols: 30)
    let cubed = try metrics(scores.map { $0 * $0 * $0 }, returns, symbols: 30)
    for day in 0..<40 {
      #expect(agree(affine.ic.values[day], base.ic.values[day], within: 1e-10))
      #expect(agree(negative.ic.values[day], base.ic.values[day].map { -$0 }))
      #expect(cubed.rankIC.values[day] == base.rankIC.values[day] && affine.rankIC.values[day] == base.rankIC.values[day])
      #expect(cubed.spread.values[day] == base.spread.values[day])
    }
    #expect(affine.direction == base.direction)
    #expect(!agree(cubed.ic.mean, base.ic.mean, within: 1e-3))
  }

  @Test func permutingSymbolsChangesNothing() throws {
    let (scores, returns) = Self.panel()
    var generator = SeededGenerator(seed: 2, stream: "order")
    let order = (0..<30).shuffled(using: &generator)
    func permuted(_ values: [Double]) -> [Double] { values.indices.map { values[$0 / 30 * 30 + order[$0 % 30]] } }
    // Many equal scores, cut by the quantile.
    let coarse = scores.map { ($0 * 2).rounded() }
    for scores in [scores, coarse] {
      let (base, other) = try (
        metrics(scores, returns, symbols: 30), metrics(permuted(scores), permuted(returns), symbols: 30)
      )
      for day in 0..<40 {
        #expect(agree(other.ic.values[day], base.ic.values[day]) && agree(other.rankIC.values[day], base.rankIC.values[day]))
        #expect(agree(other.spread.values[day], base.spread.values[day]))
      }
      #expect(other.direction == base.direction && other.pairs == base.pairs)
    }
  }

  @Test func aMaskedSymbolInfluencesNothing() throws {
    let (scores, returns) = Self.panel()
    let returnsPanel = try DailyPanel(symbols: 30, values: returns)
    let mask = scores.indices.map { $0 % 7 != 3 && !scores[$0].isNaN }
    let base = try CrossSectionMetrics(scores: DailyPanel(symbols: 30, values: scores, mask: mask), returns: returnsPanel)
    let shouted = zip(scores, mask).map { $1 ? $0 : 1e9 }
    let other = try CrossSectionMetrics(scores: DailyPanel(symbols: 30, values: shouted, mask: mask), returns: returnsPanel)
    #expect(other == base)
    // Nor does the return of a symbol without a score.
    let gains = zip(returns, mask).map { $1 ? $0 : 1e9 }
    #expect(
      try CrossSectionMetrics(
        scores: DailyPanel(symbols: 30, values: scores, mask: mask), returns: DailyPanel(symbols: 30, values: gains)) == base)
  }

  @Test func fidelityIsTheRankCorrelationOfTwoModels() throws {
    let one = try DailyPanel(symbols: 3, values: [1, 2, 3, 1, 2, 3, .nan, 2, 3] as [Float])
    let other = try DailyPanel(symbols: 3, values: [10, 20, 90, 3, 2, 1, 1, 2, 3] as [Double])
    let fidelity = try CrossSectionMetrics.fidelity(of: one, to: other)
    #expect(fidelity.values.count == 3 && agree(fidelity.values[0], 1) && agree(fidelity.values[1], -1) && fidelity.values[2] == nil)
  }

  @Test func panelsThatDoNotFitAreRefused() throws {
    #expect(errorCode { _ = try DailyPanel(symbols: 3, values: [1, 2] as [Double]) } == "backtest.panel")
    #expect(errorCode { _ = try DailyPanel(symbols: 0, values: [] as [Double]) } == "backtest.panel")
    #expect(errorCode { _ = try DailyPanel(symbols: 2, values: [1, .infinity] as [Float]) } == "backtest.panel")
    #expect(errorCode { _ = try DailyPanel(symbols: 2, values: [1, 2] as [Double], mask: [true]) } == "backtest.panel")
    #expect(errorCode { _ = try metrics([1, 2], [1, 2, 3, 4], symbols: 2) } == "backtest.panel")
    #expect(errorCode { _ = try metrics([1, 2], [1, 2], symbols: 2, quantile: 0.6) } == "backtest.quantile")
    #expect(errorCode { _ = try metrics([1, 2], [1, 2], symbols: 2, quantile: 0) } == "backtest.quantile")
  }
}
