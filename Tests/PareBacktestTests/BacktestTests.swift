import Foundation
import PareBacktest
import PareTensor
import Testing

private let minute: Int64 = 60_000
private let day: Int64 = 86_400_000

/// A random walk's opens, one candle each five minutes.
private func walk(_ count: Int, seed: UInt64) -> [Double] {
  var generator = SeededGenerator(seed: seed, stream: "opens")
  var price = 100.0
  return (0..<count).map { _ in
    price *= 1 + 0.002 * generator.normal()
    return price
  }
}

private func times(_ count: Int, step: Int64 = 5 * minute) -> [Int64] {
  (0..<count).map { 1_700_006_400_000 + Int64($0) * step }
}

private func randomPositions(_ count: Int, seed: UInt64) -> [Int8] {
  var generator = SeededGenerator(seed: seed, stream: "positions")
  return (0..<count).map { _ in Int8(generator.below(3)) - 1 }
}

private func close(_ one: Double?, _ other: Double?, within bound: Double = 1e-12) -> Bool {
  guard let one, let other else { return one == nil && other == nil }
  return abs(one - other) <= bound * max(1, abs(other))
}

@Suite struct BacktestTests {
  @Test func everyFigureEqualsTheOneWorkedOutByHand() throws {
    // Decisions at candles 0 … 4, filled at opens 1 … 5, closed at open 6. A side costs 10 basis points.
    let opens = [50.0, 100, 110, 99, 99, 90, 108, 500]
    let positions: [Int8] = [1, 1, 0, -1, 1]
    let backtest = try Backtest(
      opens: Array(opens.dropLast()), times: times(7), costs: TradingCosts(fee: 6, halfSpread: 3, slippage: 1))
    let result = try backtest.run(positions: positions)
    let metrics = result.metrics
    // Steps earn +0.1, −0.1, 0, +1/11, +0.2; traded 1, 0, 1, 1, 2 and 1 to close.
    let gross = 0.1 - 0.1 + 1.0 / 11 + 0.2
    #expect(metrics.steps == 5 && metrics.days == 1)
    #expect(close(metrics.grossReturn, gross))
    #expect(metrics.tradedNotional == 6)
    #expect(close(metrics.costs, 0.006))
    #expect(close(metrics.netReturn, gross - 0.006))
    #expect(close(metrics.breakEvenBasisPoints, gross / 6 * 10_000))
    #expect(metrics.turnover == 6)
    #expect(metrics.trades == 3)
    // The long of two steps loses its costs; the short and the last long win.
    #expect(close(metrics.hitRate, 2.0 / 3))
    // From 0.099 after the first step to −0.002 after the flat one.
    #expect(close(metrics.maxDrawdown, 0.099 + 0.002))
    #expect(metrics.sharpe == nil && metrics.sortino == nil)
    #expect(result.daily.count == 1 && close(result.daily[0].net, gross - 0.006))
    #expect(result.equity.times == Array(times(7)[2...6]))
    #expect(close(result.equity.net.last, metrics.netReturn) && close(result.equity.gross.first, 0.1))
    // One candle later: opens 2 … 6 hold the first four decisions: −0.1, 0, 0 flat, and a short from 90 to 108.
    let later = result.fillOneLater
    #expect(later.steps == 4)
    #expect(close(later.grossReturn, -0.1 + 0 + 0 - 0.2))
    #expect(later.tradedNotional == 4)
    #expect(close(later.costs, 0.004))
    #expect(later.hitRate == 0)
  }

  @Test func aTradeThatEarnsOneSideOfItsCostsIsNoHit() throws {
    func hitRate(_ fee: Double) throws -> Double? {
      try Backtest(
        opens: [100, 100, 100.15, 100, 100], times: times(5), costs: TradingCosts(fee: fee, halfSpread: 0, slippage: 0)
      ).run(positions: [1, 0]).metrics.hitRate
    }
    #expect(try hitRate(10) == 0)
    #expect(try hitRate(7) == 1)
  }

  @Test func dailyRatiosEqualTheOnesWorkedOutByHand() throws {
    // One candle a day: 24 days held long, of which every third falls 1 % and the others rise 2 %.
    var opens = [100.0, 100]
    for index in 0..<24 { opens.append(opens[opens.count - 1] * (index % 3 == 0 ? 0.99 : 1.02)) }
    let backtest = try Backtest(opens: opens, times: times(26, step: day), costs: .none)
    let result = try backtest.run(positions: Array(repeating: 1, count: 24))
    let mean = 0.01
    let deviation = ((8 * 0.0004 + 16 * 0.0001) / 23.0).squareRoot()
    #expect(result.metrics.days == 24)
    #expect(close(result.metrics.sharpe, mean / deviation * 365.0.squareRoot(), within: 1e-9))
    #expect(close(result.metrics.sortino, mean / (8 * 0.0001 / 24.0).squareRoot() * 365.0.squareRoot(), within: 1e-9))
    #expect(close(result.metrics.maxDrawdown, 0.01, within: 1e-9))
    #expect(result.fillOneLater.days == 23)

    let stocks = try Backtest(
      opens: opens, times: times(26, step: day), costs: .none, execution: Execution(calendar: .sessions))
    let yearly = try stocks.run(positions: Array(repeating: 1, count: 24)).metrics
    #expect(close(yearly.sharpe, mean / deviation * 252.0.squareRoot(), within: 1e-9))
  }

  @Test func sharpeIsNullWithoutVarianceOrWithFewDays() throws {
    let opens = walk(40, seed: 1)
    let backtest = try Backtest(opens: opens, times: times(40, step: day))
    #expect(try backtest.run(ConstantPosition.flat, over: 0..<30).metrics.sharpe == nil)
    #expect(try backtest.run(ConstantPosition.buyAndHold, over: 0..<19).metrics.sharpe == nil)
    #expect(try backtest.run(ConstantPosition.buyAndHold, over: 0..<20).metrics.sharpe != nil)
    #expect(try backtest.run(ConstantPosition.buyAndHold, over: 0..<20).fillOneLater.sharpe != nil)
    // A tenth of a percent a day, not one of which is exact in binary.
    let steady = (0..<40).map { 100 * pow(1.001, Double($0)) }
    let rising = try Backtest(opens: steady, times: times(40, step: day), costs: .none)
    #expect(try rising.run(ConstantPosition.buyAndHold, over: 0..<30).metrics.sharpe == nil)
    #expect(try rising.run(ConstantPosition.buyAndHold, over: 0..<30).metrics.sortino == nil)
  }

  @Test func daysWithoutCandlesAreFlatDays() throws {
    var stamps = times(10, step: day)
    for index in 5..<10 { stamps[index] += 3 * day }
    let opens = walk(10, seed: 2)
    let every = try Backtest(opens: opens, times: stamps).run(ConstantPosition.buyAndHold, over: 0..<8)
    #expect(every.metrics.days == 8 + 3)
    #expect(every.daily.count { $0.net == 0 } == 3)
    #expect(zip(every.daily, every.daily.dropFirst()).allSatisfy { $1.day - $0.day == day })
    let sessions = try Backtest(opens: opens, times: stamps, execution: Execution(calendar: .sessions))
      .run(ConstantPosition.buyAndHold, over: 0..<8)
    #expect(sessions.metrics.days == 8)
    #expect(sessions.metrics.netReturn == every.metrics.netReturn)
  }

  @Test func buyAndHoldGivesTheMarketExactly() throws {
    let opens = walk(5_000, seed: 3)
    let market = zip(opens.dropFirst(), opens.dropFirst(2)).map { $1 / $0 - 1 }
    let added = try Backtest(opens: opens, times: times(5_000), costs: .none)
      .run(ConstantPosition.buyAndHold, over: 0..<5_000).metrics
    #expect(added.grossReturn == market.reduce(0, +))
    #expect(added.netReturn == added.grossReturn)
    let compounded = try Backtest(
      opens: opens, times: times(5_000), costs: .none, execution: Execution(sizing: .compounding))
      .run(ConstantPosition.buyAndHold, over: 0..<5_000).metrics
    #expect(close(compounded.netReturn, opens[4_999] / opens[1] - 1, within: 1e-11))
    let costly = try Backtest(opens: opens, times: times(5_000), costs: .standard)
      .run(ConstantPosition.buyAndHold, over: 0..<5_000).metrics
    #expect(close(costly.netReturn, added.netReturn - 0.0006))
    #expect(costly.trades == 1 && costly.tradedNotional == 2)
  }

  @Test func compoundingMultipliesReturnsAndCosts() throws {
    let opens = [100.0, 100, 110, 99, 99]
    let backtest = try Backtest(
      opens: opens, times: times(5), costs: TradingCosts(fee: 100, halfSpread: 0, slippage: 0),
      execution: Execution(sizing: .compounding))
    let metrics = try backtest.run(positions: [1, -1, 0]).metrics
    let net = 0.99 * 1.1 * 0.98 * 1.1 * 0.99
    #expect(close(metrics.netReturn, net - 1))
    #expect(close(metrics.grossReturn, 1.1 * 1.1 - 1))
    #expect(close(metrics.costs, 0.01 + 0.99 * 1.1 * 0.02 + 0.99 * 1.1 * 0.98 * 1.1 * 0.01))
    #expect(close(metrics.breakEvenBasisPoints, 0.2 / 4 * 10_000))
  }

  @Test(arguments: 0..<20) func anOracleEarnsEveryMoveAndRandomDecisionsLoseTheirCosts(seed: UInt64) throws {
    let opens = walk(4_000, seed: seed)
    let backtest = try Backtest(
      opens: opens, times: times(4_000), costs: TradingCosts(fee: 1, halfSpread: 0, slippage: 0))
    let oracle = (0..<3_998).map { Int8(opens[$0 + 2] > opens[$0 + 1] ? 1 : -1) }
    let best = try backtest.run(positions: oracle)
    let moves = zip(opens.dropFirst(), opens.dropFirst(2)).reduce(0) { $0 + abs($1.1 / $1.0 - 1) }
    #expect(close(best.metrics.grossReturn, moves, within: 1e-9))
    #expect(best.metrics.netReturn > 0 && best.metrics.sharpe == nil)
    #expect(best.fillOneLater.netReturn < best.metrics.netReturn)

    let random = try backtest.run(positions: randomPositions(3_998, seed: seed)).metrics
    // The gross return of random decisions has mean 0 and deviation √(Σ r² · 2/3); five of these bound it.
    let squares = zip(opens.dropFirst(), opens.dropFirst(2)).reduce(0) { $0 + pow($1.1 / $1.0 - 1, 2) }
    #expect(abs(random.netReturn + random.costs) < 5 * (squares * 2 / 3).squareRoot())
    #expect(random.costs > 0.3)
  }

  @Test(arguments: 0..<20) func doubledCostsTakeTheTradedNotionalOnceMore(seed: UInt64) throws {
    let opens = walk(1_000, seed: seed)
    let positions = randomPositions(900, seed: seed)
    func run(_ basisPoints: Double) throws -> BacktestMetrics {
      try Backtest(
        opens: opens, times: times(1_000), costs: TradingCosts(fee: basisPoints, halfSpread: 0, slippage: 0)
      ).run(positions: positions, from: 50).metrics
    }
    let (free, once, twice) = (try run(0), try run(4), try run(8))
    #expect(once.tradedNotional == twice.tradedNotional && once.grossReturn == twice.grossReturn)
    #expect(close(once.netReturn - twice.netReturn, once.tradedNotional * 4 / 10_000, within: 1e-11))
    #expect(close(free.netReturn - once.netReturn, once.tradedNotional * 4 / 10_000, within: 1e-11))
    let even = try run(abs(#require(free.breakEvenBasisPoints)))
    let left = free.grossReturn >= 0 ? 0 : 2 * free.grossReturn
    #expect(close(even.netReturn, left, within: 1e-11))
    var traded = Double(abs(positions[0])) + Double(abs(positions[899]))
    for (old, new) in zip(positions, positions.dropFirst()) { traded += Double(abs(new - old)) }
    #expect(once.tradedNotional == traded)
  }

  @Test(arguments: 0..<10) func pricesAfterTheLastFillChangeNothing(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var opens = walk(600, seed: seed)
    let positions = randomPositions(100 + generator.below(300), seed: seed)
    let before = try Backtest(opens: opens, times: times(600)).run(positions: positions)
    for index in positions.count + 3..<600 { opens[index] *= 3 }
    #expect(try Backtest(opens: opens, times: times(600)).run(positions: positions) == before)
    opens[positions.count + 2] *= 3
    let after = try Backtest(opens: opens, times: times(600)).run(positions: positions)
    #expect(after.metrics == before.metrics && after.equity == before.equity)
  }

  @Test func theCurveIsThinnedAndEndsWithTheLastStep() throws {
    let count = 12_345
    let backtest = try Backtest(opens: walk(count, seed: 9), times: times(count))
    let result = try backtest.run(positions: randomPositions(count, seed: 9))
    #expect(result.equity.times.count <= Backtest.curvePoints)
    #expect(result.equity.times.count > Backtest.curvePoints / 2)
    #expect(result.equity.times.last == times(count).last)
    #expect(result.equity.net.last == result.metrics.netReturn)
    #expect(close(result.daily.reduce(0) { $0 + $1.net }, result.metrics.netReturn, within: 1e-11))
  }

  @Test func aResultReadsBackFromItsJSONWithEveryKey() throws {
    let result = try Backtest(opens: walk(100, seed: 1), times: times(100)).run(ConstantPosition.flat, over: 0..<90)
    let json = try JSONEncoder().encode(result)
    #expect(try JSONDecoder().decode(BacktestResult.self, from: json) == result)
    let text = String(decoding: json, as: UTF8.self)
    for key in ["\"sharpe\":null", "\"breakEvenBp\":null", "\"hitRate\":null", "\"fillOneLater\":{"] {
      #expect(text.contains(key))
    }
  }

  @Test func inputThatCannotBeTradedIsRefused() throws {
    let backtest = try Backtest(opens: [1, 2, 3, 4], times: times(4))
    func code(_ body: () throws -> Void) -> String? {
      do { try body() } catch { return (error as? BacktestError)?.code }
      return nil
    }
    #expect(code { _ = try backtest.run(positions: [1]) } == nil)
    #expect(code { _ = try backtest.run(positions: []) } == "backtest.too-few-candles")
    #expect(code { _ = try backtest.run(positions: [1], from: 1) } == "backtest.too-few-candles")
    #expect(code { _ = try backtest.run(positions: [2]) } == "backtest.position")
    #expect(code { _ = try backtest.run(positions: [1], from: -1) } == "backtest.range")
    #expect(code { _ = try backtest.run(positions: [1], from: .max) } == "backtest.range")
    #expect(code { _ = try backtest.run(positions: [0, 0, 0, 0, 0]) } == "backtest.range")
    #expect(code { _ = try Backtest(opens: [1, .nan], times: times(2)) } == "backtest.prices")
    #expect(code { _ = try Backtest(opens: [1, 0], times: times(2)) } == "backtest.prices")
    #expect(code { _ = try Backtest(opens: [1, 2], times: [5, 5]) } == "backtest.times")
    #expect(code { _ = try Backtest(opens: [1, 2], times: [5, .max]) } == "backtest.times")
    #expect(code { _ = try Backtest(opens: [1, 2], times: [.min, .max]) } == "backtest.times")
    #expect(code { _ = try Backtest(opens: [1], times: []) } == "backtest.times")
    for bad in [-1, Double.nan, .infinity] {
      #expect(code { _ = try TradingCosts(fee: 0, halfSpread: bad, slippage: 0) } == "backtest.cost")
    }
    #expect(throws: BacktestError.self) {
      try JSONDecoder().decode(
        TradingCosts.self, from: Data(#"{"fee-bp":-1,"half-spread-bp":0,"slippage-bp":0}"#.utf8))
    }
  }
}
