import Foundation
import PareBacktest
import PareTensor
import Testing

@Suite struct FillDelayTests {
  /// Opens 100, 100, 110, 99 and closes 100, 110, 99, 99, with room above and below the second.
  private func handMade() throws -> TradedCandles {
    try candles([(100, 100, 100, 100), (100, 116, 98, 110), (110, 110, 99, 99), (99, 99, 99, 99)])
  }

  private func run(
    _ columns: TradedCandles, _ targets: [Double], _ delay: FillDelay, fee: Double = 0, rules: TradingRules = .none,
    lag: Int = 0, execution: Execution = Execution()
  ) throws -> PortfolioResult {
    try PortfolioBacktest(
      [Instrument("one", candles: columns, costs: try basisPoints(fee))], rules: rules, execution: execution, lag: lag,
      delay: delay
    ).run(targets: [targets])
  }

  @Test func aStraightFillLosesTheShareOfTheCandleThatHasPassed() throws {
    // Long from within the second candle to the open of the third, 110.
    for share in [0, 0.125, 0.25, 0.5, 0.75, 0.999] {
      let delay = FillDelay(milliseconds: share * Double(hour))
      let result = try run(handMade(), [1, 1, 0, 0], delay)
      // And from that open to where the decision of the second candle keeps it: long until the third's arrives.
      let price = 100 + 10 * share
      #expect(agree(result.metrics.grossReturn, (110 - price) / 100 + (99.0 / 110 - 1)))
      #expect(agree(result.trades[0].entryPrice, price))
    }
  }

  @Test func theDifferenceToTheOpenIsEarnedOnTheChange() throws {
    // Half long at the open of the second candle is reversed within the third, at 110 − 11/4.
    let columns = try candles([
      (100, 100, 100, 100), (100, 100, 100, 100), (100, 110, 100, 110), (110, 110, 99, 99), (99, 99, 99, 99),
    ])
    let delay = FillDelay(milliseconds: Double(hour) / 4)
    let result = try run(columns, [0.5, -1, -1, -1, -1], delay, fee: 10)
    // Bought at 100, sold and reversed at 102.5 within the candle from 100 to 110, held down to 99.
    let gross = 0.5 * 0.025 - 1 * 0.075 - (99.0 / 110 - 1)
    #expect(agree(result.metrics.grossReturn, gross))
    #expect(agree(result.metrics.grossReturn, -(0.1) + 0.1 + 1.5 * 0.025))
    #expect(agree(result.metrics.costs, (0.5 + 1.5 + 1) * 0.001))
    #expect(result.trades.map(\.exitPrice) == [102.5, 99] && result.trades.map(\.exit) == [.decision, .end])
    // Flat for a quarter of the first step, half long for the rest of it and a quarter of the next, then short.
    #expect(agree(result.metrics.exposure, (0.75 * 0.5 + 0.25 * 0.5 + 0.75 + 1) / 3))
    let compounded = try run(columns, [0.5, -1, -1, -1, -1], delay, execution: Execution(sizing: .compounding))
    #expect(agree(compounded.metrics.grossReturn, (1 + 0.5 * 0.025 - 0.075) * (1 + 0.1) - 1))
  }

  @Test func anAdverseFillGoesTowardsTheExtremeByTheRoot() throws {
    let delay = FillDelay(milliseconds: Double(hour) / 4, model: .adverse)
    let long = try run(handMade(), [1, 1, 1, 1], delay)
    #expect(agree(long.trades[0].entryPrice, 108))
    let short = try run(handMade(), [-1, -1, -1, -1], delay)
    #expect(agree(short.trades[0].entryPrice, 99))
  }

  @Test(arguments: 0..<20 as Range<UInt64>) func wholeCandlesAreTheSameLag(seed: UInt64) throws {
    let columns = try wanderingCandles(200, seed: seed, gaps: false)
    let targets = wanderingTargets(200, seed: seed)
    let rules = TradingRules(stopLoss: 0.02, takeProfit: 0.03, maximumHolding: 9)
    for (model, lag) in zip(FillModel.allCases + FillModel.allCases, [0, 1, 2, 3]) {
      let delay = FillDelay(milliseconds: Double(lag) * Double(hour), model: model)
      #expect(try run(columns, targets, delay, fee: 5, rules: rules) == run(columns, targets, .none, fee: 5, rules: rules, lag: lag))
      #expect(
        try run(columns, targets, delay, fee: 5, rules: rules, lag: 1)
          == run(columns, targets, .none, fee: 5, rules: rules, lag: lag + 1))
    }
  }

  @Test func aDecisionThatArrivesInAGapIsFilledAtTheNextOpen() throws {
    // Candles at 0, 1, 4, 5 and 6 hours. Decisions of 1 and 2 o'clock, half a candle and 1.5 candles late.
    let columns = try TradedCandles(
      times: [0, 1, 4, 5, 6].map { midnight + $0 * hour }, opens: [100, 100, 120, 130, 130],
      highs: [100, 100, 130, 130, 130], lows: [100, 100, 120, 130, 130], closes: [100, 100, 130, 130, 130],
      volumes: [1, 1, 1, 1, 1])
    let half = try run(columns, [0, 1, 0, 0, 0], FillDelay(milliseconds: 0.5 * Double(hour)))
    #expect(half.trades.map(\.entryPrice) == [120] && half.trades[0].entered == midnight + 4 * hour)
    // The first decision comes in the gap and the second in the candle after it.
    let later = try run(columns, [1, 0, 0, 0, 0], FillDelay(milliseconds: 2.5 * Double(hour)))
    #expect(later.trades.map(\.entryPrice) == [120] && later.trades.map(\.exitPrice) == [125])
  }

  @Test func takeProfitsWithinTheCandleOfAFillCountOnlyWhereTheyAreSure() throws {
    let rules = TradingRules(stopLoss: 0.03, takeProfit: 0.05)
    let quarter = FillDelay(milliseconds: Double(hour) / 4)
    // Bought at 102.5: 107.6 is reached by the close of 110.
    let sure = try run(handMade(), [1, 1, 1, 1], quarter, rules: TradingRules(takeProfit: 0.05))
    #expect(sure.trades.map(\.exit) == [.takeProfit] && agree(sure.trades[0].exitPrice, 102.5 * 1.05))
    // The high of 116 may have come before the fill.
    let unsure = try run(handMade(), [1, 1, 1, 1], quarter, rules: TradingRules(takeProfit: 0.1))
    #expect(unsure.trades.map(\.exit) == [.end])
    // The low of 98 counts wherever it was.
    let stopped = try run(handMade(), [1, 1, 1, 1], quarter, rules: rules)
    #expect(stopped.trades.map(\.exit) == [.stop])
  }

  @Test(arguments: 0..<20 as Range<UInt64>) func changingTheFutureLeavesThePastAsItWas(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed, stream: "cut")
    let columns = try wanderingCandles(200, seed: seed)
    let targets = wanderingTargets(columns.count, seed: seed)
    let cut = columns.times[60 + generator.below(60)]
    func changed(_ prices: [Double]) -> [Double] { zip(columns.times, prices).map { $0 >= cut ? 1.7 * $1 : $1 } }
    let other = try TradedCandles(
      times: columns.times, opens: changed(columns.opens), highs: changed(columns.highs), lows: changed(columns.lows),
      closes: changed(columns.closes), volumes: columns.volumes)
    let others = zip(columns.times, targets).map { $0 >= cut ? -$1 : $1 }
    let delay = FillDelay(milliseconds: 3 * Double(hour) * generator.uniform(), model: .adverse)
    let rules = TradingRules(stopLoss: 0.02, takeProfit: 0.03)
    func past(_ result: PortfolioResult) -> [TradeRecord] { result.trades.filter { $0.left < cut } }
    let before = past(try run(columns, targets, delay, rules: rules))
    #expect(!before.isEmpty)
    #expect(past(try run(other, others, delay, rules: rules)) == before)
  }

  @Test func delaysThatCannotBeAreRefused() throws {
    func code(_ delay: FillDelay) -> String? { errorCode { _ = try run(handMade(), [1, 1, 1, 1], delay) } }
    #expect(code(FillDelay(milliseconds: -1)) == "backtest.delay")
    #expect(code(FillDelay(milliseconds: .nan)) == "backtest.delay")
    #expect(code(FillDelay(milliseconds: .infinity)) == "backtest.delay")
    #expect(code(FillDelay(milliseconds: 1, candle: 0)) == "backtest.delay")
    #expect(code(FillDelay(milliseconds: 1, candle: hour + 1)) == "backtest.delay")
    #expect(code(FillDelay(milliseconds: 1, candle: hour)) == nil)
    #expect(code(FillDelay(milliseconds: 1e12)) == "backtest.too-few-candles")
  }
}
