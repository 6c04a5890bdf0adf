import Foundation
import PareBacktest
import Testing

@Suite struct SharpeSignificanceTests {
  @Test func theAuthorsExampleComesOut() {
    // Bailey and López de Prado 2014: a yearly ratio of 2.5 over 1,250 days of 250 a year, 100 trials whose yearly
    // ratios have variance ½, skewness −3, kurtosis 10: a threshold of 0.1132 a day and a probability of 0.9004.
    let threshold = SharpeSignificance.greatestExpected(trials: 100, variance: 0.5 / 250)
    #expect(abs(threshold - 0.1132) < 5e-5)
    let probability = SharpeSignificance.probabilistic(
      sharpe: 2.5 / 250.0.squareRoot(), threshold: threshold, days: 1_250, skewness: -3, kurtosis: 10)
    #expect(abs((probability ?? 0) - 0.9004) < 5e-5)
    // After 46 trials it would have been 0.9505.
    let fewer = SharpeSignificance.probabilistic(
      sharpe: 2.5 / 250.0.squareRoot(), threshold: SharpeSignificance.greatestExpected(trials: 46, variance: 0.5 / 250),
      days: 1_250, skewness: -3, kurtosis: 10)
    #expect(abs((fewer ?? 0) - 0.9505) < 5e-5)
  }

  @Test func normalDaysGiveTheTextbooksProbability() {
    // (0.1 − 0) · √99 / √(1 + 0.005): 0.99251 deviations, of which the table says 0.8395.
    let probability = SharpeSignificance.probabilistic(sharpe: 0.1, threshold: 0, days: 100, skewness: 0, kurtosis: 3)
    #expect(abs((probability ?? 0) - 0.8395) < 5e-5)
    #expect(SharpeSignificance.probabilistic(sharpe: 0.1, threshold: 0.1, days: 30, skewness: 0, kurtosis: 3) == 0.5)
  }

  @Test func moreTrialsDeflateMore() throws {
    let days = PeerSeries.persistent(seed: 2, count: 500, memory: 0)
    let trials = [0.01, 0.05, -0.02, 0.03]
    let probabilities = try [4, 10, 100, 1_000].map {
      try #require(SharpeSignificance.deflated(daily: days, trials: trials, evaluated: $0))
    }
    #expect(zip(probabilities, probabilities.dropFirst()).allSatisfy { $0 > $1 })
    // One trial has nothing to be deflated by.
    #expect(SharpeSignificance.deflated(daily: days, trials: [0.02]) == SharpeSignificance.probabilistic(daily: days))
    #expect(SharpeSignificance.greatestExpected(trials: 1, variance: 4) == 0)
  }

  @Test func whatIsUndefinedIsNil() {
    let days = PeerSeries.persistent(seed: 2, count: 19, memory: 0)
    #expect(SharpeSignificance.deflated(daily: days, trials: [0.1, 0.2]) == nil)
    #expect(SharpeSignificance.probabilistic(daily: [Double](repeating: 0.01, count: 50)) == nil)
    #expect(SharpeSignificance.deflated(daily: PeerSeries.persistent(seed: 2, count: 50, memory: 0), trials: []) == nil)
    #expect(SharpeSignificance.probabilistic(sharpe: 1, threshold: 0, days: 19, skewness: 0, kurtosis: 3) == nil)
    #expect(SharpeSignificance.probabilistic(sharpe: 1, threshold: 0, days: 99, skewness: 2, kurtosis: 3) == nil)
  }
}
