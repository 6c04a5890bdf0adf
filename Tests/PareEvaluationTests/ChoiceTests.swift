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
    let (chosen, reason) = choice.decide(&candidates)
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
    let (chosen, reason) = limited.decide(&candidates)
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
    let (chosen, reason) = byChanges.decide(&candidates)
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
    let (chosen, reason) = choice.decide(&candidates)
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
    let (chosen, reason) = bySharpe.decide(&candidates)
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
    let (chosen, reason) = strict.decide(&candidates)
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
      let (chosen, reason) = every.decide(&candidates)
      return (chosen, reason, candidates.map(\.pareto), candidates.map(\.withinBudget))
    }
    for seed in 2...20 { #expect(decide(seed: UInt64(seed)) == decide(seed: 1)) }
  }

  @Test func aChosenBaselineIsCalledOne() {
    var candidates = [Small.candidate("logistic", netReturn: 1, role: .baseline)]
    #expect(choice.decide(&candidates).reason.contains("It is a baseline"))
  }
}

extension Measures {
  /// Figures that mean nothing.
  fileprivate static func arbitrary(from generator: inout SeededGenerator) -> Measures {
    func any() -> Double { generator.normal() }
    let later = FillOneLater(netReturn: any(), sharpe: any())
    return Measures(
      accuracy: any(), balancedAccuracy: any(), logLoss: any(), skill: any(), agreement: any(),
      flips: Flips(missed: Int(1000 * abs(any())), false: 1, reversed: 1, rate: any()),
      money: Money(
        grossReturn: any(), netReturn: any(), breakEvenBp: any(), sharpe: any(), sortino: any(), maxDrawdown: any(),
        turnover: any(), trades: Int(1000 * abs(any())), hitRate: any(), costs: any(), fillOneLater: later),
      atTeacherThresholds: later)
  }
}
