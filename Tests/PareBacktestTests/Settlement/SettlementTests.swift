import Foundation
import PareBacktest
import PareTensor
import Testing

@Suite struct SettlementTests {
  private let flat = (100.0, 100.0, 100.0, 100.0)
  private let day = 24 * hour

  private func run(
    _ columns: [TradedCandles], _ targets: [[Double]], _ rules: TradingRules
  ) throws -> PortfolioResult {
    try PortfolioBacktest(
      columns.enumerated().map { Instrument("\($0)", candles: $1, costs: try basisPoints(0)) }, rules: rules
    ).run(targets: targets)
  }

  private func resting(_ count: Int) throws -> TradedCandles {
    try candles([(Double, Double, Double, Double)](repeating: flat, count: count))
  }

  private let nextDay = TradingRules(settlement: Settlement(holdingDays: 1))

  @Test func whatWasBoughtTodayIsSoldTomorrow() throws {
    // Candles of an hour for three days. Long from 01:00, and out at 05:00: on the next day, at midnight.
    var targets = [Double](repeating: 0, count: 72)
    for index in 0..<4 { targets[index] = 1 }
    let result = try run([resting(72)], [targets], nextDay)
    #expect(result.trades.map(\.entered) == [midnight + hour])
    #expect(result.trades.map(\.left) == [midnight + day])
    #expect(result.trades[0].exit == .decision)
    let later = try run([resting(72)], [targets], TradingRules(settlement: Settlement(holdingDays: 2)))
    #expect(later.trades.map(\.left) == [midnight + 2 * day])
    // A short is no purchase, nor is what covers it; a reversal waits, and ends where the target is by then.
    let short = try run([resting(72)], [targets.map { -$0 }], nextDay)
    #expect(short.trades.map(\.left) == [midnight + 5 * hour])
    for index in 4..<72 { targets[index] = -1 }
    let reversed = try run([resting(72)], [targets], nextDay)
    #expect(reversed.trades.map(\.entered) == [midnight + hour, midnight + day])
    #expect(reversed.trades.map(\.side) == [1, -1])
  }

  @Test func onlyTheDaysOwnPurchaseIsBound() throws {
    // A half on the first day, another on the second; out on the second: a half then, the other on the third.
    var targets = [Double](repeating: 0.5, count: 72)
    for index in 25..<30 { targets[index] = 1 }
    for index in 30..<72 { targets[index] = 0 }
    let result = try run([resting(72)], [targets], nextDay)
    #expect(result.trades.map(\.left) == [midnight + 2 * day])
    // 23 hours and 2 of the second day at 0.5, 5 hours at 1, and the rest of that day at 0.5; 70 steps in all.
    let held: Double = 25 * 0.5 + 5 + 17 * 0.5
    #expect(agree(result.metrics.exposure, held / 70))
    #expect(agree(result.metrics.tradedNotional, 2))
  }

  @Test func aStopOfTodaysPurchaseWaitsForTheNextOpenThatMaySell() throws {
    var prices = [(Double, Double, Double, Double)](repeating: flat, count: 30)
    prices[3] = (100, 100, 90, 99)
    for index in 4..<30 { prices[index] = (99, 99, 99, 99) }
    let rules = TradingRules(stopLoss: 0.05, settlement: Settlement(holdingDays: 1))
    let result = try run([candles(prices)], [[Double](repeating: 1, count: 30)], rules)
    // The price is back above the level by then: the stop was reached, and is carried out.
    #expect(result.trades.map(\.exit) == [.stop] && result.trades[0].left == midnight + day)
    #expect(result.trades[0].exitPrice == 99 && agree(result.metrics.netReturn, -0.01))
    // Bought the day before, it is carried out at its level.
    var later = [(Double, Double, Double, Double)](repeating: flat, count: 30)
    later[26] = (100, 100, 90, 99)
    let atLevel = try run([candles(later)], [[Double](repeating: 1, count: 30)], rules)
    #expect(atLevel.trades[0].exitPrice == 95 && atLevel.trades[0].left == midnight + 26 * hour)
  }

  @Test func limitsAndTheKillSwitchSellWhatMayBeSold() throws {
    var prices = [(Double, Double, Double, Double)](repeating: flat, count: 60)
    for index in 3..<60 { prices[index] = (80, 80, 80, 80) }
    let rules = TradingRules(killSwitch: 0.1, settlement: Settlement(holdingDays: 1))
    let result = try run([candles(prices)], [[Double](repeating: 1, count: 60)], rules)
    #expect(result.halt?.time == midnight + 3 * hour)
    #expect(result.trades.map(\.exit) == [.killSwitch] && result.trades[0].left == midnight + day)
    // A purchase of 1 in the first leaves nothing of a gross limit of 1 for the second, until it may be sold.
    var first = [Double](repeating: 0, count: 60)
    for index in 0..<4 { first[index] = 1 }
    let second = (0..<60).map { $0 < 4 ? 0.0 : 1 }
    let shared = try run(
      [resting(60), resting(60)], [first, second],
      TradingRules(limits: ExposureLimits(gross: 1), settlement: Settlement(holdingDays: 1)))
    #expect(shared.trades.map(\.instrument) == [0, 1] && shared.trades[1].entered == midnight + day)
  }

  @Test func proceedsBuyAgainAfterTheirDays() throws {
    // The first is sold at 02:00 of the second day; the second is wanted from then on.
    let first = (0..<120).map { $0 < 25 ? 1.0 : 0 }
    let second = (0..<120).map { $0 < 25 ? 0.0 : 1 }
    func entered(_ settlement: Settlement?) throws -> [Int64] {
      try run([resting(120), resting(120)], [first, second], TradingRules(sides: .longOnly, settlement: settlement))
        .trades.filter { $0.instrument == 1 }.map(\.entered)
    }
    #expect(try entered(nil) == [midnight + 26 * hour])
    #expect(try entered(Settlement(cashDays: 0)) == [midnight + 26 * hour])
    #expect(try entered(Settlement(cashDays: 1)) == [midnight + 2 * day])
    #expect(try entered(Settlement(cashDays: 2)) == [midnight + 3 * day])
  }

  @Test func aCashAccountBuysNoMoreThanItHasAndSharesItOut() throws {
    let columns = try [resting(10), resting(10)]
    let result = try run(
      columns, [[Double](repeating: 1, count: 10), [Double](repeating: 3, count: 10)],
      TradingRules(sides: .longOnly, settlement: Settlement(cashDays: 1)))
    #expect(agree(result.metrics.exposure, 1))
    // A quarter and three quarters: 1 to 3.
    #expect(agree(result.metrics.tradedNotional, 2))
    let partly = try run(
      columns, [(0..<10).map { $0 < 5 ? 0.4 : 1 }, (0..<10).map { $0 < 5 ? 0.0 : 3 }],
      TradingRules(sides: .longOnly, settlement: Settlement(cashDays: 1)))
    // 0.4 for five steps, then the other 0.6 as 0.6 to 3.
    let mean: Double = (5 * 0.4 + 3) / 8
    #expect(agree(partly.metrics.exposure, mean))
  }

  @Test(arguments: 0..<20) func nothingIsSoldBeforeItsDay(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let count = 1 + generator.below(3)
    let columns = try (0..<count).map { try wanderingCandles(300, seed: seed * 7 + UInt64($0), from: generator.below(40)) }
    let targets = columns.enumerated().map { wanderingTargets($1.count, seed: seed + UInt64($0)) }
    let days = 1 + generator.below(3)
    var rules = TradingRules(stopLoss: 0.02, takeProfit: 0.03, maximumHolding: 9, settlement: Settlement(holdingDays: days))
    let result = try run(columns, targets, rules)
    for trade in result.trades where trade.side > 0 && trade.exit != .end && trade.exit != .delisted {
      #expect(trade.left / day >= trade.entered / day + Int64(days))
    }
    #expect(result.trades.contains { $0.side > 0 && $0.exit == .stop })
    #expect(agree(result.trades.reduce(0) { $0 + $1.netReturn }, result.metrics.netReturn, within: 1e-10))
    rules.settlement = nil
    let free = try run(columns, targets, rules)
    #expect(free != result)
    rules.settlement = Settlement()
    #expect(try run(columns, targets, rules) == free)
    rules.sides = .longOnly
    rules.settlement = Settlement(holdingDays: generator.below(2), cashDays: generator.below(3))
    #expect(try run(columns, targets, rules).metrics.exposure <= 1 + 1e-12)
  }

  @Test func settlementsThatCannotBeAreRefused() throws {
    for rules in [
      TradingRules(settlement: Settlement(holdingDays: -1)), TradingRules(settlement: Settlement(holdingDays: 31)),
      TradingRules(sides: .longOnly, settlement: Settlement(cashDays: -1)), TradingRules(settlement: Settlement(cashDays: 1)),
    ] {
      #expect(errorCode { _ = try run([resting(3)], [[0, 0, 0]], rules) } == "backtest.rules")
    }
    let rules = TradingRules(sides: .longOnly, settlement: Settlement(holdingDays: 1, cashDays: 2))
    #expect(try JSONDecoder().decode(TradingRules.self, from: JSONEncoder().encode(rules)) == rules)
  }
}
