import Foundation
import PareBacktest
import Testing

@Suite struct RiskRatiosTests {
  /// 20 days: 18 that earn 1 %, one that loses 2 % and one that loses 6 %.
  private let days = [-0.02, -0.06] + [Double](repeating: 0.01, count: 18)

  @Test func ratiosEqualTheOnesWorkedOutByHand() {
    // Sum 0.1, mean 0.005; squares about it 18 · 0.005² + 0.025² + 0.065² = 0.0053.
    let deviation = (0.0053 / 19).squareRoot()
    let year = 365.0.squareRoot()
    #expect(agree(RiskRatios.volatility(daily: days, daysPerYear: 365), deviation * year))
    #expect(agree(RiskRatios.sharpe(daily: days, daysPerYear: 365), 0.005 / deviation * year))
    #expect(agree(RiskRatios.sortino(daily: days, daysPerYear: 365), 0.005 / (0.004 / 20).squareRoot() * year))
    let market = days.map { $0 / 2 }
    #expect(
      agree(
        RiskRatios.information(daily: days, benchmark: market, daysPerYear: 252),
        RiskRatios.sharpe(daily: market, daysPerYear: 252)))
    #expect(agree(RiskRatios.annualGrowth(of: 0.1, days: 365, daysPerYear: 365), 0.1))
    #expect(agree(RiskRatios.annualGrowth(of: 0.21, days: 730, daysPerYear: 365), 0.1))
    #expect(RiskRatios.calmar(annualGrowth: 0.1, maxDrawdown: 0.05) == 2)
  }

  @Test func theTailEqualsTheOneWorkedOutByHand() {
    // A twentieth of 20 days is one, the worst; a tenth is both that lose.
    #expect(TailRisk.valueAtRisk(daily: days) == 0.06)
    #expect(agree(TailRisk.expectedShortfall(daily: days), 0.06))
    #expect(TailRisk.valueAtRisk(daily: days, tail: 0.1) == 0.02)
    #expect(agree(TailRisk.expectedShortfall(daily: days, tail: 0.1), 0.04))
    // A tenth of 25 days is two and a half, the third of which earns 1 %.
    let more = days + [Double](repeating: 0.01, count: 5)
    #expect(agree(TailRisk.expectedShortfall(daily: more, tail: 0.1), (0.06 + 0.02 - 0.5 * 0.01) / 2.5))
    #expect(TailRisk.valueAtRisk(daily: more, tail: 0.1) == -0.01)
    // 0.05 · 140 is a little more than 7 in binary.
    let climbing = (0..<140).map { Double($0) }
    #expect(TailRisk.valueAtRisk(daily: climbing) == -6)
    #expect(agree(TailRisk.expectedShortfall(daily: days, tail: 1), -0.005))
  }

  @Test func whatIsUndefinedIsNil() {
    let few = Array(days.prefix(19))
    #expect(RiskRatios.volatility(daily: few, daysPerYear: 365) == nil)
    #expect(RiskRatios.information(daily: few, benchmark: few, daysPerYear: 365) == nil)
    #expect(RiskRatios.information(daily: days, benchmark: days.map { $0 - 1 }, daysPerYear: 365) == nil)
    #expect(RiskRatios.annualGrowth(of: 0.1, days: 19, daysPerYear: 365) == nil)
    #expect(RiskRatios.annualGrowth(of: -1, days: 20, daysPerYear: 365) == nil)
    #expect(RiskRatios.calmar(annualGrowth: 0.1, maxDrawdown: 0) == nil)
    #expect(RiskRatios.calmar(annualGrowth: nil, maxDrawdown: 0.1) == nil)
    #expect(TailRisk.valueAtRisk(daily: few) == nil && TailRisk.expectedShortfall(daily: few) == nil)
    #expect(TailRisk.expectedShortfall(daily: days, tail: 0) == nil)
  }

  @Test(arguments: [
    (1 as UInt64, 900, 0.0, PeerFigures.independent), (2, 1_500, 0.6, PeerFigures.persistent),
    (3, 700, -0.4, PeerFigures.reverting),
  ]) func ratiosOfRandomDaysEqualThePeers(seed: UInt64, count: Int, memory: Double, peer: [String: Double]) {
    let days = PeerSeries.persistent(seed: seed, count: count, memory: memory)
    let market = PeerSeries.persistent(seed: seed + 1000, count: count, memory: 0)
    #expect(agree(RiskRatios.volatility(daily: days, daysPerYear: 365), peer["volatility"]))
    #expect(agree(RiskRatios.sharpe(daily: days, daysPerYear: 365), peer["sharpe"]))
    #expect(agree(RiskRatios.sortino(daily: days, daysPerYear: 365), peer["sortino"]))
    #expect(agree(RiskRatios.information(daily: days, benchmark: market, daysPerYear: 365), peer["information"]))
    let growth = RiskRatios.annualGrowth(of: days.reduce(0, +), days: count, daysPerYear: 365)
    #expect(agree(growth, peer["cagr"]))
    #expect(TailRisk.valueAtRisk(daily: days) == peer["var_95"])
    #expect(agree(TailRisk.expectedShortfall(daily: days), peer["cvar_95"]))
    #expect(agree(BlockLength.stationary(for: days), peer["block"], within: 1e-11))
    #expect(agree(SharpeSignificance.probabilistic(daily: days), peer["probabilistic_sharpe"], within: 1e-11))
    let trials = (0..<7 as Range<UInt64>).map { trial in
      let days = PeerSeries.persistent(seed: seed + trial, count: count, memory: memory)
      return RiskRatios.sharpe(daily: days, daysPerYear: 1) ?? .nan
    }
    let deflated = SharpeSignificance.deflated(daily: days, trials: trials, evaluated: 40)
    #expect(agree(deflated, peer["deflated_sharpe"], within: 1e-11))
  }
}
