import Foundation
import PareBacktest
import PareTensor
import Testing

@Suite struct StressOutcomeTests {
  private func backtest(_ columns: TradedCandles, rules: TradingRules = .none) throws -> PortfolioBacktest {
    try PortfolioBacktest([Instrument("one", candles: columns, costs: try basisPoints(10))], rules: rules)
  }

  @Test func theMostVolatileDaysAreThoseWorkedOutByHand() throws {
    // Two candles a day; closes that move by 1 %, then 3 %, not at all, and 2 %, in logarithms.
    let closes = [0, 0.01, 0.04, 0.01, 0.01, 0.01, 0.03, 0.03].map { 100 * exp($0) }
    let columns = try TradedCandles(
      times: (0..<8).map { midnight + 12 * hour * $0 }, opens: closes, highs: closes, lows: closes, closes: closes,
      volumes: closes)
    let two = try VolatileDays.worst(share: 0.5, of: columns).days
    #expect(two.map(\.day) == [1, 3].map { midnight + 24 * hour * $0 })
    #expect(agree(two[0].volatility, 0.03 * 2.0.squareRoot()) && agree(two[1].volatility, 0.02))
    #expect(try VolatileDays.worst(of: columns).days.map(\.day) == [midnight + 24 * hour])
    #expect(try VolatileDays.worst(share: 0.51, of: columns).days.count == 3)
    #expect(try VolatileDays.worst(share: 1, of: columns, within: 4..<8).days.map(\.day) == [2, 3].map { midnight + 24 * hour * $0 })
    for share in [0, -1, 1.1, .nan] {
      #expect(errorCode { _ = try VolatileDays.worst(share: share, of: columns) } == "backtest.stress")
    }
    for range in [0..<9, -1..<3, 3..<3] {
      #expect(errorCode { _ = try VolatileDays.worst(of: columns, within: range) } == "backtest.range")
    }
  }

  @Test func aDayCountsWhatWasEarnedTradedAndDecidedOnIt() throws {
    // A candle each 12 hours. On the second day the price falls by a tenth in the first candle and comes back in the second.
    let opens = [100.0, 100, 100, 90, 100, 100, 100]
    let closes = [100.0, 100, 90, 100, 100, 100, 100]
    let columns = try TradedCandles(
      times: (0..<7).map { midnight + 12 * hour * $0 }, opens: opens, highs: zip(opens, closes).map { max($0, $1) },
      lows: zip(opens, closes).map { min($0, $1) }, closes: closes, volumes: opens)
    let days = try VolatileDays.worst(share: 0.25, of: columns)
    #expect(days.days.map(\.day) == [midnight + 24 * hour])
    let outcome = try StressOutcome(
      "volatile-days", backtest(columns), original: [0, 1, 0, 0, 0], candidate: [0, 1, -1, 0, 0], days: days)
    // Long over the first step of the second day; then flat, or short over the second, which rises by a ninth.
    #expect(agree(outcome.original.netReturn, -0.1 - 0.002) && agree(outcome.original.worstDailyLoss, 0.102))
    #expect(agree(outcome.candidate.netReturn, -0.1 - 0.003 - 1.0 / 9))
    #expect(agree(outcome.original.worstTrade, -0.102) && agree(outcome.candidate.worstTrade, -1.0 / 9 - 0.002))
    // The decisions at the closes of the second day's two candles.
    #expect(outcome.decisions == 2 && outcome.changes.false == 1 && outcome.changes.changed == 1)
  }

  @Test(arguments: 0..<10 as Range<UInt64>) func allDaysAreTheWhole(seed: UInt64) throws {
    let columns = try wanderingCandles(400, seed: seed)
    let backtest = try backtest(columns, rules: TradingRules(stopLoss: 0.02))
    let original = Array(wanderingTargets(columns.count, seed: seed)[..<250])
    let candidate = Array(wanderingTargets(columns.count, seed: seed + 100)[..<250])
    let whole = try StressOutcome("whole", backtest, original: original, candidate: candidate, from: 60)
    let days = try VolatileDays.worst(share: 1, of: columns)
    let all = try StressOutcome("whole", backtest, original: original, candidate: candidate, from: 60, days: days)
    #expect(all == whole)
    let padded = [Double](repeating: 0, count: 60) + original + [Double](repeating: 0, count: columns.count - 310)
    let result = try backtest.run(targets: [padded])
    #expect(agree(whole.original.netReturn, result.metrics.netReturn))
    #expect(whole.original.worstTrade == result.trades.map(\.netReturn).min())
    #expect(whole.original.worstDailyLoss == -(result.daily.map(\.net).min() ?? 0))
    let json = try JSONEncoder().encode(whole)
    #expect(try JSONDecoder().decode(StressOutcome.self, from: json) == whole)
  }

  @Test func aScenarioHurtsWhoIsInItsWay() throws {
    let columns = try wanderingCandles(400, seed: 2, gaps: false)
    let scenario = try StressScenario("gap", [.init(at: columns.times[200], .gap(deviations: -10))])
    let shocked = try TradedCandles(ShockedCandles(columns.series, scenario).series.candles)
    let long = [Double](repeating: 1, count: 400)
    // The candidate goes flat before the gap.
    let flat = long.indices.map { $0 < 190 ? 1.0 : 0 }
    let calm = try StressOutcome("calm", backtest(columns), original: long, candidate: flat)
    let outcome = try StressOutcome(scenario.name, backtest(shocked), original: long, candidate: flat)
    #expect(outcome.candidate == calm.candidate)
    // One step's return is multiplied along with the price after it.
    let factor = shocked.opens[200] / columns.opens[200]
    let lost = columns.opens[200] / columns.opens[199] * (factor - 1)
    #expect(agree(outcome.original.netReturn, calm.original.netReturn + lost, within: 1e-11) && lost < -0.08)
    #expect(outcome.original.worstDailyLoss > calm.original.worstDailyLoss)
    #expect(outcome.changes.missed == 210 && outcome.name == "gap")
  }

  @Test func inputThatCannotBeComparedIsRefused() throws {
    let columns = try wanderingCandles(50, seed: 2, gaps: false)
    let one = try backtest(columns)
    func code(_ original: [Double], _ candidate: [Double], _ first: Int, _ backtest: PortfolioBacktest? = nil) -> String? {
      errorCode { _ = try StressOutcome("x", backtest ?? one, original: original, candidate: candidate, from: first) }
    }
    #expect(code([1], [1], 47) == nil && code([], [], 50) == nil)
    #expect(code([1], [], 0) == "backtest.decisions" && code([1], [1], 50) == "backtest.range")
    #expect(code([1], [1], -1) == "backtest.range" && code([.nan], [1], 0) == "backtest.targets")
    let two = try PortfolioBacktest(["a", "b"].map { Instrument($0, candles: columns) })
    #expect(code([1], [1], 0, two) == "backtest.instruments")
    let flat = try StressOutcome("flat", one, original: [0], candidate: [0])
    #expect(flat.original.worstTrade == nil && flat.original.worstDailyLoss == 0)
    #expect(String(decoding: try JSONEncoder().encode(flat), as: UTF8.self).contains("\"worstTrade\":null"))
  }
}
