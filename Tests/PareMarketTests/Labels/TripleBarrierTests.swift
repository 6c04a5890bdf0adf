import Foundation
import PareMarket
import PareTensor
import Testing

@Suite struct TripleBarrierTests {
  private typealias Prices = (open: Double, high: Double, low: Double, close: Double)
  private let flat: Prices = (100, 100.5, 99.5, 100)

  private func series(_ prices: [Prices], missing: Set<Int> = []) -> CandleSeries {
    let candles = prices.enumerated().filter { !missing.contains($0.offset) }.map {
      Candle(
        start: Int64($0.offset) * 300_000, open: $0.element.open, high: $0.element.high, low: $0.element.low,
        close: $0.element.close, volume: 1)
    }
    return CandleSeries(key: SeriesKey(symbol: "BARRIER", interval: .fiveMinutes), candles: candles)
  }

  /// One percent above, two below.
  private func label(horizon: Int) throws -> LabelDefinition {
    try LabelDefinition(.tripleBarrier(profit: 100, loss: 200, unit: .basisPoints), horizon: horizon)
  }

  /// The outcome of the first decision, filled at the open of the second candle.
  private func first(_ prices: [Prices], horizon: Int) throws -> LabelOutcome? {
    try label(horizon: horizon).outcomes(of: series([flat] + prices))[0]
  }

  @Test func theBarrierTouchedFirstIsTheClass() throws {
    let up: Prices = (100, 101, 98.01, 100)
    let down: Prices = (100, 100.9, 98, 99)
    #expect(try first([flat, up, down, flat], horizon: 3) == LabelOutcome(forwardReturn: 0.01, classIndex: 2))
    #expect(try first([flat, down, up, flat], horizon: 3) == LabelOutcome(forwardReturn: -0.02, classIndex: 0))
    // The candle of the fill counts, that of the decision does not.
    #expect(try first([up, flat], horizon: 1) == LabelOutcome(forwardReturn: 0.01, classIndex: 2))
    #expect(try label(horizon: 1).outcomes(of: series([up, flat, flat]))[0]?.classIndex == 1)
  }

  @Test func neitherWithinTheHorizonIsHoldAtTheReturnOfItsEnd() throws {
    let end: Prices = (100.4, 103, 90, 100)
    let outcome = try #require(try first([flat, flat, end], horizon: 2))
    #expect(outcome.classIndex == 1 && outcome.forwardReturn == 100.4 / 100 - 1)
    // One candle more, and what follows the end's open counts; it reaches both.
    #expect(try first([flat, flat, end, flat], horizon: 3) == nil)
  }

  @Test func bothInOneCandleIsNoLabelUnlessTheOpenSaysWhichWasFirst() throws {
    let both: Prices = (100, 101, 98, 100)
    #expect(try first([flat, both, flat], horizon: 2) == nil)
    let jumped: Prices = (101.5, 102, 97, 100)
    let outcome = try #require(try first([flat, jumped, flat], horizon: 2))
    #expect(outcome.classIndex == 2 && abs(outcome.forwardReturn - 0.015) < 1e-15)
    let fallen: Prices = (97, 102, 96, 97)
    #expect(try first([flat, fallen, flat], horizon: 2)?.classIndex == 0)
    // The end's open lies beyond a barrier as well.
    #expect(try first([flat, flat, fallen], horizon: 2) == LabelOutcome(forwardReturn: 97.0 / 100 - 1, classIndex: 0))
  }

  @Test func gapsAndTheEndLeaveNoLabelEvenBehindATouch() throws {
    let up: Prices = (100, 102, 100, 100)
    let outcomes = try label(horizon: 3).outcomes(of: series([flat, up, flat, flat, flat, flat, flat], missing: [4]))
    #expect(outcomes.allSatisfy { $0 == nil })
    #expect(try first([up, flat, flat], horizon: 3) == nil)
    #expect(try first([up, flat, flat, flat], horizon: 3)?.classIndex == 2)
  }

  @Test func theUnitIsTheVolatilityOfTheClosesUpToTheDecision() throws {
    // Closes 100, 110, 99: returns 0.1 and −0.1, deviation √0.02. Over two candles a unit is 0.2.
    let closes: [Prices] = [(100, 100, 100, 100), (100, 110, 100, 110), (110, 110, 99, 99)]
    let definition = try LabelDefinition(.tripleBarrier(profit: 1, loss: 1, unit: .volatility(candles: 2)), horizon: 2)
    func outcome(_ high: Double) throws -> LabelOutcome? {
      definition.outcomes(of: series(closes + [(100, high, 100, 100), flat, flat]))[2]
    }
    let touched = try #require(try outcome(120.0001))
    #expect(touched.classIndex == 2 && abs(touched.forwardReturn - 0.2) < 1e-12)
    #expect(try outcome(119.9999)?.classIndex == 1)
    // The first two decisions have too few closes, and prices that stood still have no volatility.
    let all = definition.outcomes(of: series(closes + [flat, flat, flat, flat]))
    #expect(all[0] == nil && all[1] == nil && all[2] != nil)
    #expect(definition.outcomes(of: series([Prices](repeating: flat, count: 9))).allSatisfy { $0 == nil })
  }

  @Test(arguments: 0..<20) func everyOutcomeIsThePlainSearchs(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let candles = RandomWalk.candles(400, seed: seed).filter { _ in generator.below(60) > 0 }
    let (horizon, count) = (1 + generator.below(20), 2 + generator.below(30))
    let (profit, loss) = (0.3 + generator.uniform(), 0.3 + generator.uniform())
    let definition = try LabelDefinition(
      .tripleBarrier(profit: profit, loss: loss, unit: .volatility(candles: count)), horizon: horizon)
    let key = SeriesKey(symbol: "A", interval: .fiveMinutes)
    let outcomes = definition.outcomes(of: CandleSeries(key: key, candles: candles))
    var classes: [Int32: Int] = [:]
    for decision in candles.indices {
      let span = decision - count...decision + 1 + horizon
      guard span.lowerBound >= 0, span.upperBound < candles.count,
        candles[span.upperBound].start - candles[span.lowerBound].start == Int64(span.count - 1) * 300_000
      else {
        #expect(outcomes[decision] == nil)
        continue
      }
      let returns = (decision - count..<decision).map { candles[$0 + 1].close / candles[$0].close - 1 }
      let mean = returns.reduce(0, +) / Double(count)
      let deviation = (returns.map { pow($0 - mean, 2) }.reduce(0, +) / Double(count - 1)).squareRoot()
      let entry = candles[decision + 1].open
      let upper = entry * (1 + profit * deviation * Double(horizon).squareRoot())
      let lower = entry * (1 - loss * deviation * Double(horizon).squareRoot())
      // Every price in the order in which candles tell them, high and low of one candle at the same time.
      var path = (decision + 1...decision + horizon).flatMap { [[candles[$0].open], [candles[$0].high, candles[$0].low]] }
      path.append([candles[decision + 1 + horizon].open])
      let touch = path.first { $0.contains { $0 >= upper || $0 <= lower } }
      let expected: Int32? =
        touch.map { prices in
          prices.contains { $0 >= upper } ? prices.contains { $0 <= lower } ? nil : 2 : 0
        } ?? 1
      #expect(outcomes[decision]?.classIndex == expected)
      if let expected { classes[expected, default: 0] += 1 }
    }
    #expect(classes.count >= 2)
  }

  @Test func changingTheFutureLeavesTheBarriersWhereTheyWere() throws {
    let candles = RandomWalk.candles(120, seed: 3)
    let definition = try LabelDefinition(.tripleBarrier(profit: 1, loss: 1, unit: .volatility(candles: 20)), horizon: 5)
    let key = SeriesKey(symbol: "A", interval: .fiveMinutes)
    let before = definition.outcomes(of: CandleSeries(key: key, candles: candles))
    var changed = candles
    for index in 60..<120 { changed[index].volume *= 3; changed[index].close *= 2; changed[index].high *= 2 }
    let after = definition.outcomes(of: CandleSeries(key: key, candles: changed))
    #expect(before[..<54] == after[..<54] && before[54...] != after[54...])
  }

  @Test func aLabelThatReachesOverACutIsPurged() throws {
    let series = RandomWalk.series(900, seed: 11)
    let horizon = 25
    let label = try LabelDefinition(.tripleBarrier(profit: 1, loss: 1, unit: .volatility(candles: 48)), horizon: horizon)
    func made(_ series: CandleSeries) throws -> MarketDataset {
      try MarketDataset(
        series: [series], schema: FeatureSchema(interval: .fiveMinutes), label: label,
        split: ChronologicalSplit(train: 0.6, validation: 0.2, embargo: 0))
    }
    let dataset = try made(series)
    // Whatever happens within the first candles that a later part decides on, an earlier part's rows stay as they are.
    for (earlier, later) in [(DatasetPart.train, DatasetPart.validation), (.validation, .test)] {
      let firstOfNext = dataset.candleIndices[dataset.parts[later].lowerBound]
      let lastRow = dataset.parts[earlier].upperBound - 1
      #expect(dataset.candleIndices[lastRow] + 1 + horizon == firstOfNext)
      var candles = series.candles
      for index in firstOfNext..<firstOfNext + 10 { candles[index].high *= 2; candles[index].low /= 2 }
      let other = try made(series.replacing(candles))
      let rows = dataset.parts[earlier]
      #expect(dataset.labels[rows] == other.labels[rows] && dataset.parts == other.parts)
      #expect(dataset.labels != other.labels)
    }
    // 49 closes are needed for a label and 21 for a row: the first rows are decidable and have none.
    #expect(dataset.labels[..<28].allSatisfy { $0 == -1 } && dataset.labelled(.train).rows.first == 28)
    #expect(dataset.parts.purged == 2 * horizon)
  }

  @Test func definitionsReadBackAndMixedOnesAreRefused() throws {
    for unit in [BarrierUnit.basisPoints, .volatility(candles: 48)] {
      let definition = try LabelDefinition(.tripleBarrier(profit: 2, loss: 1.5, unit: unit), horizon: 12)
      #expect(try JSONDecoder().decode(LabelDefinition.self, from: JSONEncoder().encode(definition)) == definition)
      #expect(definition.classNames == ["sell", "hold", "buy"] && definition.classIndex(of: 1) == nil)
    }
    let spelled = #"{"kind":"triple-barrier","horizon":12,"profit":2,"loss":2,"volatility-candles":48}"#
    #expect(
      try JSONDecoder().decode(LabelDefinition.self, from: Data(spelled.utf8)).kind
        == .tripleBarrier(profit: 2, loss: 2, unit: .volatility(candles: 48)))
    for rest in [
      "", #","profit":2,"loss":2"#, #","profit":2,"loss-bp":2"#, #","profit-bp":2,"loss-bp":2,"volatility-candles":9"#,
      #","profit-bp":0,"loss-bp":2"#, #","profit":2,"loss":-1,"volatility-candles":9"#,
      #","profit":2,"loss":2,"volatility-candles":1"#,
    ] {
      let json = #"{"kind":"triple-barrier","horizon":12"# + rest + "}"
      let error = #expect(throws: MarketError.self) {
        try JSONDecoder().decode(LabelDefinition.self, from: Data(json.utf8))
      }
      #expect(error?.code == "market.label-barrier")
    }
  }
}
