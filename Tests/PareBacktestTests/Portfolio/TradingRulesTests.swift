import PareBacktest
import Testing

@Suite struct TradingRulesTests {
  private func run(
    _ prices: [(Double, Double, Double, Double)], _ targets: [Double], _ rules: TradingRules,
    costs: CostModel? = nil, execution: Execution = Execution()
  ) throws -> PortfolioResult {
    let instrument = Instrument("one", candles: try candles(prices), costs: try costs ?? basisPoints(0))
    return try PortfolioBacktest([instrument], rules: rules, execution: execution).run(targets: [targets])
  }

  private let flat = (100.0, 101.0, 99.0, 100.0)

  @Test func aStopClosesAtItsLevelAndStaysOutUntilTheTargetLeaves() throws {
    // Long from 100 with a stop at 98, which the second candle reaches. Long targets are barred until one is flat.
    let result = try run(
      [flat, flat, (100, 100, 97, 99), flat, flat, flat, flat, flat, flat, flat], [1, 1, 1, 1, 0, 1, 1, 1, 1, 1],
      TradingRules(stopLoss: 0.02))
    #expect(result.trades.map(\.exit) == [.stop, .end])
    #expect(result.trades[0].exitPrice == 98 && agree(result.trades[0].netReturn, -0.02))
    #expect(result.trades[0].entered == midnight + hour && result.trades[0].left == midnight + 2 * hour)
    #expect(result.trades[1].entered == midnight + 6 * hour)
  }

  @Test func aGapFillsAtTheOpenBehindTheStop() throws {
    let result = try run(
      [flat, flat, (95, 96, 94, 95), (95, 95, 95, 95), (95, 95, 95, 95)], [1, 1, 1, 1, 1], TradingRules(stopLoss: 0.02))
    #expect(result.trades.map(\.exit) == [.stop] && result.trades[0].exitPrice == 95)
    #expect(agree(result.metrics.netReturn, -0.05))
    // A target on the other side is taken at the same open.
    let reversed = try run(
      [flat, flat, (95, 96, 94, 95), (95, 95, 95, 95), (95, 95, 95, 95)], [1, -1, -1, -1, -1],
      TradingRules(stopLoss: 0.02))
    #expect(reversed.trades.map(\.side) == [1, -1] && reversed.trades[0].exit == .stop)
    #expect(reversed.metrics.tradedNotional == 4)
  }

  @Test func ofTwoLevelsInOneCandleTheWorseCounts() throws {
    let wide = [flat, (100, 104, 96, 103), flat, flat]
    let rules = TradingRules(stopLoss: 0.03, takeProfit: 0.03)
    #expect(try run(wide, [1, 1, 1, 1], rules).trades[0].exit == .stop)
    #expect(try run(wide, [-1, -1, -1, -1], rules).trades[0].exit == .stop)
    let up = [flat, (100, 104, 98, 103), flat, flat]
    let taken = try run(up, [1, 1, 1, 1], rules)
    #expect(taken.trades[0].exit == .takeProfit && agree(taken.trades[0].netReturn, 0.03))
    let short = try run(up, [-1, -1, -1, -1], rules)
    #expect(short.trades[0].exit == .stop && agree(short.trades[0].netReturn, -0.03))
  }

  @Test func aPositionIsHeldForSoManyCandlesAtMost() throws {
    let result = try run(
      [flat, flat, flat, flat, flat, flat, flat], [1, 1, 1, 1, -1, -1, -1], TradingRules(maximumHolding: 2))
    #expect(result.trades.map(\.exit) == [.maximumHolding, .end])
    #expect(result.trades[0].left - result.trades[0].entered == 2 * hour)
    #expect(result.trades[1].side == -1 && result.trades[1].entered == midnight + 5 * hour)
  }

  @Test func aDayThatLosesTooMuchIsOverAndTheNextBegins() throws {
    // Candles of an hour; the fall at 03:00 ends the day at 04:00, and the position is taken again at midnight.
    var prices = [(Double, Double, Double, Double)](repeating: flat, count: 30)
    prices[3] = (100, 100, 95, 95)
    for index in 4..<30 { prices[index] = (95, 96, 94, 95) }
    let result = try run(prices, [Double](repeating: 1, count: 30), TradingRules(dailyLossLimit: 0.03))
    #expect(result.trades.map(\.exit) == [.dailyLoss, .end])
    #expect(result.trades[0].left == midnight + 4 * hour && result.trades[1].entered == midnight + 24 * hour)
    #expect(result.limitedDays == 1 && result.halt == nil)
  }

  @Test func theKillSwitchEndsTradingForGood() throws {
    var prices = [(Double, Double, Double, Double)](repeating: flat, count: 60)
    prices[2] = (110, 110, 110, 110)
    let result = try run(prices, [Double](repeating: 1, count: 60), TradingRules(killSwitch: 0.05))
    // From 0.1 at the close of candle 2 to 0.1 − 10/110 at the close of candle 3.
    #expect(result.halt?.reason == .killSwitch && result.halt?.time == midnight + 3 * hour)
    #expect(result.trades.map(\.exit) == [.killSwitch] && result.trades[0].left == midnight + 4 * hour)
    #expect(result.metrics.days == 3)
  }

  @Test(arguments: [Execution.Sizing.fixedNotional, .compounding]) func lostCapitalEndsTrading(
    sizing: Execution.Sizing
  ) throws {
    // Short from 100 while the price trebles: twice the capital is lost, and nothing is traded afterwards.
    let result = try run(
      [flat, flat, (300, 300, 300, 300), flat, flat, flat], [-1, -1, -1, 1, 1, 1], .none,
      execution: Execution(sizing: sizing))
    #expect(result.halt?.reason == .capitalExhausted && result.trades.count == 1)
    #expect(agree(result.metrics.netReturn, sizing == .compounding ? -1 : -2 + 2.0 / 3))
  }

  @Test func longOnlyTakesNoShorts() throws {
    let column = try wanderingCandles(300, seed: 8)
    let targets = wanderingTargets(column.count, seed: 8)
    func run(_ targets: [Double], _ rules: TradingRules) throws -> PortfolioResult {
      try PortfolioBacktest([Instrument("one", candles: column)], rules: rules).run(targets: [targets])
    }
    let long = try run(targets, TradingRules(sides: .longOnly))
    #expect(long == (try run(targets.map { max($0, 0) }, .none)))
    #expect(long.trades.allSatisfy { $0.side == 1 } && !long.trades.isEmpty)
  }

  @Test func smallChangesOfSizeAreNotTraded() throws {
    let result = try run(
      [flat, flat, flat, flat, flat, flat, flat], [1, 0.95, 0.9, 0.8, 0.85, 0, 0], TradingRules(rebalanceBand: 0.15))
    // 1, then 0.8 (a fifth less), then flat.
    #expect(agree(result.metrics.tradedNotional, 1 + 0.2 + 0.8))
    #expect(result.metrics.trades == 1)
  }

  @Test func theEntryPriceIsTheMeanOfWhatWasBought() throws {
    // Half at 100, half at 104: a stop 2 % below 102.
    let result = try run(
      [flat, flat, (104, 105, 103, 104), (103, 103, 99, 100), flat, flat], [0.5, 1, 1, 1, 1, 1],
      TradingRules(stopLoss: 0.02))
    #expect(result.trades[0].exit == .stop && agree(result.trades[0].entryPrice, 102))
    #expect(agree(result.trades[0].exitPrice, 102 * 0.98))
  }

  @Test func rulesThatCannotBeAreRefused() throws {
    let instrument = Instrument("one", candles: try candles([flat, flat, flat]))
    for rules in [
      TradingRules(stopLoss: 0), TradingRules(stopLoss: 1), TradingRules(takeProfit: -1), TradingRules(maximumHolding: 0),
      TradingRules(dailyLossLimit: .nan), TradingRules(killSwitch: .infinity), TradingRules(rebalanceBand: -0.1),
      TradingRules(limits: ExposureLimits(gross: 0)), TradingRules(limits: ExposureLimits(net: .nan)),
    ] {
      #expect(errorCode { _ = try PortfolioBacktest([instrument], rules: rules) } == "backtest.rules")
    }
  }
}
