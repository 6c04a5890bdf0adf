import Foundation
import PareBacktest
import PareMarket
import PareTensor
import Testing

/// What candles, orders and costs can be wrong in, and what the judge makes of candles that are odd but right.
@Suite struct BadInputTests {
  private let flat = (100.0, 100.0, 100.0, 100.0)

  /// Whether everything in a result is a number: JSON has nothing for what is not.
  private func isFinite(_ result: some Encodable) -> Bool { (try? JSONEncoder().encode(result)) != nil }

  @Test func everyRefusalSaysWhatWhereExpectedAndFound() throws {
    let columns = try candles([flat, flat, flat])
    let one = Instrument("one", candles: columns)
    func volume(_ volume: Double) throws {
      _ = try TradedCandles(times: [1], opens: [1], highs: [1], lows: [1], closes: [1], volumes: [volume])
    }
    let refusals: [(code: String, subject: String, body: () throws -> Void)] = [
      ("prices", "candle 1", { _ = try candles([flat, (100, 99, 99, 99)]) }),
      ("prices", "candle 1", { _ = try Backtest(opens: [1, -1], times: [0, 1]) }),
      ("prices", "candle 0", { _ = try Backtest(opens: [.infinity, 1], times: [0, 1]) }),
      ("times", "times", { _ = try Backtest(opens: [1, 1], times: [1, 0]) }),
      ("times", "times", { _ = try Backtest(opens: [1, 1], times: [-1, 0]) }),
      ("volume", "candle 0", { try volume(-1) }),
      ("volume", "candle 0", { try volume(.infinity) }),
      ("cost", "costs.half-spread-bp", { _ = try TradingCosts(fee: 1, halfSpread: -0.5, slippage: 0) }),
      ("cost", "costs.maker-fee-bp", { _ = try PortfolioBacktest([Instrument("a", candles: columns, costs: CostModel(makerFee: -1))]) }),
      ("cost", "costs.borrow-per-year", { _ = try PortfolioBacktest([Instrument("a", candles: columns, costs: CostModel(borrow: -1))]) }),
      ("capital", "capital", { _ = try PortfolioBacktest([one], capital: -5) }),
      ("lag", "lag", { _ = try PortfolioBacktest([one], lag: -1) }),
      ("instruments", "instruments", { _ = try PortfolioBacktest([one, one]) }),
      ("too-few-candles", "short", { _ = try PortfolioBacktest([one, Instrument("short", candles: try candles([flat]))]) }),
      ("targets", "targets", { _ = try PortfolioBacktest([one]).run(targets: []) }),
      ("targets", "one", { _ = try PortfolioBacktest([one]).run(targets: [[1]]) }),
      ("targets", "one, candle 2", { _ = try PortfolioBacktest([one]).run(targets: [[1, 1, .nan]]) }),
      ("position", "position 1", { _ = try Backtest(opens: [1, 1, 1, 1], times: [0, 1, 2, 3]).run(positions: [0, 2]) }),
      ("rules", "rules.stop-loss", { _ = try PortfolioBacktest([one], rules: TradingRules(stopLoss: 2)) }),
    ]
    for (code, subject, body) in refusals {
      let error = #expect(throws: BacktestError.self) { try body() }
      #expect(error?.code == "backtest." + code && error?.subject == subject, "\(error?.description ?? subject)")
      #expect(error?.expected?.isEmpty == false && error?.found?.isEmpty == false)
    }
  }

  @Test(arguments: [Execution.Sizing.fixedNotional, .compounding], 0..<10 as Range<UInt64>)
  func resultsAreFiniteWhateverTheCandlesLack(sizing: Execution.Sizing, seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    // One that is always there, one that begins late, one that is delisted midway, one that hardly ever trades.
    let whole = try wanderingCandles(400, seed: seed)
    let late = try wanderingCandles(100, seed: seed + 1, from: 350)
    let gone = try wanderingCandles(120, seed: seed + 2, from: 20)
    let silent = try TradedCandles(
      times: whole.times, opens: whole.opens, highs: whole.highs, lows: whole.lows, closes: whole.closes,
      volumes: whole.volumes.map { generator.below(10) == 0 ? $0 : 0 })
    let columns = [whole, late, gone, silent]
    let costs = [
      CostModel(funding: .constant(rate: 0.0001), borrow: 0.1), CostModel(slippage: .volatility(multiple: 1, candles: 5)),
      CostModel(slippage: .participation(multiple: 1, candles: 5)), CostModel(slippage: .participation(multiple: 1, candles: 5)),
    ]
    for calendar in [TradingCalendar.everyDay, .sessions] {
      let result = try PortfolioBacktest(
        zip(columns, costs).enumerated().map { Instrument("\($0)", candles: $1.0, costs: $1.1) },
        rules: TradingRules(stopLoss: 0.05, dailyLossLimit: 0.5),
        execution: Execution(sizing: sizing, calendar: calendar)
      ).run(targets: columns.enumerated().map { wanderingTargets($1.count, seed: seed + UInt64($0)) })
      #expect(isFinite(result))
      #expect(result.trades.allSatisfy { $0.left >= $0.entered && $0.entryPrice > 0 && $0.exitPrice > 0 })
      // What is delisted is not traded afterwards, and what begins late not before.
      #expect(result.trades.filter { $0.instrument == 2 }.allSatisfy { $0.left <= gone.times[gone.count - 1] })
      #expect(result.trades.filter { $0.instrument == 1 }.allSatisfy { $0.entered > late.times[0] })
    }
  }

  @Test func oneThatEndsBeforeTheOtherBeginsSharesNothingWithIt() throws {
    let (first, second) = (try wanderingCandles(50, seed: 1, gaps: false), try wanderingCandles(50, seed: 2, from: 100, gaps: false))
    let result = try PortfolioBacktest(
      [Instrument("first", candles: first), Instrument("second", candles: second)], rules: TradingRules(limits: ExposureLimits(gross: 1))
    ).run(targets: [[Double](repeating: 1, count: 50), [Double](repeating: 1, count: 50)])
    #expect(result.trades.map(\.exit) == [.delisted, .end] && isFinite(result))
    #expect(result.trades[0].left == first.times[49] && result.trades[1].entered == second.times[1])
  }

  @Test func pricesThatNeverMoveHaveNoRatiosAndNoNumbersThatAreNone() throws {
    let still = try candles([(Double, Double, Double, Double)](repeating: flat, count: 24 * 25))
    let result = try PortfolioBacktest(
      [Instrument("one", candles: still, costs: CostModel(.none, slippage: .participation(multiple: 1, candles: 5)))]
    ).run(targets: [[Double](repeating: 1, count: still.count)])
    #expect(isFinite(result) && result.metrics.sharpe == nil && result.metrics.netReturn == 0)
    #expect(result.metrics.costShare == nil && result.metrics.calmar == nil && result.metrics.profitFactor == nil)
  }

  @Test func aGapIsHeldAcrossAndMarkedWhereItEnds() throws {
    let times = [0, 1, 2, 50, 51, 52].map { midnight + Int64($0) * hour }
    let prices = [100.0, 100, 100, 80, 80, 80]
    let column = try TradedCandles(
      times: times, opens: prices, highs: prices, lows: prices, closes: prices, volumes: prices.map { _ in 0 })
    let result = try PortfolioBacktest([Instrument("one", candles: column, costs: try basisPoints(0))])
      .run(targets: [[1, 1, 1, 1, 1, 1]])
    #expect(agree(result.metrics.netReturn, -0.2) && result.metrics.steps == 4)
    // The fall belongs to the step that the gap is in, which began on the first day.
    #expect(result.daily.map { agree($0.net, -0.2) } == [true, false, false])
  }

  @Test(arguments: [Execution.Sizing.fixedNotional, .compounding]) func nothingIsTradedOnceTheCapitalIsGone(
    sizing: Execution.Sizing
  ) throws {
    // A gap takes twice the capital from a short; another instrument would have gone on trading.
    let fallen = try candles([flat, flat, (300, 300, 300, 300), (10, 10, 10, 10), (10, 10, 10, 10), (10, 10, 10, 10)])
    let other = try candles([(Double, Double, Double, Double)](repeating: flat, count: 6))
    let result = try PortfolioBacktest(
      [Instrument("short", candles: fallen), Instrument("other", candles: other)], execution: Execution(sizing: sizing)
    ).run(targets: [[-1, -1, -1, -1, -1, -1], [0, 0, 1, 1, 1, 1]])
    #expect(result.halt?.reason == .capitalExhausted && isFinite(result))
    #expect(result.trades.allSatisfy { $0.entered <= midnight + 3 * hour && $0.left <= midnight + 3 * hour })
    if sizing == .compounding { #expect(result.metrics.netReturn == -1 && result.metrics.maxDrawdown == 1) }
  }

  @Test func moneyBeyondAllNumbersIsRefusedAndNotReported() throws {
    let opens = (0..<40).map { $0.isMultiple(of: 2) ? 1e-300 : 1e300 }
    let times = opens.indices.map { Int64($0) * 86_400_000 }
    let error = #expect(throws: BacktestError.self) {
      try Backtest(opens: opens, times: times).run(positions: [Int8](repeating: 1, count: 38))
    }
    #expect(error?.code == "backtest.overflow" && error?.found != nil)
    let columns = try candles([flat, flat, (150, 150, 150, 150), flat])
    #expect(
      errorCode { _ = try PortfolioBacktest([Instrument("one", candles: columns)]).run(targets: [[1e308, 1e308, -1e308, 0]]) }
        == "backtest.overflow")
  }
}
