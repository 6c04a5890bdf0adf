import Foundation
import PareMarket
import PareTensor
import Testing

/// Features that the engine denoises.
@Suite struct DenoisedFeatureTests {
  private static let features: [Feature] = [
    .return(1), .timeOfDaySine, .regime(.trending, 8), .volatility(5), .statistic(.rank, 5), .volumeRatio(3), .body,
    .shape(.closeInRange), .momentum(4), .statistic(.volumeStrength, 4), .averageRatio(5),
  ]

  private func schema(
    _ denoising: WaveletDenoising?, window: Int = 1, coarser: [CandleInterval] = [], features: [Feature] = features
  ) throws -> FeatureSchema {
    try FeatureSchema(interval: .fiveMinutes, coarser: coarser, features: features, window: window, denoising: denoising)
  }

  /// Each wavelet at its least window, at an odd one and at a long one.
  static let cases: [WaveletDenoising] = Wavelet.allCases.flatMap { wavelet in
    [1, 2, 3, 5].flatMap { levels in
      [0, 1, 7, 64].compactMap { try? WaveletDenoising(wavelet, levels: levels, window: wavelet.leastCount(levels: levels) + $0) }
    }
  }

  @Test(arguments: cases) func aNumberIsTheNewestOfItsDenoisedWindowToTheBit(denoising: WaveletDenoising) throws {
    var candles = RandomWalk.candles(33 + denoising.window + 90, seed: 3)
    candles.remove(at: denoising.window + 60)
    let series = CandleSeries(key: SeriesKey(symbol: "GAP", interval: .fiveMinutes), candles: candles)
    let raw = try FeatureMatrix(of: series, schema: schema(nil))
    let found = try FeatureMatrix(of: series, schema: schema(denoising))
    let width = raw.schema.width
    var expected: [Int] = []
    for row in raw.candleIndices.indices where row + 1 >= denoising.window {
      let first = row - denoising.window + 1
      guard raw.candleIndices[row] - raw.candleIndices[first] == denoising.window - 1 else { continue }
      let foundRow = try #require(found.candleIndices.firstIndex(of: raw.candleIndices[row]))
      for column in 0..<width {
        let window = (first...row).map { raw.values[$0 * width + column] }
        let isFlag = Self.features[column] == .timeOfDaySine || Self.features[column] == .regime(.trending, 8)
        let value = isFlag ? raw.values[row * width + column] : Float(denoising.applied(to: window.map(Double.init)).last ?? .nan)
        #expect(found.values[foundRow * width + column].bitPattern == value.bitPattern, "\(Self.features[column])")
      }
      expected.append(raw.candleIndices[row])
    }
    #expect(found.candleIndices == expected && expected.count > 20)
  }

  @Test func aWindowHoldsRowsAsTheyWereKnown() throws {
    let denoising = try WaveletDenoising(.db2, levels: 2, window: 16)
    let series = RandomWalk.series(200, seed: 5)
    let rows = try FeatureMatrix(of: series, schema: schema(denoising))
    let windows = try FeatureMatrix(of: series, schema: schema(denoising, window: 6))
    #expect(windows.schema.warmUp == rows.schema.warmUp + 5 && rows.schema.warmUp == 33 + 15)
    let width = rows.schema.width
    #expect(windows.rowCount == rows.rowCount - 5 && windows.rowCount > 100)
    for row in 0..<windows.rowCount {
      #expect(windows.values[row * 6 * width..<(row + 1) * 6 * width] == rows.values[row * width..<(row + 6) * width])
    }
  }

  @Test(arguments: [1, 6]) func changingTheFutureLeavesThePastBitIdentical(window: Int) throws {
    let schema = try self.schema(WaveletDenoising(.db3, levels: 2, window: 24), window: window, coarser: [.fifteenMinutes])
    let series = RandomWalk.series(500, seed: 6)
    let before = try FeatureMatrix(of: series, schema: schema)
    for from in [250, 333, 499] {
      var changed = series.candles
      for index in from..<changed.count {
        changed[index].close *= 1.2
        changed[index].high *= 2
        changed[index].volume *= 3
      }
      let after = try FeatureMatrix(of: series.replacing(changed), schema: schema)
      let past = before.candleIndices.prefix { $0 < from }.count * schema.rowLength
      #expect(past > 0 && before.values[past...] != after.values[past...])
      #expect(before.values[..<past].map(\.bitPattern) == after.values[..<past].map(\.bitPattern))
    }
  }

  @Test(arguments: [0, 1, 11, 100], [1, 4]) func anEngineStartedLaterGivesTheSameBits(start: Int, window: Int) throws {
    let schema = try self.schema(WaveletDenoising(.db4, levels: 2, window: 33), window: window, coarser: [.fifteenMinutes])
    let candles = RandomWalk.candles(400, seed: 7)
    var early = FeatureEngine(schema)
    var late = FeatureEngine(schema)
    var compared = 0
    for (index, candle) in candles.enumerated() {
      let expected = try early.push(candle)
      #expect(early.isWarm == (expected != nil))
      guard index >= start else { continue }
      let row = try late.push(candle)
      if index >= start + schema.warmUp - 1 { #expect(row != nil) }
      guard let row else { continue }
      #expect(row.map(\.bitPattern) == expected?.map(\.bitPattern))
      compared += 1
    }
    #expect(compared > 100)
  }

  @Test func batchEqualsStreamingBitForBit() throws {
    let schema = try self.schema(WaveletDenoising(.haar, levels: 3, window: 32), features: Feature.alpha(windows: [5, 10]))
    let series = RandomWalk.series(300, seed: 8)
    var engine = FeatureEngine(schema)
    var streamed: [Float] = []
    for candle in series.candles { streamed += try engine.push(candle) ?? [] }
    #expect(streamed.map(\.bitPattern) == (try FeatureMatrix(of: series, schema: schema)).values.map(\.bitPattern))
    #expect(streamed.count == (300 - schema.warmUp + 1) * schema.width)
  }

  @Test func denoisingIsWrittenOnlyWhereThereIsSome() throws {
    let plain = try schema(nil, features: [.body])
    let some = try schema(WaveletDenoising(.db2, levels: 2, window: 32), features: [.body])
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let text = String(decoding: try encoder.encode(some), as: UTF8.self)
    #expect(text == #"{"denoising":{"levels":2,"wavelet":"db2","window":32},"features":["body"],"interval":"5","version":1}"#)
    #expect(String(decoding: try encoder.encode(plain), as: UTF8.self) == #"{"features":["body"],"interval":"5","version":1}"#)
    #expect(try JSONDecoder().decode(FeatureSchema.self, from: Data(text.utf8)) == some && some != plain)
    #expect(some.warmUp == 32 && plain.warmUp == 1 && some.rowNames == plain.rowNames)
  }
}
