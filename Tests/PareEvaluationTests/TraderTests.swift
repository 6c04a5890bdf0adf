import Foundation
import PareBacktest
import PareEvaluation
import PareMarket
import PareTensor
import Testing

/// What the judge's money must obey whatever the model is.
@Suite struct TraderTests {
  private let market: SimulatedMarket
  private let dataset: MarketDataset

  init() throws {
    market = try Small.simulation(candles: 9000).run(seed: 21)
    dataset = try MarketDataset(
      series: market.series, schema: FeatureSchema(interval: .fiveMinutes), label: LabelDefinition(.direction, horizon: 12))
  }

  private func trader(
    _ costs: TradingCosts = .standard, _ positions: TradingPlan.Positions = .single(.candles(12)), size: PositionSizing = .fixed(1),
    rules: TradingRules = .none
  ) throws -> Trader {
    try Trader(
      dataset, series: market.series,
      plan: TradingPlan(costs: CostModel(costs), positions: positions, size: size, rules: rules))
  }

  private func decisions(on part: DatasetPart = .test, _ side: (Int) -> Int8) -> Trader.Decisions {
    let rows = dataset.parts[part]
    return Trader.Decisions(sides: rows.map(side), confidences: rows.map { _ in 0.6 }, threshold: 0.5)
  }

  private func random(seed: UInt64, on part: DatasetPart = .test) -> Trader.Decisions {
    var generator = SeededGenerator(seed: seed)
    return decisions(on: part) { _ in Int8(generator.below(3)) - 1 }
  }

  /// The test part ends with the candles; the validation part has more after it.
  @Test(arguments: [DatasetPart.validation, .test]) func theMoneyIsThatOfThePlainBacktest(part: DatasetPart) throws {
    let decided = random(seed: 3, on: part)
    let trader = try trader()
    let targets = try trader.targets(of: decided, on: part)
    let source = try DecidedPositions(
      decisions: decided.sides, at: dataset.parts[part].map { dataset.candleIndices[$0] }, holding: .candles(12))
    let candles = try #require(dataset.candles(of: part, symbol: 0))
    let plain = try Backtest(market.series[0]).run(source, over: candles)
    let (money, later) = (try trader.money(of: targets), try trader.money(of: targets, lag: 1))
    for (found, expected) in [(money.metrics, plain.metrics), (later.metrics, plain.fillOneLater)] {
      #expect(abs(found.netReturn - expected.netReturn) < 1e-12 && abs(found.grossReturn - expected.grossReturn) < 1e-12)
      #expect(found.trades == expected.trades && found.steps == expected.steps && found.days == expected.days)
      #expect(abs(found.maxDrawdown - expected.maxDrawdown) < 1e-12)
    }
    // What the days say adds up to the whole.
    for days in [money.daily, plain.daily] {
      #expect(abs(days.reduce(0) { $0 + $1.traded } - money.metrics.tradedNotional) < 1e-9)
      #expect(days.reduce(0) { $0 + $1.steps } == money.metrics.steps && days.reduce(0) { $0 + $1.trades } == money.metrics.trades)
      #expect(abs(days.reduce(0) { $0 + $1.held } / Double(money.metrics.steps) - money.metrics.exposure) < 1e-12)
    }
  }

  @Test func aHigherCostTakesTheTradedNotionalTimesTheDifference() throws {
    let targets = try trader().targets(of: random(seed: 4), on: .test)
    func net(_ basisPoints: Double) throws -> (net: Double, traded: Double) {
      let costs = try TradingCosts(fee: basisPoints, halfSpread: 0, slippage: 0)
      let metrics = try trader(costs).money(of: targets).metrics
      return (metrics.netReturn, metrics.tradedNotional)
    }
    let (free, once, twice) = (try net(0), try net(3.5), try net(7))
    #expect(once.traded == twice.traded && once.traded > 100)
    #expect(abs(once.net - twice.net - once.traded * 3.5e-4) < 1e-12)
    #expect(abs(free.net - once.net - once.traded * 3.5e-4) < 1e-12)
  }

  @Test func buyAndHoldEarnsTheMarket() throws {
    let trader = try trader(.none)
    let range = try #require(dataset.candles(of: .test, symbol: 0))
    let opens = market.series[0].candles.map(\.open)
    let steps = range.lowerBound + 1..<min(range.upperBound + 1, opens.count - 1)
    let expected = steps.reduce(0) { $0 + opens[$1 + 1] / opens[$1] - 1 }
    #expect(abs(try trader.money(of: try trader.constant(1, on: .test)).metrics.netReturn - expected) < 1e-12)
    var compounding = trader.plan
    compounding.execution.sizing = .compounding
    let whole = try Trader(dataset, series: market.series, plan: compounding)
    let factor = opens[steps.upperBound] / opens[steps.lowerBound] - 1
    #expect(abs(try whole.money(of: try whole.constant(1, on: .test)).metrics.netReturn - factor) < 1e-9)
  }

  @Test(arguments: 0..<6) func changingPricesAfterATimeChangesNothingDecidedOrEarnedUpToIt(_ round: Int) throws {
    var generator = SeededGenerator(seed: UInt64(round), stream: "future")
    let range = try #require(dataset.candles(of: .test, symbol: 0))
    let cut = range.lowerBound + 300 + generator.below(range.count - 600)
    var candles = market.series[0].candles
    for index in cut + 1..<candles.count {
      let factor = exp(0.05 * generator.normal())
      candles[index].open *= factor
      candles[index].close *= factor
      candles[index].high = max(candles[index].high * factor, candles[index].open, candles[index].close)
      candles[index].low = min(candles[index].low * factor, candles[index].open, candles[index].close)
    }
    let future = CandleSeries(key: market.series[0].key, candles: candles)
    let changed = try MarketDataset(
      series: [future], schema: FeatureSchema(interval: .fiveMinutes), label: LabelDefinition(.direction, horizon: 12))
    let rows = dataset.parts[.test].filter { dataset.candleIndices[$0] <= cut }
    #expect(changed.parts == dataset.parts)
    let width = dataset.width
    for row in rows { #expect(dataset.features[row * width..<(row + 1) * width] == changed.features[row * width..<(row + 1) * width]) }

    // A rule that decides by what it sees, with sizes and stops that look back.
    func decide(_ dataset: MarketDataset) -> Trader.Decisions {
      let rows = dataset.parts[.test]
      let scores = rows.map { dataset.features[$0 * width] }
      return Trader.Decisions(
        sides: scores.map { $0 > 0.001 ? 1 : $0 < -0.001 ? -1 : 0 }, confidences: scores.map { min(0.5 + abs($0) * 20, 1) }, threshold: 0.5)
    }
    let plans: [(TradingPlan.Positions, PositionSizing, TradingRules)] = [
      (.single(.candles(12)), .volatility(target: 0.2, candles: 100, candlesPerYear: 105_120, most: 2), .none),
      (.tranches(count: 12), .kelly(fraction: 0.5, payoff: 1, most: 1), TradingRules(stopLoss: 0.01, takeProfit: 0.02)),
      (.single(.untilNextDecision), .confidence(least: 0.2, most: 1), TradingRules(dailyLossLimit: 0.01, killSwitch: 0.2)),
    ]
    for (positions, size, rules) in plans {
      let plan = TradingPlan(
        costs: CostModel(.standard, slippage: .participation(multiple: 1, candles: 48)), positions: positions, size: size, rules: rules)
      let before = try Trader(dataset, series: market.series, plan: plan)
      let after = try Trader(changed, series: [future], plan: plan)
      let (old, new) = (try before.targets(of: decide(dataset), on: .test)[0], try after.targets(of: decide(changed), on: .test)[0])
      let seen = cut - range.lowerBound + 1
      #expect(old.targets[..<seen] == new.targets[..<seen])
      let (was, became) = (try before.money(of: [old]), try after.money(of: [new]))
      let day = market.series[0].candles[cut].start / 86_400_000 * 86_400_000
      #expect(was.daily.filter { $0.day < day } == became.daily.filter { $0.day < day })
      let time = market.series[0].candles[cut].start
      #expect(was.trades.filter { $0.left < time } == became.trades.filter { $0.left < time })
    }
  }

  @Test func theBayesPolicyEarnsWhatTheSimulatorExpects() throws {
    // Long where the exact filter expects the next step to rise, short where to fall, anew at each candle: what a step earns is then
    // known in expectation, and what is left are differences of martingales.
    let truth = try market.truth(market.series[0].key.symbol)
    let trader = try trader(.none, .single(.untilNextDecision))
    let range = try #require(dataset.candles(of: .test, symbol: 0))
    var expected = 0.0
    var variance = 0.0
    let sides = dataset.parts[.test].map { row -> Int8 in
      // Decided at the close of t, a position earns from the open of t + 1 to that of t + 2: the candle t + 1.
      let candle = dataset.candleIndices[row]
      let (mean, square) = (truth.bayes.nextReturn[candle], truth.bayes.nextSquare[candle])
      expected += abs(mean)
      variance += square - mean * mean
      return mean >= 0 ? 1 : -1
    }
    #expect(sides.count == range.count)
    let decided = Trader.Decisions(sides: sides, confidences: sides.map { _ in 1 }, threshold: 0.5)
    let gross = try trader.money(of: try trader.targets(of: decided, on: .test)).metrics.grossReturn
    #expect(abs(gross - expected) < 3 * variance.squareRoot())
    #expect(expected > variance.squareRoot(), "there is something to earn")
  }

  @Test func anOracleEarnsEveryMoveAndARandomSignalLosesItsCosts() throws {
    let opens = market.series[0].candles.map(\.open)
    let trader = try trader(.none, .single(.untilNextDecision))
    let range = try #require(dataset.candles(of: .test, symbol: 0))
    let oracle = decisions { row in
      let candle = dataset.candleIndices[row]
      guard candle + 2 < opens.count else { return 0 }
      return opens[candle + 2] > opens[candle + 1] ? 1 : -1
    }
    let earned = try trader.money(of: try trader.targets(of: oracle, on: .test)).metrics.netReturn
    let steps = range.lowerBound..<min(range.upperBound, opens.count - 2)
    #expect(abs(earned - steps.reduce(0) { $0 + abs(opens[$1 + 2] / opens[$1 + 1] - 1) }) < 1e-10)

    // A signal that knows nothing earns nothing before costs, within its deviation, and loses its costs exactly.
    let targets = try trader.targets(of: random(seed: 8), on: .test)
    let (free, costly) = (try trader.money(of: targets).metrics, try self.trader().money(of: targets).metrics)
    #expect(abs(free.netReturn - costly.netReturn - costly.costs) < 1e-12 && costly.costs > 0.1)
    let squares = steps.reduce(0) { $0 + (opens[$1 + 2] / opens[$1 + 1] - 1) * (opens[$1 + 2] / opens[$1 + 1] - 1) }
    #expect(abs(free.netReturn) < 4 * squares.squareRoot())
  }
}

@Suite struct PortfolioExperimentTests {
  @Test func symbolsShareTheCapitalAndMayBeginAndEndAtDifferentTimes() async throws {
    let folder = try ScratchFolder()
    let (one, two) = (try Small.simulation().run(seed: 8).series[0], try Small.simulation().run(seed: 9).series[0])
    try CandleCSV.write(one, to: folder.file("a.csv"))
    // Listed later, with a hole, and delisted before the other ends.
    let late = CandleSeries(key: two.key, candles: Array(two.candles[1500..<3000] + two.candles[3100..<5900]))
    try CandleCSV.write(late, to: folder.file("b.csv"))
    let members: [DataSource] = ["a", "b"].map { .csv(path: "\($0).csv", symbol: $0.uppercased(), interval: .fiveMinutes, badRows: .refuse) }
    var experiment = Small.experiment(.portfolio(members))
    experiment.candidates = Array(experiment.candidates.prefix(2))
    let results = try await Small.run(experiment, in: folder)
    #expect(results.data.symbols == ["A", "B"] && results.data.missingCandles == 100)
    for candidate in results.candidates {
      #expect(candidate.test.money.metrics.exposure <= 1 && candidate.test.money.metrics.netReturn.isFinite)
      #expect(candidate.test.coefficients.icir == nil, "two symbols are too few for a correlation across them")
    }
    #expect(results.leaks.allSatisfy { $0.outcome == .passed })
  }
}
