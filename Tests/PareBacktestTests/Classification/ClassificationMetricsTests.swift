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

  @Test func scoresEqualTheOnesWorkedOutByHand() throws {
    // p(up) 0.9, 0.8, 0.8, 0.3 with labels up, down, up, down: of the four pairs three and a half are in order.
    let two = try ClassProbabilities([0.1, 0.9, 0.2, 0.8, 0.2, 0.8, 0.7, 0.3], classCount: 2)
    let metrics = try ClassificationMetrics(of: two, labels: [1, 0, 1, 0])
    #expect(metrics.areaUnderCurve == 3.5 / 4)
    // Down: found once, once rightly, of two. Up: found three times, twice rightly, of two.
    #expect(metrics.f1 == [2.0 / 3, 4.0 / 5])
    #expect(agree(metrics.brier, 2 * (0.01 + 0.64 + 0.04 + 0.09) / 4, within: 1e-7))
    // Bins of 1/15: 0.9 (right), 0.8 twice (one right), 0.7 (right).
    #expect(agree(metrics.calibrationError, (0.1 + 0.6 + 0.3) / 4, within: 1e-7))

    // Three classes of which one neither occurs nor is found; the areas of the two others count.
    let three = try ClassProbabilities([0.6, 0.1, 0.3, 0.5, 0.1, 0.4, 0.3, 0.1, 0.6], classCount: 3)
    let some = try ClassificationMetrics(of: three, labels: [0, 0, 2])
    #expect(some.f1 == [1, nil, 1])
    #expect(some.areaUnderCurve == 1)
    let mixed = try ClassificationMetrics(of: three, labels: [0, 2, 0])
    #expect(mixed.areaUnderCurve == 0.5)
  }

  @Test func oneClassAloneHasNoArea() throws {
    let two = try ClassProbabilities([0.1, 0.9, 0.8, 0.2], classCount: 2)
    let metrics = try ClassificationMetrics(of: two, labels: [1, 1])
    #expect(metrics.areaUnderCurve == nil)
    let json = String(decoding: try JSONEncoder().encode(metrics), as: UTF8.self)
    #expect(json.contains("\"auc\":null"))
    #expect(try JSONDecoder().decode(ClassificationMetrics.self, from: Data(json.utf8)) == metrics)
  }

  @Test(arguments: [(11 as UInt64, 600, 2, PeerFigures.twoClasses), (12, 900, 3, PeerFigures.threeClasses)])
  func scoresOfRandomRowsEqualThePeers(seed: UInt64, rows: Int, classes: Int, peer: [String: Double]) throws {
    let (probabilities, labels) = try PeerSeries.probabilities(seed: seed, rows: rows, classes: classes)
    let metrics = try ClassificationMetrics(of: probabilities, labels: labels)
    #expect(metrics.accuracy == peer["accuracy"])
    #expect(agree(metrics.balancedAccuracy, peer["balanced_accuracy"]))
    #expect(agree(metrics.logLoss, peer["log_loss"]))
    for index in 0..<classes { #expect(agree(metrics.f1[index], peer["f1_\(index)"])) }
    #expect(agree(metrics.areaUnderCurve, peer["auc"]))
    #expect(agree(metrics.brier, peer["brier"]))
    #expect(agree(metrics.calibrationError, peer["calibration_error"]))
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
