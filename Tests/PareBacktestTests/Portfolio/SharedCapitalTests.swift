import PareBacktest
import PareTensor
import Testing

@Suite struct SharedCapitalTests {
  private let flat = (100.0, 100.0, 100.0, 100.0)

  /// Σ |position| that the limits leave of targets, on candles that never move.
  private func heldNotional(_ targets: [Double], _ limits: ExposureLimits) throws -> Double {
    let columns = try candles([flat, flat, flat])
    return try PortfolioBacktest(
      targets.indices.map { Instrument("\($0)", candles: columns, costs: try basisPoints(0)) },
      rules: TradingRules(limits: limits)
    ).run(targets: targets.map { [$0, $0, $0] }).metrics.exposure
  }

  @Test func limitsMakePositionsSmallerTogether() throws {
    #expect(try agree(heldNotional([2, -1], ExposureLimits(instrument: 1)), 2))
    #expect(try agree(heldNotional([2, -1, 1], ExposureLimits(gross: 2)), 2))
    // 2 + 1 long and 1 short: the long ones shrink by a factor of a half.
    #expect(try agree(heldNotional([2, -1, 1], ExposureLimits(net: 0.5)), 1.5 + 1))
    // Cut to 1.5, −1 and 1, then by 3 / 3.5; the long ones then shrink to as much as is short, 6/7.
    #expect(try agree(heldNotional([2, -1, 1], ExposureLimits(instrument: 1.5, gross: 3, net: 1e-300)), 12.0 / 7))
    #expect(try agree(heldNotional([0.5, -0.5], ExposureLimits(instrument: 1, gross: 1, net: 1)), 1))
  }

  @Test func aDelistedInstrumentIsClosedAtItsLastClose() throws {
    let long = try candles([flat, flat, flat, flat, flat, flat, flat])
    let short = try candles([flat, flat, (100, 100, 60, 60)])
    let result = try PortfolioBacktest(
      [Instrument("stays", candles: long), Instrument("goes", candles: short, costs: try basisPoints(10))]
    ).run(targets: [[0, 0, 0, 0, 0, 0, 0], [1, 1, 1]])
    #expect(result.trades.map(\.exit) == [.delisted] && result.trades[0].exitPrice == 60)
    #expect(agree(result.metrics.netReturn, -0.4 - 0.002))
  }

  @Test func aMissingCandleIsWaitedFor() throws {
    // The second instrument lacks the hour at which its decision would be filled.
    let first = try candles([flat, flat, flat, flat, flat])
    let second = try TradedCandles(
      times: [0, 2, 3, 4].map { midnight + $0 * hour }, opens: [100, 110, 121, 121], highs: [100, 110, 121, 121],
      lows: [100, 110, 121, 121], closes: [100, 110, 121, 121], volumes: [1, 0, 0, 0])
    let result = try PortfolioBacktest(
      [Instrument("a", candles: first, costs: try basisPoints(0)), Instrument("b", candles: second, costs: try basisPoints(0))]
    ).run(targets: [[0, 0, 0, 0, 0], [1, 1, 1, 1]])
    #expect(result.trades[0].entered == midnight + 2 * hour)
    #expect(agree(result.metrics.netReturn, 0.1))
  }

  @Test func severalInstrumentsEarnTheSumOfEach() throws {
    let columns = try (0..<3).map { try wanderingCandles(200, seed: UInt64($0), gaps: false) }
    let targets = columns.enumerated().map { wanderingTargets($1.count, seed: UInt64($0)) }
    let each = try zip(columns, targets).map {
      try PortfolioBacktest([Instrument("one", candles: $0)]).run(targets: [$1]).metrics
    }
    let together = try PortfolioBacktest(columns.enumerated().map { Instrument("\($0)", candles: $1) })
      .run(targets: targets).metrics
    #expect(agree(together.netReturn, each.reduce(0) { $0 + $1.netReturn }, within: 1e-11))
    #expect(together.trades == each.reduce(0) { $0 + $1.trades })
    #expect(agree(together.exposure, each.reduce(0) { $0 + $1.exposure }, within: 1e-11))
  }

  @Test func inputThatCannotBeTradedIsRefused() throws {
    let columns = try candles([flat, flat, flat])
    let one = Instrument("one", candles: columns)
    func code(_ body: () throws -> Void) -> String? { errorCode(body) }
    #expect(code { _ = try PortfolioBacktest([]) } == "backtest.instruments")
    #expect(code { _ = try PortfolioBacktest([one, one]) } == "backtest.instruments")
    #expect(code { _ = try PortfolioBacktest([Instrument("x", candles: try candles([flat]))]) } == "backtest.too-few-candles")
    #expect(code { _ = try PortfolioBacktest([one], lag: -1) } == "backtest.lag")
    #expect(code { _ = try PortfolioBacktest([one], capital: 0) } == "backtest.capital")
    let backtest = try PortfolioBacktest([one])
    #expect(code { _ = try backtest.run(targets: []) } == "backtest.targets")
    #expect(code { _ = try backtest.run(targets: [[1, 1]]) } == "backtest.targets")
    #expect(code { _ = try backtest.run(targets: [[1, .nan, 1]]) } == "backtest.targets")
    #expect(code { _ = try backtest.run(targets: [[1, 1, 1]]) } == nil)
    #expect(code { _ = try PortfolioBacktest([one], lag: 1).run(targets: [[1, 1, 1]]) } == "backtest.too-few-candles")
    for bad in [(100.0, 99.0, 99.0, 99.0), (100, 101, 100.5, 101), (0, 1, 0, 1), (1, .infinity, 1, 1), (1, 1, .nan, 1)]
      as [(Double, Double, Double, Double)]
    {
      #expect(code { _ = try candles([flat, bad]) } == "backtest.prices")
    }
    for volume in [-1, Double.nan] {
      #expect(
        code {
          _ = try TradedCandles(times: [1], opens: [1], highs: [1], lows: [1], closes: [1], volumes: [volume])
        } == "backtest.volume")
    }
    #expect(
      code { _ = try TradedCandles(times: [1, 1], opens: [1, 1], highs: [1, 1], lows: [1, 1], closes: [1, 1], volumes: [0, 0]) }
        == "backtest.times")
    #expect(
      code { _ = try TradedCandles(times: [1], opens: [1, 1], highs: [1], lows: [1], closes: [1], volumes: [0]) }
        == "backtest.times")
  }
}
