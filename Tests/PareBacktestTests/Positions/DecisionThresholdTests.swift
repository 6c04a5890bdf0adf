import PareBacktest
import PareTensor
import Testing

@Suite struct DecisionThresholdTests {
  private func twoClasses(_ up: [Float]) throws -> ClassProbabilities {
    try ClassProbabilities(up.flatMap { [1 - $0, $0] }, classCount: 2)
  }

  @Test func aDecisionTakesTheLikelierSideWhenLikelyEnough() throws {
    let threshold = try DecisionThreshold(0.5625)
    #expect(threshold.decisions(for: try twoClasses([0.5, 0.5625, 0.53125, 0.4375, 0.9, 0.1])) == [0, 1, 0, -1, 1, -1])
    let three = try ClassProbabilities([0.5, 0.25, 0.25, 0.25, 0.5, 0.25, 0.125, 0.125, 0.75], classCount: 3)
    #expect(try DecisionThreshold(0.5).decisions(for: three) == [-1, 0, 1])
    #expect(try DecisionThreshold(0.25).decisions(for: three) == [-1, 0, 1])
  }

  @Test(arguments: [2, 3]) func coverageTradesThatShareOfTheMostConfident(classes: Int) throws {
    var generator = SeededGenerator(seed: 4)
    let values: [Float] = (0..<1_000).flatMap { _ in
      let weights = (0..<classes).map { _ in Float(generator.uniform() + 0.01) }
      return weights.map { $0 / weights.reduce(0, +) }
    }
    let probabilities = try ClassProbabilities(values, classCount: classes)
    for share in [0.0, 0.05, 0.1, 0.5, 1] {
      let threshold = try DecisionThreshold.coverage(share, of: probabilities)
      let decisions = threshold.decisions(for: probabilities)
      #expect(decisions.count { $0 != 0 } == Int(share * 1_000))
      let least = (0..<1_000).filter { decisions[$0] != 0 }.map(probabilities.confidence).min() ?? 2
      let most = (0..<1_000).filter { decisions[$0] == 0 }.map(probabilities.confidence).max() ?? 0
      #expect(least > most)
    }
    #expect(try DecisionThreshold.coverage(of: probabilities) == .coverage(0.1, of: probabilities))
  }

  @Test func tiesGiveTheNearestShareThatCanBeReached() throws {
    // Ten rows: three at 0.9, seven at 0.6. Reachable are 0, 3 and 10 of them.
    let probabilities = try twoClasses([0.9, 0.6, 0.6, 0.9, 0.6, 0.6, 0.6, 0.9, 0.6, 0.6])
    func traded(_ share: Double) throws -> Int {
      try DecisionThreshold.coverage(share, of: probabilities).decisions(for: probabilities).count { $0 != 0 }
    }
    #expect(try [0.1, 0.2, 0.6, 0.7].map(traded) == [0, 3, 3, 10])
    let constant = try twoClasses([Float](repeating: 0.53, count: 50))
    #expect(try DecisionThreshold.coverage(0.1, of: constant).decisions(for: constant).allSatisfy { $0 == 0 })
    let undecided = try twoClasses([Float](repeating: 0.5, count: 50))
    #expect(try DecisionThreshold.coverage(1, of: undecided).decisions(for: undecided).allSatisfy { $0 == 0 })
  }

  @Test func tuningTakesTheMostValuableCoverage() throws {
    let probabilities = try twoClasses((0..<100).map { 0.5 + Float($0 + 1) / 256 })
    let tuned = try DecisionThreshold.tuned(on: probabilities) { -abs(Double($0.count { $0 != 0 }) - 30) }
    #expect(try tuned == .coverage(0.3, of: probabilities))
    let indifferent = try DecisionThreshold.tuned(on: probabilities, shares: [0.5, 0.2]) { _ in 1 }
    #expect(try indifferent == .coverage(0.2, of: probabilities))
    #expect(throws: BacktestError.self) { try DecisionThreshold.tuned(on: probabilities, shares: []) { _ in 0 } }
  }

  @Test func thingsThatAreNoProbabilitiesAreRefused() throws {
    for values in [[0.5, Float.nan], [1.1, -0.1], [0.5]] as [[Float]] {
      #expect(throws: BacktestError.self) { try ClassProbabilities(values, classCount: 2) }
    }
    #expect(throws: BacktestError.self) { try ClassProbabilities([1], classCount: 1) }
    #expect(throws: BacktestError.self) { try DecisionThreshold(.nan) }
    let one = try twoClasses([0.7])
    #expect(throws: BacktestError.self) { try DecisionThreshold.coverage(1.5, of: one) }
  }
}
