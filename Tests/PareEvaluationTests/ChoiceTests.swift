import PareBacktest
import PareEvaluation
import PareTensor
import Testing

@Suite struct ChoiceTests {
  private let choice = Choice(
    objectives: [.netReturn, .bytes], budget: Budget(), tolerance: 0.1, uninformedLogLoss: 0.69)

  @Test func theFrontierHoldsWhatNothingDominates() {
    var candidates = [
      Small.candidate("best", netReturn: 0.5, bytes: 900), Small.candidate("cheap", netReturn: 0.2, bytes: 100),
      Small.candidate("worse", netReturn: 0.4, bytes: 900), Small.candidate("twin", netReturn: 0.2, bytes: 100),
    ]
    _ = choice.decide(&candidates)
    #expect(candidates.map(\.pareto) == [true, true, false, true])
  }

  @Test func theCheapestWithinTheToleranceIsChosen() {
    var candidates = [
      Small.candidate("best", netReturn: 0.50, bytes: 900), Small.candidate("near", netReturn: 0.455, bytes: 200),
      Small.candidate("far", netReturn: 0.44, bytes: 100),
    ]
    let (chosen, reason) = choice.decide(&candidates).words
    #expect(chosen == "near")
    #expect(reason.contains("0.455 against 0.5 of best"))
  }

  @Test func whatIsOutsideTheBudgetIsNotChosen() {
    var limited = choice
    limited.budget = Budget(tier: .highFrequency, memoryBytes: 1000)
    var candidates = [
      Small.candidate("slow", netReturn: 0.9, p99: 1001), Small.candidate("fat", netReturn: 0.8, planBytes: 1001),
      Small.candidate("fits", netReturn: 0.1, planBytes: 1000, p99: 1000),
    ]
    #expect(limited.decide(&candidates).chosen == "fits")
    #expect(candidates.map(\.withinBudget) == [false, false, true])
  }

  @Test func nothingIsChosenWhereNothingFits() {
    var limited = choice
    limited.budget = Budget(latencyNs: 10)
    var candidates = [Small.candidate("slow", p99: 11)]
    let (chosen, reason) = limited.decide(&candidates).words
    #expect(chosen == nil)
    #expect(reason.contains("slow: p99 11 ns above 10 ns"))
  }

  @Test func ofManyOutsideTheBudgetTheFirstAreNamed() {
    var limited = choice
    limited.budget = Budget(latencyNs: 10)
    var candidates = (0..<11).map { Small.candidate("slow-\($0)") }
    let reason = limited.decide(&candidates).reason
    #expect(reason.contains("slow-7: ") && !reason.contains("slow-8: ") && reason.hasSuffix("; and 3 more)."))
  }

  @Test func ofDecisionsChangedTheToleranceIsAShareOfAllDecisions() {
    var candidates = [
      Small.candidate("teacher", bytes: 900, role: .teacher), Small.candidate("near", bytes: 200, changed: 0.1),
      Small.candidate("far", bytes: 100, changed: 0.11),
    ]
    var byChanges = choice
    byChanges.objectives = [.decisionsChanged, .bytes]
    let (chosen, reason) = byChanges.decide(&candidates).words
    #expect(chosen == "near" && reason.contains("within 10 % of all decisions of the best: 0.1 against 0 of teacher."))
  }

  @Test func anExplicitLatencyOverridesTheTier() {
    #expect(Budget(tier: .swing, latencyNs: 5).effectiveLatencyNs == 5)
    #expect(Budget(tier: .highFrequency).effectiveLatencyNs == 1000)
  }

  @Test func withoutMoneyTheGainInLogLossDecides() {
    // Gains over the class frequencies: 0.10, 0.095 and 0.05; a tenth of the best one is 0.01.
    var candidates = [
      Small.candidate("best", netReturn: -0.1, logLoss: 0.59, bytes: 900),
      Small.candidate("near", netReturn: -0.9, logLoss: 0.595, bytes: 200),
      Small.candidate("far", netReturn: 0, logLoss: 0.64, bytes: 100),
    ]
    let (chosen, reason) = choice.decide(&candidates).words
    #expect(chosen == "near")
    #expect(reason.contains("there is no money to keep"))
  }

  @Test func withoutSkillTheReasonSaysSo() {
    var candidates = [Small.candidate("blind", netReturn: -0.1, logLoss: 0.70)]
    #expect(choice.decide(&candidates).reason.contains("no skill to keep"))
  }

  @Test func anUndefinedSharpeRatioIsWorst() {
    var candidates = [Small.candidate("none", sharpe: nil, bytes: 1), Small.candidate("some", sharpe: 0.2, bytes: 2)]
    var bySharpe = choice
    bySharpe.objectives = [.sharpe, .bytes]
    #expect(bySharpe.decide(&candidates).chosen == "some")
  }

  @Test func anObjectiveThatNobodyHasIsSaidToBeUndefined() {
    var candidates = [Small.candidate("a", sharpe: nil), Small.candidate("b", sharpe: nil)]
    var bySharpe = choice
    bySharpe.objectives = [.sharpe, .bytes]
    let (chosen, reason) = bySharpe.decide(&candidates).words
    #expect(chosen != nil && reason.contains("No candidate has a positive sharpe"))
    #expect(candidates.allSatisfy { $0.pareto })
  }

  @Test func amongEqualsTheBetterAndThenTheNameDecides() {
    var unequal = [
      Small.candidate("a", netReturn: 0.48, bytes: 100), Small.candidate("b", netReturn: 0.50, bytes: 100),
    ]
    #expect(choice.decide(&unequal).chosen == "b")
    #expect(unequal.map(\.pareto) == [false, true])
    for order in [["a", "b"], ["b", "a"]] {
      var twins = order.map { Small.candidate($0, netReturn: 0.5) }
      #expect(choice.decide(&twins).chosen == "a")
      #expect(twins.allSatisfy { $0.pareto })
    }
  }

  @Test func withoutToleranceOnlyTheBestCounts() {
    var strict = choice
    strict.tolerance = 0
    var candidates = [
      Small.candidate("best", netReturn: 0.5, bytes: 900), Small.candidate("near", netReturn: 0.4999, bytes: 1),
    ]
    let (chosen, reason) = strict.decide(&candidates).words
    #expect(chosen == "best")
    #expect(reason.contains("is itself the best"))
  }

  @Test func theFirstCostNamedIsTheOneThatIsSaved() {
    var byPlan = choice
    byPlan.objectives = [.netReturn, .planBytes, .bytes]
    var candidates = [
      Small.candidate("small file", netReturn: 0.5, bytes: 1, planBytes: 900),
      Small.candidate("small plan", netReturn: 0.5, bytes: 900, planBytes: 1),
    ]
    #expect(byPlan.decide(&candidates).chosen == "small plan")
  }

  @Test func nothingInTheTestPartDecidesAnything() {
    func decide(seed: UInt64) -> (String?, String, [Bool], [Bool]) {
      var generator = SeededGenerator(seed: seed)
      var candidates = ["a", "b", "c"].enumerated().map { index, name in
        var candidate = Small.candidate(name, netReturn: 0.3 + Double(index) / 10, bytes: 100 * (index + 1))
        candidate.test = .arbitrary(from: &generator)
        candidate.equity = [EquityPoint(time: 1, net: generator.normal(), gross: generator.normal())]
        return candidate
      }
      var every = choice
      every.objectives = Objective.allCases
      let (chosen, reason) = every.decide(&candidates).words
      return (chosen, reason, candidates.map(\.pareto), candidates.map(\.withinBudget))
    }
    for seed in 2...20 { #expect(decide(seed: UInt64(seed)) == decide(seed: 1)) }
  }

  @Test func whatNeverTradesWinsNothing() {
    var candidates = [
      Small.candidate("idle", netReturn: 0, bytes: 1, trades: 0), Small.candidate("loses", netReturn: -0.1, bytes: 900),
    ]
    _ = choice.decide(&candidates)
    var byDrawdown = choice
    byDrawdown.objectives = [.maxDrawdown, .bytes]
    #expect(Objective.netReturn.cost(of: candidates[0]) == .infinity)
    #expect(byDrawdown.decide(&candidates).chosen == "loses")
  }

  @Test func whereTheOriginalHasNoSkillLogLossAndAgreementDecide() {
    var without = choice
    without.skill = OriginalSkill(gross: 0.2, lower: -0.1, upper: 0.5)
    var candidates = [
      Small.candidate("teacher", netReturn: 0.2, logLoss: 0.60, bytes: 900, role: .teacher),
      Small.candidate("other", netReturn: 0.9, logLoss: 0.60, bytes: 10, agreement: 0.5),
      Small.candidate("alike", netReturn: 0.1, logLoss: 0.605, bytes: 100, agreement: 0.95),
    ]
    let decision = without.decide(&candidates)
    #expect(decision.chosen == "alike")
    #expect(decision.reason.contains("no skill to keep") && decision.reason.contains("-0.1 to 0.5"))
    without.skill = OriginalSkill(gross: 0.2, lower: 0.1, upper: 0.3)
    #expect(without.decide(&candidates).chosen == "other")
  }

  @Test func theReasonSaysWhatWouldMakeItAnother() {
    var candidates = [
      Small.candidate("best", netReturn: 0.50, bytes: 900), Small.candidate("near", netReturn: 0.455, bytes: 200),
      Small.candidate("far", netReturn: 0.40, bytes: 100), Small.candidate("fat", netReturn: 0.6, bytes: 10, planBytes: 10_000),
    ]
    var limited = choice
    limited.budget = Budget(memoryBytes: 5000)
    let decision = limited.decide(&candidates)
    #expect(decision.chosen == "near")
    #expect(decision.alternatives.count == 3)
    #expect(decision.alternatives[0].contains("below 9 %") && decision.alternatives[1].contains("20 % on it would be far"))
    #expect(decision.alternatives[2].contains("Without the budget it would be fat"))
  }

  @Test func theKneeLiesNearestToTheBestOfAll() {
    var byKnee = choice
    byKnee.rule = .knee
    var candidates = [
      Small.candidate("best", netReturn: 1, bytes: 10_000), Small.candidate("knee", netReturn: 0.9, bytes: 100),
      Small.candidate("least", netReturn: 0.1, bytes: 10),
    ]
    #expect(byKnee.decide(&candidates).chosen == "knee")
    byKnee.rule = .best
    #expect(byKnee.decide(&candidates).chosen == "best")
  }

  @Test func aChosenBaselineIsCalledOne() {
    var candidates = [Small.candidate("logistic", netReturn: 1, role: .baseline)]
    #expect(choice.decide(&candidates).reason.contains("It is a baseline"))
  }
}

extension Decision {
  fileprivate var words: (chosen: String?, reason: String) { (chosen, reason) }
}

extension Measures {
  /// Figures that mean nothing.
  fileprivate static func arbitrary(from generator: inout SeededGenerator) -> Measures {
    func any() -> Double { generator.normal() }
    let later = FillOneLater(netReturn: any(), sharpe: any())
    var scores = ClassificationMetrics.none
    (scores.accuracy, scores.balancedAccuracy, scores.logLoss, scores.brier) = (any(), any(), any(), any())
    var metrics = BacktestMetrics.none
    (metrics.grossReturn, metrics.netReturn, metrics.sharpe, metrics.maxDrawdown) = (any(), any(), any(), any())
    metrics.trades = Int(1000 * abs(any()))
    return Measures(
      scores: scores, skill: any(), agreement: any(),
      flips: Flips(missed: Int(1000 * abs(any())), false: 1, reversed: 1, rate: any()),
      money: Money(metrics: metrics, fillOneLater: later), atTeacherThresholds: later)
  }
}
