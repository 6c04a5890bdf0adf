import PareBacktest
import PareTensor
import Testing

@Suite struct MeanEstimateTests {
  /// By hand: 1 … 5 have mean 3 and variance 2.5, so an error of √0.5; of 4 degrees of freedom the 97.5 % quantile is 2.7764451051977987.
  @Test func fewSeedsHaveTheIntervalOfStudent() throws {
    let estimate = try #require(MeanEstimate(ofIndependent: [1, 2, 3, 4, 5]))
    #expect(agree(estimate.mean, 3) && agree(estimate.standardError, 0.5.squareRoot()) && estimate.degreesOfFreedom == 4)
    #expect(agree(estimate.halfWidth(), 2.776_445_105_197_798_7 * 0.5.squareRoot()))
    #expect(agree(estimate.interval().lower, 3 - estimate.halfWidth()) && estimate.interval().estimate == 3)
    #expect(agree(estimate.pValue(), 0.013_235_599_563_682_205, within: 1e-10))
    #expect(estimate.pValue(of: 3) == 1)
    // Two values: of Cauchy's distribution the quantile is tan(0.475 π).
    let two = try #require(MeanEstimate(ofIndependent: [0, 2]))
    #expect(agree(two.halfWidth(), 12.706_204_736_174_694, within: 1e-11))
    #expect(MeanEstimate(ofIndependent: [1]) == nil && MeanEstimate(ofIndependent: [1, .nan]) == nil)
  }

  @Test func valuesThatNeverDifferAreCertain() throws {
    let estimate = try #require(MeanEstimate(ofIndependent: [2, 2, 2]))
    #expect(estimate.halfWidth() == 0 && estimate.pValue() == 0 && estimate.pValue(of: 2) == 1)
  }

  /// By hand: 1, −1, 1, −1 have R(0) = 1, R(1) = −3/4, R(2) = 1/2; of lag 2 that is 4/3 · (1 − 2 · ⅔ · 3/4 + 2 · ⅓ · ½) = 4/9.
  @Test func theLongRunVarianceIsTheOneWorkedOutByHand() {
    #expect(agree(LongRunVariance.bartlett(of: [1, -1, 1, -1], lag: 2), 4.0 / 9))
    #expect(agree(LongRunVariance.bartlett(of: [1, -1, 1, -1], lag: 0), 4.0 / 3))
    #expect(LongRunVariance.bartlett(of: [1], lag: 3) == 0 && LongRunVariance.bartlett(of: [3, 3, 3], lag: 9) == 0)
  }

  @Test func theLagReachesOverTwiceTheHorizon() {
    #expect(LongRunVariance.lag(days: 500, horizon: 5) == 10)
    #expect(LongRunVariance.lag(days: 500, horizon: 1) == 5)
    #expect(LongRunVariance.lag(days: 100, horizon: 1) == 4)
    #expect(LongRunVariance.lag(days: 8, horizon: 20) == 7)
    #expect(LongRunVariance.lag(days: 0, horizon: 5) == 0)
  }

  /// Coefficients of labels over 5 days hang together as sums of 5 neighbours do. Of 400 intervals of 95 % those that count it hold
  /// zero nearly as often as they say, those that do not in far fewer.
  @Test func overlappingLabelsNeedTheLag() {
    var (held, heldWithout) = (0, 0)
    for seed in 0..<400 {
      var generator = SeededGenerator(seed: UInt64(seed), stream: "overlap")
      let noise = (0..<504).map { _ in generator.normal() }
      let series = (0..<500).map { day in noise[day..<day + 5].reduce(0, +) }
      func holds(_ lag: Int) -> Bool { MeanEstimate(seeds: [series], lag: lag).map { !$0.interval().excludes(0) } ?? false }
      if holds(LongRunVariance.lag(days: 500, horizon: 5)) { held += 1 }
      if holds(0) { heldWithout += 1 }
    }
    #expect(held > 360 && held < 392, "\(held) of 400")
    #expect(heldWithout < 280, "\(heldWithout) of 400")
  }

  @Test func aSeedThatDiffersMakesTheIntervalWider() throws {
    let days = PeerSeries.persistent(seed: 5, count: 200, memory: 0)
    let alike = try #require(MeanEstimate(seeds: [days, days, days], lag: 4))
    let apart = try #require(MeanEstimate(seeds: [days, days.map { $0 + 0.01 }, days.map { $0 - 0.01 }], lag: 4))
    let one = try #require(MeanEstimate(seeds: [days], lag: 4))
    #expect(agree(alike.standardError, one.standardError) && agree(alike.degreesOfFreedom, one.degreesOfFreedom))
    #expect(agree(apart.mean, one.mean))
    // Seeds' means differ by 0.01: a variance of 0.01² / 3 comes on top.
    #expect(agree(apart.standardError, (one.standardError * one.standardError + 1e-4 / 3).squareRoot()))
    #expect(apart.degreesOfFreedom < 2.1 && apart.halfWidth() > 2 * (apart.standardError))
    #expect(MeanEstimate(seeds: [Array(days.prefix(19))], lag: 2) == nil)
    #expect(MeanEstimate(seeds: [], lag: 2) == nil)
    #expect(MeanEstimate(seeds: [days, Array(days.dropLast())], lag: 2) == nil)
  }

  @Test func aDifferenceIsEquivalentDifferentOrUndecided() throws {
    func verdict(_ values: [Double], margin: Double = 0.005) throws -> EquivalenceTest {
      try EquivalenceTest(MeanEstimate(ofIndependent: values), margin: margin)
    }
    let small = try verdict([0.001, -0.001, 0.002, 0, 0.001])
    #expect(small.verdict == .equivalent && (small.pValue ?? 1) < 0.01)
    // Surely not zero, and surely within the margin.
    #expect(try verdict([0.0021, 0.002, 0.0019]).verdict == .equivalent)
    #expect(try verdict([-0.0101, -0.01, -0.0099]).verdict == .different)
    let wide = try verdict([0.02, -0.02, 0.03, -0.01])
    #expect(wide.verdict == .undecided && (wide.pValue ?? 0) > 0.05 && (wide.differencePValue ?? 0) > 0.05)
    #expect(try EquivalenceTest(nil).verdict == .undecided && EquivalenceTest(nil).pValue == nil)
    // Both one-sided tests are those of Student's t: by hand with 1 degree of freedom, ½ − atan(t) / π.
    let two = try EquivalenceTest(MeanEstimate(ofIndependent: [0, 2]), margin: 2)
    #expect(agree(two.pValue, 0.25) && agree(two.differencePValue, 0.5))
    for margin in [0, -1, .nan, .infinity] as [Double] {
      #expect(errorCode { _ = try EquivalenceTest(nil, margin: margin) } == "backtest.margin")
    }
    #expect(errorCode { _ = try EquivalenceTest(nil, level: 1) } == "backtest.level")
  }

  @Test func seedsHaveMeanDeviationAndAPairedTest() throws {
    let summary = try #require(SeedSummary([0.04, 0.05, 0.06]))
    #expect(summary.count == 3 && agree(summary.mean, 0.05) && agree(summary.deviation, 0.01))
    #expect(SeedSummary([1])?.deviation == nil && SeedSummary([]) == nil && SeedSummary([.infinity]) == nil)
    // Differences −0.001, −0.002, −0.003: mean −0.002, error 0.001 / √3.
    let difference = try #require(try SeedSummary.difference(of: [0.039, 0.048, 0.057], from: [0.04, 0.05, 0.06]))
    #expect(agree(difference.mean, -0.002) && agree(difference.standardError, 0.001 / 3.0.squareRoot()))
    #expect(errorCode { _ = try SeedSummary.difference(of: [1], from: [1, 2]) } == "backtest.seeds")
  }
}
