import PareEvaluation
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

  @Test func theTestPartDecidesNothing() {
    func decide(_ test: [Double]) -> (String?, String, [Bool]) {
      var candidates = zip(["a", "b"], test).enumerated().map { index, pair in
        Small.candidate(pair.0, netReturn: 0.3 + Double(index) / 10, bytes: 100 * (index + 1), test: pair.1)
      }
      let (chosen, reason) = choice.decide(&candidates)
      return (chosen, reason, candidates.map(\.pareto))
    }
    #expect(decide([1, -1]) == decide([-1, 1]))
  }

  @Test func aChosenBaselineIsCalledOne() {
    var candidates = [Small.candidate("logistic", netReturn: 1, role: .baseline)]
    #expect(choice.decide(&candidates).reason.contains("It is a baseline"))
  }
}
