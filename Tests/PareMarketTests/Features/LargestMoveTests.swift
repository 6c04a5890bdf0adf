import Foundation
import PareMarket
import PareTensor
import Testing

/// Closes that jump further than one history allows.
@Suite struct LargestMoveTests {
  private func walk(_ count: Int, jumps: [Int: Double]) throws -> CandleSeries {
    let series = try DailyPanel.series(["A"], sessions: count, seed: 3)[0]
    var factor = 1.0
    let candles = series.candles.enumerated().map { index, candle in
      factor *= jumps[index] ?? 1
      return Candle(
        start: candle.start, open: candle.open * factor, high: candle.high * factor, low: candle.low * factor,
        close: candle.close * factor, volume: candle.volume)
    }
    return CandleSeries(key: series.key, candles: candles, calendar: series.calendar)
  }

  private func schema(_ largestMove: Double?, window: Int = 1, denoising: WaveletDenoising? = nil) throws -> FeatureSchema {
    try FeatureSchema(
      interval: .oneDay, features: [.return(3), .body, .volatility(5)], window: window, denoising: denoising,
      largestMove: largestMove)
  }

  @Test func aCandleBeyondItBeginsANewHistory() throws {
    let series = try walk(80, jumps: [30: 0.5, 50: 2, 60: 1.05])
    let found = try FeatureMatrix(of: series, schema: schema(0.105))
    #expect(found.candleIndices == Array(5..<30) + Array(35..<50) + Array(55..<80))
    // Each history is as if nothing had been before it.
    let alone = CandleSeries(key: series.key, candles: Array(series.candles[30..<50]), calendar: series.calendar)
    let expected = try FeatureMatrix(of: alone, schema: schema(0.105)).values
    #expect(Array(found.values[25 * 3..<40 * 3]) == expected)
    #expect(try FeatureMatrix(of: series, schema: schema(nil)).rowCount == 75)
  }

  @Test func windowsAndDenoisingDoNotReachAcrossIt() throws {
    let series = try walk(120, jumps: [60: 0.4])
    let schema = try self.schema(0.2, window: 4, denoising: WaveletDenoising(.haar, levels: 2, window: 8))
    let found = try FeatureMatrix(of: series, schema: schema)
    #expect(schema.warmUp == 6 + 3 + 7 && found.candleIndices == Array(15..<60) + Array(75..<120))
    let alone = CandleSeries(key: series.key, candles: Array(series.candles[60...]), calendar: series.calendar)
    #expect(try FeatureMatrix(of: alone, schema: schema).values == Array(found.values.suffix(45 * schema.rowLength)))
  }

  @Test func theBoundItselfIsWithin() throws {
    // 100, 110, 121.1: moves of 0.1 (a little more in binary) and just above it.
    func rows(_ bound: Double) throws -> [Int] {
      let candles = [100, 110, 121.1].enumerated().map {
        Candle(start: Int64($0) * 300_000, open: 100, high: 200, low: 50, close: $1, volume: 1)
      }
      let schema = try FeatureSchema(interval: .fiveMinutes, features: [.return(1)], largestMove: bound)
      return try FeatureMatrix(
        of: CandleSeries(key: SeriesKey(symbol: "X", interval: .fiveMinutes), candles: candles), schema: schema
      ).candleIndices
    }
    let (first, second) = (110.0 / 100 - 1, 121.1 / 110 - 1)
    #expect(try rows(second) == [1, 2] && rows(second.nextDown) == [1] && rows(first) == [1] && rows(first.nextDown) == [])
  }

  @Test(arguments: [LabelDefinition.Kind.direction, .tripleBarrier(profit: 10_000, loss: 5_000, unit: .basisPoints)])
  func aLabelAcrossItHasNoOutcome(kind: LabelDefinition.Kind) throws {
    let series = try walk(40, jumps: [20: 0.5])
    let plain = try LabelDefinition(kind, horizon: 3).outcomes(of: series)
    let found = try LabelDefinition(kind, horizon: 3, largestMove: 0.105).outcomes(of: series)
    // The spans t + 1 … t + 4 of the decisions 16 … 19 contain candle 20; that of candle 20 itself begins behind it.
    for decision in found.indices {
      #expect(found[decision] == ((16...19).contains(decision) ? nil : plain[decision]), "\(decision)")
    }
    #expect(plain[16] != nil && plain[19] != nil && found[15] != nil && found[20] != nil)
  }

  @Test func volatilityOfBarriersDoesNotReachAcrossIt() throws {
    let kind = LabelDefinition.Kind.tripleBarrier(profit: 1, loss: 1, unit: .volatility(candles: 4))
    let found = try LabelDefinition(kind, horizon: 2, largestMove: 0.105).outcomes(of: walk(40, jumps: [20: 0.5]))
    #expect((20..<24).allSatisfy { found[$0] == nil } && (24..<37).contains { found[$0] != nil })
  }

  @Test func itIsWrittenOnlyWhereThereIsOne() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let schema = try FeatureSchema(interval: .oneDay, features: [.body], largestMove: 0.125)
    let text = String(decoding: try encoder.encode(schema), as: UTF8.self)
    #expect(text == #"{"features":["body"],"interval":"D","largest-move":0.125,"version":1}"#)
    #expect(try JSONDecoder().decode(FeatureSchema.self, from: Data(text.utf8)) == schema)
    let label = try LabelDefinition(.direction, horizon: 2, largestMove: 0.125)
    let labelText = String(decoding: try encoder.encode(label), as: UTF8.self)
    #expect(labelText == #"{"horizon":2,"kind":"direction","largest-move":0.125}"#)
    #expect(try JSONDecoder().decode(LabelDefinition.self, from: Data(labelText.utf8)) == label)
    let plain = String(decoding: try encoder.encode(LabelDefinition(.direction, horizon: 2)), as: UTF8.self)
    #expect(plain == #"{"horizon":2,"kind":"direction"}"#)
    for bound in [0, -0.1, .nan, .infinity] {
      let one = try marketError { _ = try FeatureSchema(interval: .oneDay, largestMove: bound) }
      let other = try marketError { _ = try LabelDefinition(.direction, horizon: 1, largestMove: bound) }
      #expect("\(one)" == "features.largest-move: expected a positive fraction, as 0.105, found \(bound)")
      #expect("\(other)" == "label.largest-move: expected a positive fraction, as 0.105, found \(bound)")
    }
  }

  @Test func theDatasetKeepsRowsWithoutALabel() throws {
    let series = try walk(160, jumps: [80: 0.5])
    let data = try MarketDataset(
      series: [series], schema: schema(0.105), label: LabelDefinition(.forwardReturn, horizon: 3, largestMove: 0.105))
    let unlabelled = data.candleIndices.indices.filter { data.forwardReturns[$0].isNaN }.map { data.candleIndices[$0] }
    #expect(unlabelled == Array(76..<80) + Array(156..<160))
  }
}
