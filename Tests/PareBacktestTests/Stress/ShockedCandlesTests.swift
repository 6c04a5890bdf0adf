import Foundation
import PareBacktest
import PareMarket
import PareTensor
import Testing

@Suite struct ShockedCandlesTests {
  private func shocked(
    _ columns: TradedCandles, _ shocks: [(Int, PlantedShock)], window: Int = 100
  ) throws -> ShockedCandles {
    let plantings = shocks.map { StressScenario.Planting(at: columns.times[$0.0], $0.1) }
    return try ShockedCandles(columns.series, StressScenario("test", plantings), window: window)
  }

  @Test func aGapMovesEverythingFromItOnByTheDeviationsBeforeIt() throws {
    // Log returns +0.01 and −0.01 before it: a deviation of 0.01 · √2.
    let closes = [100, 100 * exp(0.01), 100, 105, 110]
    let columns = try candles(closes.map { ($0, $0 + 1, $0 - 1, $0) })
    let result = try shocked(columns, [(3, .gap(deviations: -5))])
    let factor = exp(-5 * 0.01 * 2.0.squareRoot())
    for (candle, old) in columns.series.candles.enumerated() {
      let new = result.series.candles[candle]
      if candle < 3 { #expect(new == old) }
      let expected = candle < 3 ? 1 : factor
      #expect(agree(new.open / old.open, expected) && agree(new.high / old.high, expected))
      #expect(agree(new.low / old.low, expected) && agree(new.close / old.close, expected))
      #expect(new.volume == old.volume && agree((new.turnover ?? 0) / (old.turnover ?? 0), expected))
    }
    #expect(result.spreadMultiples == [1, 1, 1, 1, 1])
    // A window of three closes has the same two returns at the fourth candle, and others at the fifth.
    #expect(try shocked(columns, [(3, .gap(deviations: -5))], window: 3) == result)
  }

  @Test(arguments: 0..<20 as Range<UInt64>) func aBurstStraysFromTheMeanPathByTheMultiple(seed: UInt64) throws {
    let columns = try wanderingCandles(120, seed: seed)
    let (first, count, multiple) = (30, 40, 4.0)
    let new = try shocked(columns, [(first, .volatilityBurst(multiple: multiple, candles: count))]).series.candles
    let old = columns.series.candles
    #expect(Array(new[..<first]) == Array(old[..<first]))
    #expect(Array(new[(first + count)...]) == Array(old[(first + count)...]))
    #expect(new[first + count - 1].close == old[first + count - 1].close)
    func moves(_ candles: [Candle]) -> [Double] {
      (first..<first + count).map { log(candles[$0].close / candles[$0 - 1].close) }
    }
    let mean = moves(old).reduce(0, +) / Double(count)
    #expect(agree(moves(new).reduce(0, +) / Double(count), mean))
    #expect(zip(moves(new), moves(old)).allSatisfy { agree($0 - mean, multiple * ($1 - mean), within: 1e-12) })
    for candle in first..<first + count {
      let (before, after) = (old[candle], new[candle])
      // What lies above open and close grows too, so that a high is a high.
      #expect(
        agree(
          log(after.high / max(after.open, after.close)), multiple * log(before.high / max(before.open, before.close)),
          within: 1e-12))
      #expect(after.low <= min(after.open, after.close) && after.start == before.start)
    }
    let same = try shocked(columns, [(first, .volatilityBurst(multiple: 1, candles: count))]).series.candles
    #expect(zip(same, old).allSatisfy { agree($0.open, $1.open) && agree($0.close, $1.close) && agree($0.low, $1.low) })
  }

  @Test(arguments: 0..<30 as Range<UInt64>) func nothingBeforeAShockChangesNorDependsOnWhatComesAfterIt(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let columns = try wanderingCandles(200, seed: seed)
    let first = 20 + generator.below(80)
    let shocks: [(Int, PlantedShock)] = [
      (first + 30, .volatilityBurst(multiple: 3, candles: 10)), (first, .gap(deviations: 8)),
      (first + 5, .spreadWidening(multiple: 4, candles: 20)), (first + 10, .spreadWidening(multiple: 3, candles: 30)),
    ]
    let result = try shocked(columns, shocks)
    #expect(Array(result.series.candles[..<first]) == Array(columns.series.candles[..<first]))
    #expect(result.series.candles[first] != columns.series.candles[first])
    #expect(result.spreadMultiples[..<(first + 5)].allSatisfy { $0 == 1 })
    #expect(result.spreadMultiples[(first + 5)..<(first + 25)].allSatisfy { $0 == 4 })
    #expect(result.spreadMultiples[(first + 25)..<(first + 40)].allSatisfy { $0 == 3 })
    #expect(result.spreadMultiples[(first + 40)...].allSatisfy { $0 == 1 })
    // The gap alone makes the same of all that comes before the burst.
    let gap = try shocked(columns, [shocks[1]])
    #expect(Array(gap.series.candles[..<(first + 30)]) == Array(result.series.candles[..<(first + 30)]))
  }

  @Test func seededShocksComeAtTheSameTimesWhateverThePricesAre() throws {
    let columns = try (0..<2).map { try wanderingCandles(300, seed: UInt64($0), gaps: false) }
    func times(_ columns: TradedCandles, _ seed: UInt64) throws -> [Int64] {
      try StressScenario.standard(in: columns.series, within: 100..<250, seed: seed).flatMap(\.plantings).map(\.time)
    }
    #expect(try times(columns[0], 7) == times(columns[1], 7))
    #expect(try times(columns[0], 7) != times(columns[0], 8))
    for seed in 0..<50 as Range<UInt64> {
      for scenario in try StressScenario.standard(in: columns[0].series, within: 100..<250, seed: seed) {
        let shocked = try ShockedCandles(columns[0].series, scenario)
        let changed = columns[0].times.indices.filter {
          shocked.series.candles[$0] != columns[0].series.candles[$0] || shocked.spreadMultiples[$0] != 1
        }
        #expect((changed.first ?? 0) >= 100)
        if scenario.name != "gap-down", scenario.name != "gap-up" { #expect(changed.last ?? 300 < 250) }
      }
    }
    let scenarios = try StressScenario.standard(in: columns[0].series, within: 100..<250, seed: 7)
    #expect(try JSONDecoder().decode([StressScenario].self, from: JSONEncoder().encode(scenarios)) == scenarios)
  }

  @Test func onlyTheSpreadIsMultiplied() throws {
    let columns = try candles([(Double, Double, Double, Double)](repeating: (100, 100, 100, 100), count: 6))
    let costs = CostModel(try TradingCosts(fee: 2, halfSpread: 1, slippage: 3))
    func paid(_ multiples: [Double]?) throws -> Double {
      try PortfolioBacktest([Instrument("one", candles: columns, costs: costs, spreadMultiples: multiples)])
        .run(targets: [[0, 1, 1, 0, 0, 0]]).metrics.costs
    }
    // Bought at the third candle, sold at the fifth.
    #expect(agree(try paid([9, 9, 4, 9, 2, 9]), (2 + 4 + 3 + 2 + 2 + 3) / 10_000))
    #expect(try paid([1, 1, 1, 1, 1, 1]) == paid(nil))
    for bad in [[1], [1, 1, 1, 1, 1, -1], [1, 1, .nan, 1, 1, 1]] as [[Double]] {
      #expect(errorCode { _ = try paid(bad) } == "backtest.cost")
    }
  }

  @Test func shocksThatCannotBeAreRefused() throws {
    let columns = try wanderingCandles(50, seed: 1, gaps: false)
    func code(_ candle: Int, _ shock: PlantedShock, window: Int = 20) -> String? {
      errorCode { _ = try shocked(columns, [(candle, shock)], window: window) }
    }
    #expect(code(3, .gap(deviations: 3)) == nil && code(49, .gap(deviations: 3)) == nil)
    #expect(code(2, .gap(deviations: 3)) == "backtest.stress" && code(3, .gap(deviations: .nan)) == "backtest.stress")
    #expect(code(3, .gap(deviations: 1e9)) == "backtest.prices")
    #expect(code(3, .gap(deviations: 3), window: 2) == "backtest.stress")
    #expect(code(0, .volatilityBurst(multiple: 2, candles: 5)) == "backtest.stress")
    #expect(code(1, .volatilityBurst(multiple: 2, candles: 49)) == nil)
    #expect(code(1, .volatilityBurst(multiple: 2, candles: 50)) == "backtest.stress")
    #expect(code(1, .volatilityBurst(multiple: 1e300, candles: 5)) == "backtest.prices")
    #expect(code(1, .volatilityBurst(multiple: 0.5, candles: 5)) == "backtest.stress")
    #expect(code(0, .spreadWidening(multiple: 2, candles: 0)) == "backtest.stress")
    #expect(code(0, .spreadWidening(multiple: .infinity, candles: 1)) == "backtest.stress")
    #expect(code(0, .spreadWidening(multiple: 2, candles: .max)) == "backtest.stress")
    let late = StressScenario.Planting(at: .max, .gap(deviations: 1))
    #expect(errorCode { _ = try ShockedCandles(columns.series, StressScenario("late", [late])) } == "backtest.stress")
    #expect(
      errorCode {
        _ = try StressScenario.seeded(
          "x", [.volatilityBurst(multiple: 2, candles: 20)], in: columns.series, within: 40..<55, seed: 1)
      } == "backtest.stress")
    #expect(throws: BacktestError.self) {
      try JSONDecoder().decode(
        StressScenario.self,
        from: Data(#"{"name":"x","plantings":[{"time":1,"shock":{"spreadWidening":{"multiple":0,"candles":3}}}]}"#.utf8))
    }
  }
}
