import Foundation
import PareBacktest
import PareTensor
import Testing

@Suite struct PortfolioBacktestTests {
  private func randomRules(_ generator: inout SeededGenerator) -> TradingRules {
    func maybe<Value>(_ value: Value) -> Value? { generator.below(2) == 0 ? value : nil }
    return TradingRules(
      sides: generator.below(3) == 0 ? .longOnly : .both, stopLoss: maybe(0.02), takeProfit: maybe(0.03),
      maximumHolding: maybe(7), dailyLossLimit: maybe(0.05), killSwitch: maybe(0.6),
      rebalanceBand: generator.below(2) == 0 ? 0 : 0.6,
      limits: ExposureLimits(instrument: maybe(0.8), gross: maybe(1.5), net: maybe(1)))
  }

  @Test(arguments: 0..<120) func everyFigureEqualsThePlainWalks(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let count = 1 + generator.below(4)
    // Instruments that begin and end at different hours.
    let columns = try (0..<count).map {
      try wanderingCandles(150 + generator.below(150), seed: seed * 10 + UInt64($0), from: generator.below(60))
    }
    let targets = columns.enumerated().map { wanderingTargets($1.count, seed: seed * 10 + UInt64($0)) }
    let (rules, lag) = (randomRules(&generator), generator.below(3))
    // Decisions of every other seed come late, by up to two candles.
    let late = seed.isMultiple(of: 2) ? 0 : 2 * Double(hour) * generator.uniform()
    let delay = FillDelay(milliseconds: late, model: generator.below(2) == 0 ? .straight : .adverse, candle: hour)
    let backtest = try PortfolioBacktest(
      columns.enumerated().map { Instrument("\($0)", candles: $1, costs: try basisPoints(7)) }, rules: rules, lag: lag,
      delay: delay)
    let result = try backtest.run(targets: targets)
    var plain = PlainPortfolio(columns, rules: rules, rate: 0.0007, lag: lag, delay: delay)
    plain.run(targets)
    #expect(agree(result.metrics.grossReturn, plain.gross, within: 1e-10))
    #expect(agree(result.metrics.netReturn, plain.net, within: 1e-10))
    #expect(agree(result.metrics.tradedNotional, plain.traded, within: 1e-10))
    #expect(result.trades.map(\.exit) == plain.exits)
    #expect(zip(result.trades, plain.tradeReturns).allSatisfy { agree($0.netReturn, $1, within: 1e-10) })
    #expect(result.trades.count == plain.tradeReturns.count && result.metrics.trades == result.trades.count)
    #expect(result.daily.allSatisfy { agree($0.net, plain.dayNets[$0.day / (24 * hour)] ?? 0, within: 1e-10) })
    #expect(agree(result.trades.reduce(0) { $0 + $1.netReturn }, result.metrics.netReturn, within: 1e-10))
    #expect(agree(result.daily.reduce(0) { $0 + $1.net }, result.metrics.netReturn, within: 1e-10))
  }

  @Test(arguments: [Execution.Sizing.fixedNotional, .compounding], 0..<5 as Range<UInt64>)
  func withoutRulesItIsTheBacktestOfSides(sizing: Execution.Sizing, seed: UInt64) throws {
    let columns = try wanderingCandles(400, seed: seed)
    let sides = wanderingTargets(columns.count, seed: seed).map { Int8($0.rounded(.towardZero)) }
    let execution = Execution(sizing: sizing)
    let costs = try basisPoints(7)
    let one = try PortfolioBacktest([Instrument("one", candles: columns, costs: costs)], execution: execution)
      .run(targets: [sides.map(Double.init)])
    let other = try Backtest(opens: columns.opens, times: columns.times, costs: costs.taking, execution: execution)
      .run(positions: sides)
    #expect(one.metrics.steps == other.metrics.steps && one.metrics.days == other.metrics.days)
    #expect(one.metrics.trades == other.metrics.trades && one.metrics.hitRate == other.metrics.hitRate)
    #expect(one.metrics.tradedNotional == other.metrics.tradedNotional)
    for figure in [
      \BacktestMetrics.grossReturn, \.netReturn, \.costs, \.maxDrawdown, \.maxDrawdownDays, \.exposure, \.turnover,
    ] {
      #expect(agree(one.metrics[keyPath: figure], other.metrics[keyPath: figure], within: 1e-10))
    }
    #expect(one.equity.times == other.equity.times && one.daily.map(\.day) == other.daily.map(\.day))
    #expect(zip(one.daily, other.daily).allSatisfy { agree($0.net, $1.net, within: 1e-10) })
  }

  @Test(arguments: 0..<20) func changingTheFutureLeavesThePastAsItWas(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed, stream: "cut")
    let columns = try (0..<3).map { try wanderingCandles(200, seed: seed * 3 + UInt64($0)) }
    let targets = columns.enumerated().map { wanderingTargets($1.count, seed: seed + UInt64($0)) }
    let cut = midnight + Int64(40 + generator.below(120)) * hour
    // From the cut on, other prices and other decisions; candles that began before it stay.
    let changed = try columns.map { column in
      let factors = column.times.map { $0 >= cut ? 1.7 + 0.5 * generator.uniform() : 1 }
      func scaled(_ prices: [Double]) -> [Double] { zip(prices, factors).map { $0 * $1 } }
      return try TradedCandles(
        times: column.times, opens: scaled(column.opens), highs: scaled(column.highs), lows: scaled(column.lows),
        closes: scaled(column.closes), volumes: column.volumes)
    }
    let others = zip(columns, targets).map { zip($0.times, $1).map { $0 >= cut ? -$1 : $1 } }
    func trades(_ columns: [TradedCandles], _ targets: [[Double]]) throws -> [TradeRecord] {
      try PortfolioBacktest(
        columns.enumerated().map { Instrument("\($0)", candles: $1) },
        rules: TradingRules(
          stopLoss: 0.03, takeProfit: 0.04, maximumHolding: 9, dailyLossLimit: 0.06, limits: ExposureLimits(gross: 2))
      ).run(targets: targets).trades.filter { $0.left < cut }
    }
    let before = try trades(columns, targets)
    #expect(!before.isEmpty)
    #expect(try trades(changed, others) == before)
  }

  @Test(arguments: 0..<10) func doubledCostsTakeTheTradedNotionalOnceMore(seed: UInt64) throws {
    let columns = try (0..<3).map { try wanderingCandles(300, seed: seed * 3 + UInt64($0)) }
    let targets = columns.enumerated().map { wanderingTargets($1.count, seed: seed + UInt64($0)) }
    func run(_ fee: Double) throws -> BacktestMetrics {
      try PortfolioBacktest(
        columns.enumerated().map { Instrument("\($0)", candles: $1, costs: try basisPoints(fee)) },
        rules: TradingRules(stopLoss: 0.03, maximumHolding: 12, limits: ExposureLimits(gross: 2))
      ).run(targets: targets).metrics
    }
    let (once, twice) = (try run(4), try run(8))
    #expect(once.tradedNotional == twice.tradedNotional && once.grossReturn == twice.grossReturn)
    #expect(agree(once.netReturn - twice.netReturn, once.tradedNotional * 4 / 10_000, within: 1e-11))
  }

  @Test func anOracleEarnsAndShuffledOraclesLoseTheirCosts() throws {
    let column = try wanderingCandles(3_000, seed: 5, gaps: false)
    var oracle = (0..<column.count).map { candle in
      candle + 2 < column.count ? (column.opens[candle + 2] > column.opens[candle + 1] ? 1.0 : -1) : 0
    }
    let backtest = try PortfolioBacktest([Instrument("one", candles: column)])
    let best = try backtest.run(targets: [oracle]).metrics
    let moves = zip(column.opens.dropFirst(), column.opens.dropFirst(2)).map { abs($1 / $0 - 1) }
    #expect(agree(best.grossReturn, moves.reduce(0, +), within: 1e-9))
    #expect(best.netReturn > 0)
    // Shuffled, the gross return has mean about 0 and the deviation √Σ r².
    var generator = SeededGenerator(seed: 5)
    oracle.shuffle(using: &generator)
    let none = try backtest.run(targets: [oracle]).metrics
    #expect(abs(none.grossReturn) < 5 * moves.reduce(0) { $0 + $1 * $1 }.squareRoot())
    #expect(none.costs > 0.8 && none.netReturn < 0)
  }

  @Test func aResultReadsBackFromItsJSONWithEveryKey() throws {
    let column = try wanderingCandles(60, seed: 1)
    let result = try PortfolioBacktest([Instrument("one", candles: column)], rules: TradingRules(stopLoss: 0.01))
      .run(targets: [wanderingTargets(column.count, seed: 1)])
    let json = try JSONEncoder().encode(result)
    #expect(try JSONDecoder().decode(PortfolioResult.self, from: json) == result)
    let text = String(decoding: json, as: UTF8.self)
    #expect(text.contains("\"halt\":null") && text.contains("\"limitedDays\":0") && text.contains("\"exit\":\"stop\""))
  }
}
