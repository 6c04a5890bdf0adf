import Foundation
import PareBacktest
import Testing

@Suite struct ClassificationMetricsTests {
  @Test func threeClassesGiveTheFiguresWorkedOutByHand() throws {
    let values: [Float] = [
      0.5, 0.25, 0.25, 0.25, 0.5, 0.25, 0.25, 0.25, 0.5, 0.5, 0.25, 0.25, 0.25, 0.5, 0.25,
    ]
    let probabilities = try ClassProbabilities(values, classCount: 3)
    let metrics = try ClassificationMetrics(of: probabilities, labels: [0, 1, 1, 1, 1])
    // Found: sell, hold, buy, sell, hold.
    #expect(metrics.confusion == [1, 0, 0, 1, 2, 1, 0, 0, 0])
    #expect(metrics.accuracy == 0.6)
    #expect(metrics.balancedAccuracy == (1 + 0.5) / 2)
    #expect(abs(metrics.logLoss - (3 * log(2.0) + 2 * log(4.0)) / 5) < 1e-12)
  }

  @Test func aCertainMistakeCostsAFiniteLoss() throws {
    let probabilities = try ClassProbabilities([1, 0], classCount: 2)
    #expect(try ClassificationMetrics(of: probabilities, labels: [1]).logLoss == 24 * log(2.0))
  }

  @Test func baseRatesComeFromTheMajority() {
    #expect(ClassificationMetrics.majorityClass(of: [0, 1, 1, 2]) == 1)
    #expect(ClassificationMetrics.majorityClass(of: [2, 2, 0, 0]) == 0)
    #expect(ClassificationMetrics.majorityClass(of: []) == nil)
    #expect(ClassificationMetrics.accuracy(ofAlways: 1, on: [0, 1, 1, 2]) == 0.5)
    #expect(ClassificationMetrics.accuracy(ofAlways: 1, on: []) == nil)
  }

  @Test func agreementCountsEqualClasses() throws {
    let one = try ClassProbabilities([0.9, 0.1, 0.4, 0.6], classCount: 2)
    let other = try ClassProbabilities([0.6, 0.4, 0.8, 0.2], classCount: 2)
    #expect(ClassificationMetrics.agreement(one, other) == 0.5)
    #expect(ClassificationMetrics.agreement(one, one) == 1)
  }

  @Test func labelsThatDoNotFitAreRefused() throws {
    let probabilities = try ClassProbabilities([0.9, 0.1], classCount: 2)
    for labels in [[], [0, 1], [2], [-1]] as [[Int32]] {
      #expect(throws: BacktestError.self) { try ClassificationMetrics(of: probabilities, labels: labels) }
    }
  }
}
