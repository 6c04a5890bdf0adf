import PareMarket
import PareTensor
import Testing

@Suite struct FeatureEngineTests {
  private let coarse: FeatureSchema

  init() throws {
    coarse = try FeatureSchema(
      interval: .fiveMinutes, coarser: [.fifteenMinutes, .oneHour],
      features: [.return(1), .body, .volatility(3), .volumeRatio(2), .relativeStrength(3), .timeOfDaySine])
  }

  @Test(arguments: 0..<20) func changingTheFutureLeavesThePastBitIdentical(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let series = RandomWalk.series(600, seed: seed)
    let from = 100 + generator.below(450)
    var changed = series.candles
    for index in from..<changed.count {
      changed[index].close *= 1 + 0.1 * generator.uniform()
      changed[index].high *= 2
      changed[index].volume *= 3
    }
    for schema in [try FeatureSchema(interval: .fiveMinutes), coarse, try windowed(7)] {
      let before = try FeatureMatrix(of: series, schema: schema)
      let after = try FeatureMatrix(of: series.replacing(changed), schema: schema)
      let past = before.candleIndices.prefix { $0 < from }.count * schema.rowLength
      #expect(past > 0)
      #expect(before.values[..<past].map(\.bitPattern) == after.values[..<past].map(\.bitPattern))
      #expect(before.values[past...] != after.values[past...])
    }
  }

  /// The coarse schema over windows.
  private func windowed(_ candles: Int) throws -> FeatureSchema {
    try FeatureSchema(interval: coarse.interval, coarser: coarse.coarser, features: coarse.features, window: candles)
  }

  @Test(arguments: [2, 7]) func aWindowHoldsTheRowsOfItsCandlesInOrder(candles: Int) throws {
    var broken = RandomWalk.candles(600, seed: 4)
    broken.remove(at: 300)
    let series = CandleSeries(key: SeriesKey(symbol: "GAP", interval: .fiveMinutes), candles: broken)
    let rows = try FeatureMatrix(of: series, schema: coarse)
    let windows = try FeatureMatrix(of: series, schema: windowed(candles))
    #expect(windows.schema.rowShape == [candles, coarse.width])
    #expect(windows.schema.rowNames.first == "return(1)@\(candles - 1)" && windows.schema.rowNames.last == "60/relative-strength(3)@0")
    #expect(windows.schema.rowNames.count == windows.schema.rowLength)
    // Those rows with as many consecutive ones before them.
    let whole = rows.candleIndices.indices.filter { row in
      row >= candles - 1 && broken[rows.candleIndices[row]].start - broken[rows.candleIndices[row - candles + 1]].start == Int64(candles - 1) * 300_000
    }
    #expect(windows.candleIndices == whole.map { rows.candleIndices[$0] })
    #expect(windows.candleIndices.contains { $0 < 300 } && windows.candleIndices.contains { $0 > 300 })
    var expected: [Float] = []
    for row in whole { expected += rows.values[(row - candles + 1) * coarse.width..<(row + 1) * coarse.width] }
    #expect(windows.values == expected)
    var engine = FeatureEngine(windows.schema)
    for candle in broken[..<300] {
      let row = try engine.push(candle)
      #expect(engine.isWarm == (row != nil))
    }
  }

  @Test func batchEqualsStreamingBitForBit() throws {
    let series = RandomWalk.series(2_000, seed: 5)
    let schema = try FeatureSchema(interval: .fiveMinutes, coarser: [.fifteenMinutes, .oneHour])
    let matrix = try FeatureMatrix(of: series, schema: schema)
    var engine = FeatureEngine(schema)
    var streamed: [Float] = []
    for candle in series.candles { streamed += try engine.push(candle) ?? [] }
    #expect(!streamed.isEmpty)
    #expect(streamed.map(\.bitPattern) == matrix.values.map(\.bitPattern))
  }

  @Test(arguments: [0, 1, 7, 11, 333], [1, 5]) func anEngineStartedLaterGivesTheSameBits(start: Int, window: Int) throws {
    let candles = RandomWalk.candles(1_000, seed: 6)
    let schema = try windowed(window)
    var early = FeatureEngine(schema)
    var late = FeatureEngine(schema)
    for (index, candle) in candles.enumerated() {
      let expected = try early.push(candle)
      guard index >= start else { continue }
      let row = try late.push(candle)
      if index >= start + schema.warmUp - 1 { #expect(row != nil) }
      if let row { #expect(row == expected) }
    }
  }

  @Test func coarserFeaturesSeeCompletedCandlesOnly() throws {
    let candles = RandomWalk.candles(400, seed: 7)
    let hourly = try FeatureSchema(interval: .oneHour, features: coarse.features)
    // The hours, put together by hand from their twelve parts.
    var hours = FeatureEngine(hourly)
    var lastHour: [Float]?
    var engine = FeatureEngine(coarse)
    let columns = coarse.columns.indices.filter { coarse.columns[$0].hasPrefix("60/") }
    #expect(columns.count == 5)
    var compared = 0
    for (index, candle) in candles.enumerated() {
      if index % 12 == 11 {
        let parts = candles[index - 11...index]
        lastHour = try hours.push(
          Candle(
            start: candles[index - 11].start, open: candles[index - 11].open, high: parts.map(\.high).max()!,
            low: parts.map(\.low).min()!, close: candle.close, volume: parts.map(\.volume).reduce(0, +)))
      }
      guard let row = try engine.push(candle) else { continue }
      let expected = try #require(lastHour)
      #expect(columns.map { row[$0] } == Array(expected.prefix(5)))
      compared += 1
    }
    #expect(compared > 300)
  }

  @Test func aGapStartsTheWarmUpAgain() throws {
    var candles = RandomWalk.candles(100, seed: 8)
    candles.remove(at: 50)
    let schema = try FeatureSchema(interval: .fiveMinutes)
    let series = CandleSeries(key: SeriesKey(symbol: "GAP", interval: .fiveMinutes), candles: candles)
    let matrix = try FeatureMatrix(of: series, schema: schema)
    #expect(schema.warmUp == 21)
    #expect(matrix.candleIndices == Array(20..<50) + Array(70..<99))
    let alone = try FeatureMatrix(of: series.replacing(Array(candles[50...])), schema: schema)
    #expect(Array(matrix.values.suffix(alone.values.count)) == alone.values)
  }

  @Test func anHourWithAMissingPartIsNeverACandle() throws {
    var candles = RandomWalk.candles(60 * 12, seed: 9)
    candles.remove(at: 30 * 12 + 5)
    var engine = FeatureEngine(coarse)
    var rows: [Int] = []
    for (index, candle) in candles.enumerated() where try engine.push(candle) != nil { rows.append(index) }
    // Four whole hours after the broken one are 48 candles, of which the last completes the window.
    #expect(rows.first { $0 > 30 * 12 + 5 } == 31 * 12 + 47 - 1)
  }

  @Test func badCandlesAreRefusedAndLeaveTheEngineAsItWas() throws {
    let candles = RandomWalk.candles(40, seed: 10)
    let schema = try FeatureSchema(interval: .fiveMinutes)
    var engine = FeatureEngine(schema)
    var untouched = FeatureEngine(schema)
    for candle in candles.prefix(30) {
      _ = try engine.push(candle)
      _ = try untouched.push(candle)
    }
    var bad: [Candle] = [candles[29], candles[10]]
    for value in [Double.nan, .infinity, 0, -1] {
      var candle = candles[30]
      candle.low = value
      bad.append(candle)
    }
    for value in [Double.nan, .infinity, -1] {
      var candle = candles[30]
      candle.volume = value
      bad.append(candle)
    }
    for start in [Int64.max, -1, .min] {
      var candle = candles[30]
      candle.start = start
      bad.append(candle)
    }
    for candle in bad { #expect(throws: MarketError.self) { try engine.push(candle) } }
    #expect(try engine.push(candles[30]) == untouched.push(candles[30]))
  }

  @Test func anotherIntervalIsRefused() throws {
    let schema = try FeatureSchema(interval: .oneHour)
    #expect { try FeatureMatrix(of: RandomWalk.series(50, seed: 1), schema: schema) } throws: {
      "\($0)" == "WALK: expected candles of interval 60, found 5"
    }
  }
}
