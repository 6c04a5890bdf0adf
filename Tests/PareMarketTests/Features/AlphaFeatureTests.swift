import Foundation
import PareMarket
import PareTensor
import Testing

@Suite struct AlphaFeatureTests {
  /// A walk on a coarse grid of prices, so that closes tie, candles have no range and whole windows stand still, with candles that nobody
  /// traded.
  private func series(_ count: Int, seed: UInt64) -> CandleSeries {
    var generator = SeededGenerator(seed: seed, stream: "alpha")
    let walk = RandomWalk.series(count, seed: seed)
    return walk.replacing(
      walk.candles.enumerated().map { index, candle in
        func coarse(_ price: Double) -> Double { (price * (index % 400 < 300 ? 8 : 0.5)).rounded() / (index % 400 < 300 ? 8 : 0.5) }
        return Candle(
          start: candle.start, open: coarse(candle.open), high: coarse(candle.high), low: coarse(candle.low),
          close: coarse(candle.close), volume: generator.below(8) == 0 ? 0 : candle.volume.rounded())
      })
  }

  @Test func theSetHas105ColumnsInAnOrderThatStays() throws {
    let features = Feature.alpha()
    #expect(features.count == 105 && Set(features).count == 105)
    #expect(features.prefix(9).map(\.description) == [
      "body", "range-over-open", "body-over-range", "upper-shadow", "upper-shadow-over-range", "lower-shadow",
      "lower-shadow-over-range", "close-shift", "close-in-range",
    ])
    #expect(features[9..<14].map(\.description) == ["return(5)", "return(10)", "return(20)", "return(30)", "average-ratio(5)"])
    #expect(Feature.alpha(windows: [7])[9...].map(\.description) == [
      "return(7)", "average-ratio(7)", "relative-strength(7)", "volume-ratio(7)", "price-deviation(7)", "trend-slope(7)",
      "trend-fit(7)", "trend-residual(7)", "highest(7)", "lowest(7)", "upper-quantile(7)", "lower-quantile(7)", "rank(7)",
      "stochastic(7)", "since-high(7)", "since-low(7)", "high-low-lag(7)", "price-volume-correlation(7)",
      "return-volume-correlation(7)", "share-of-rises(7)", "share-of-falls(7)", "volume-deviation(7)", "weighted-volatility(7)",
      "volume-strength(7)",
    ])
    let schema = try FeatureSchema(interval: .oneDay, features: features)
    #expect(schema.warmUp == 31)
    for feature in features { #expect(try Feature(name: feature.description) == feature) }
    #expect(Set(Feature.knownNames).count == Feature.knownNames.count)
    #expect(throws: MarketError.self) { try FeatureSchema(interval: .oneDay, features: Feature.alpha(windows: [5, 5])) }
    #expect(throws: MarketError.self) { try FeatureSchema(interval: .oneDay, features: Feature.alpha(windows: [2])) }
  }

  @Test func everyColumnEqualsItsFormulaOver6000Candles() throws {
    let series = series(6_000, seed: 2)
    // Each statistic from its least window on, to well beyond it.
    let features = Feature.alpha() + WindowStatistic.allCases.flatMap { statistic in
      [1, 2, 3, 4, 64].compactMap { try? Feature(name: "\(statistic.rawValue)(\($0))") }
    }
    let schema = try FeatureSchema(interval: .fiveMinutes, features: features)
    let matrix = try FeatureMatrix(of: series, schema: schema)
    #expect(matrix.rowCount == 6_000 - 64)
    var worst = [Double](repeating: 0, count: features.count)
    var values = [Set<Float>](repeating: [], count: features.count)
    for (row, candle) in matrix.candleIndices.enumerated() {
      for (column, feature) in features.enumerated() {
        let value = matrix.values[row * schema.width + column]
        values[column].insert(value)
        worst[column] = max(worst[column], abs(Double(value) - direct(feature, series.candles[candle - 64...candle])))
      }
    }
    for (column, feature) in features.enumerated() {
      // √64 = 8 is the greatest number, of which half a unit of Float32 is 2⁻²²; R² of a line that is all but flat loses most.
      #expect(worst[column] <= 0x1p-20, "\(feature): \(worst[column])")
      #expect(values[column].count > 1, "\(feature) never changes")
    }
  }

  @Test func smallWindowsGiveTheValuesWorkedOutByHand() throws {
    // Closes 100, 102, 101, 104; highs 101, 103, 103, 105; lows 99, 99, 100, 100; volumes 1, 2, 0, 4.
    let candles = [
      Candle(start: 0, open: 100, high: 101, low: 99, close: 100, volume: 1),
      Candle(start: 300_000, open: 100, high: 103, low: 99, close: 102, volume: 2),
      Candle(start: 600_000, open: 102, high: 103, low: 100, close: 101, volume: 0),
      Candle(start: 900_000, open: 101, high: 105, low: 100, close: 104, volume: 4),
    ]
    let cases: [(Feature, Double)] = [
      (.shape(.bodyOverRange), 3.0 / 5), (.shape(.upperShadow), 1.0 / 101), (.shape(.upperShadowOverRange), 0.2),
      (.shape(.lowerShadow), 1.0 / 101), (.shape(.lowerShadowOverRange), 0.2), (.shape(.closeShift), 3.0 / 101),
      (.shape(.closeInRange), 0.6),
      // About the mean 101.75: −1.75, 0.25, −0.75, 2.25; squares 8.75; products with −1.5, −0.5, 0.5, 1.5 sum to 5.5, over 5.
      (.statistic(.priceDeviation, 4), (8.75 / 3).squareRoot() / 104), (.statistic(.trendSlope, 4), 1.1 / 104),
      (.statistic(.trendFit, 4), 5.5 * 5.5 / (5 * 8.75)), (.statistic(.trendResidual, 4), (104 - (101.75 + 1.65)) / 104),
      (.statistic(.highest, 4), 1.0 / 104), (.statistic(.lowest, 4), -5.0 / 104), (.statistic(.highest, 1), 1.0 / 104),
      // Sorted 100, 101, 102, 104: places 2.4 and 0.6.
      (.statistic(.upperQuantile, 4), 102.8 / 104 - 1), (.statistic(.lowerQuantile, 4), 100.6 / 104 - 1),
      (.statistic(.rank, 4), 1), (.statistic(.stochastic, 4), 5.0 / 6), (.statistic(.sinceHigh, 4), 0),
      // The lows 99 tie, and the newer one is two candles ago.
      (.statistic(.sinceLow, 4), 0.5), (.statistic(.highLowLag, 4), 0.5), (.statistic(.shareOfRises, 3), 2.0 / 3),
      (.statistic(.shareOfFalls, 3), 1.0 / 3),
      // 2, 0, 4 about 2; changes 1, −2, 4.
      (.statistic(.volumeDeviation, 3), 1), (.statistic(.volumeStrength, 3), (1 - 2 + 4) / 7.0),
      // |r| · v: 0.04, 0, 12 / 101.
      (.statistic(.weightedVolatility, 2), 2.0.squareRoot()),
    ]
    let schema = try FeatureSchema(interval: .fiveMinutes, features: cases.map(\.0))
    var engine = FeatureEngine(schema)
    for candle in candles.dropLast() { #expect(try engine.push(candle) == nil) }
    let row = try #require(try engine.push(candles[3]))
    for (value, (feature, expected)) in zip(row, cases) { #expect(abs(Double(value) - expected) < 1e-7, "\(feature)") }
  }

  @Test func aLineIsExplainedWholeAndVolumeThatFollowsThePriceCorrelates() throws {
    let features: [Feature] = [
      .statistic(.trendFit, 5), .statistic(.trendResidual, 5), .statistic(.trendSlope, 5), .statistic(.rank, 5),
      .statistic(.priceVolumeCorrelation, 5), .statistic(.highLowLag, 5),
    ]
    for sign in [1.0, -1.0] {
      var engine = try FeatureEngine(FeatureSchema(interval: .fiveMinutes, features: features))
      var row: [Float]?
      for index in 0..<6 {
        let price = 100 + sign * Double(index)
        // Volumes whose log(1 + v / mean) rises by almost equal steps.
        let volume = exp(0.1 * Double(index)) - 1
        row = try engine.push(
          Candle(start: Int64(index) * 300_000, open: price, high: price, low: price, close: price, volume: volume))
      }
      let found = try #require(row).map(Double.init)
      let last = 100 + sign * 5
      #expect(abs(found[0] - 1) < 1e-6 && abs(found[1]) < 1e-7 && abs(found[2] - sign / last) < 1e-7)
      #expect(found[3] == sign && found[4] * sign > 0.99 && abs(found[5] - sign * 0.8) < 1e-6)
    }
  }

  @Test func scalingPricesAndVolumesChangesNoBit() throws {
    let series = series(800, seed: 5)
    let scaled = series.replacing(
      series.candles.map {
        Candle(
          start: $0.start, open: $0.open * 1024, high: $0.high * 1024, low: $0.low * 1024, close: $0.close * 1024,
          volume: $0.volume / 64)
      })
    let schema = try FeatureSchema(interval: .fiveMinutes, features: Feature.alpha())
    #expect(try FeatureMatrix(of: series, schema: schema).values == FeatureMatrix(of: scaled, schema: schema).values)
  }

  @Test(arguments: [0, 0.1, 7]) func equalPricesGiveZeros(volume: Double) throws {
    let schema = try FeatureSchema(interval: .fiveMinutes, features: Feature.alpha())
    let dead = (0..<40).map { Candle(start: Int64($0) * 300_000, open: 0.1, high: 0.1, low: 0.1, close: 0.1, volume: volume) }
    let matrix = try FeatureMatrix(
      of: CandleSeries(key: SeriesKey(symbol: "DEAD", interval: .fiveMinutes), candles: dead), schema: schema)
    #expect(matrix.rowCount == 10 && matrix.values.allSatisfy { $0 == 0 })
  }

  @Test(arguments: 0..<8) func changingTheFutureLeavesThePastBitIdentical(seed: UInt64) throws {
    let series = series(300, seed: seed)
    let schema = try FeatureSchema(interval: .fiveMinutes, features: Feature.alpha(), window: seed % 2 == 0 ? 1 : 5)
    var changed = series.candles
    let from = 100 + Int(seed) * 20
    for index in from..<changed.count {
      changed[index].close *= 1.3
      changed[index].high *= 2
      changed[index].low *= 0.5
      changed[index].volume += 9
    }
    let before = try FeatureMatrix(of: series, schema: schema)
    let after = try FeatureMatrix(of: series.replacing(changed), schema: schema)
    let past = before.candleIndices.prefix { $0 < from }.count * schema.rowLength
    #expect(past > 0 && before.values[past...] != after.values[past...])
    #expect(before.values[..<past].map(\.bitPattern) == after.values[..<past].map(\.bitPattern))
  }

  @Test(arguments: [1, 40, 133]) func anEngineStartedLaterGivesTheSameBits(start: Int) throws {
    let candles = series(300, seed: 9).candles
    let schema = try FeatureSchema(interval: .fiveMinutes, features: Feature.alpha())
    var early = FeatureEngine(schema)
    var late = FeatureEngine(schema)
    for (index, candle) in candles.enumerated() {
      let expected = try early.push(candle)
      guard index >= start else { continue }
      let row = try late.push(candle)
      #expect((row != nil) == (index >= start + schema.warmUp - 1))
      if let row { #expect(row.map(\.bitPattern) == expected?.map(\.bitPattern)) }
    }
  }
}
