import Foundation
import PareMarket
import Testing

/// The formulas of `docs/features.md`, written down once more and without an engine.
func direct(_ feature: Feature, _ candles: ArraySlice<Candle>) -> Double {
  let all = Array(candles)
  let last = all[all.count - 1]
  func newest<Value>(_ n: Int, _ value: (Int) -> Value) -> [Value] { (all.count - n..<all.count).map(value) }
  func oneReturn(_ index: Int) -> Double { all[index].close / all[index - 1].close - 1 }
  func trueRange(_ index: Int) -> Double {
    max(
      all[index].high - all[index].low, abs(all[index].high - all[index - 1].close),
      abs(all[index].low - all[index - 1].close))
  }
  func sum(_ values: [Double]) -> Double { values.reduce(0, +) }
  switch feature {
  case .return(let n): return last.close / all[all.count - 1 - n].close - 1
  case .body: return last.close / last.open - 1
  case .rangeOverOpen: return (last.high - last.low) / last.open
  case .rangeOverClose: return (last.high - last.low) / last.close
  case .volatility(let n):
    let returns = newest(n, oneReturn)
    let mean = sum(returns) / Double(n)
    return (sum(returns.map { ($0 - mean) * ($0 - mean) }) / Double(n - 1)).squareRoot()
  case .momentum(let n):
    return (last.close - all[all.count - 1 - n].close) / sum(newest(n, trueRange))
  case .averageRatio(let n): return last.close / (sum(newest(n) { all[$0].close }) / Double(n)) - 1
  case .volumeRatio(let n): return last.volume / (sum(newest(n) { all[$0].volume }) / Double(n)) - 1
  case .volumeWeightedReturn(let n):
    return sum(newest(n) { all[$0].volume * oneReturn($0) }) / sum(newest(n) { all[$0].volume })
  case .relativeStrength(let n):
    let changes = newest(n) { all[$0].close - all[$0 - 1].close }
    let gains = sum(changes.filter { $0 > 0 })
    let losses = -sum(changes.filter { $0 < 0 })
    return (100 - 100 / (1 + gains / losses)) / 50 - 1
  case .averageTrueRange(let n): return sum(newest(n, trueRange)) / Double(n) / last.close
  case .timeOfDaySine: return sin(Double((last.start + 300_000) % 86_400_000) / 86_400_000 * 2 * .pi)
  case .timeOfDayCosine: return cos(Double((last.start + 300_000) % 86_400_000) / 86_400_000 * 2 * .pi)
  case .regime(let regime, let n):
    let (near, far) = (direct(.volatility(n), candles), direct(.volatility(4 * n), candles))
    if near > 1.3 * far { return regime == .volatile ? 1 : 0 }
    let returns = newest(n, oneReturn)
    let q = max(2, n / 8)
    let sums = (0...n - q).map { sum(Array(returns[$0..<$0 + q])) }
    let wide = sum(sums.map { $0 * $0 }) / Double(sums.count)
    let goesOn = wide > Double(q) * sum(returns.map { $0 * $0 }) / Double(n)
    return regime == (goesOn ? .trending : .meanReverting) ? 1 : 0
  case .shape(let shape): return AlphaFormulas.value(of: shape, last)
  case .statistic(let statistic, let n): return AlphaFormulas.value(of: statistic, over: n, all)
  }
}

@Suite struct FeatureFormulaTests {
  @Test func everyFeatureEqualsItsFormulaOver70000Candles() throws {
    let series = RandomWalk.series(70_000, seed: 1)
    let schema = try FeatureSchema(interval: .fiveMinutes)
    let matrix = try FeatureMatrix(of: series, schema: schema)
    #expect(matrix.rowCount == 70_000 - 20)
    var worst = 0.0
    for (row, candle) in matrix.candleIndices.enumerated() {
      for (column, feature) in schema.features.enumerated() {
        let expected = direct(feature, series.candles[candle - 20...candle])
        worst = max(worst, abs(Double(matrix.values[row * schema.width + column]) - expected))
      }
    }
    // Features lie within ±2, where half a unit of Float32 is 2⁻²⁴; the formulas in Double differ by far less.
    #expect(worst <= 0x1p-23)
  }

  @Test func everyMomentIsOfOneRegimeAndItsFormulaSaysWhich() throws {
    let series = RandomWalk.series(6_000, seed: 4)
    let features = [8, 16].flatMap { n in MarketRegime.allCases.map { Feature.regime($0, n) } }
    let matrix = try FeatureMatrix(of: series, schema: FeatureSchema(interval: .fiveMinutes, features: features))
    #expect(matrix.rowCount == 6_000 - 64)
    var counts = [Float](repeating: 0, count: features.count)
    for (row, candle) in matrix.candleIndices.enumerated() {
      let values = matrix.values[row * features.count..<(row + 1) * features.count]
      for (column, value) in values.enumerated() {
        #expect(Double(value) == direct(features[column], series.candles[candle - 64...candle]))
        counts[column] += value
      }
      #expect(values.prefix(3).reduce(0, +) == 1 && values.suffix(3).reduce(0, +) == 1)
    }
    #expect(counts.allSatisfy { $0 > 0 }, "\(counts)")
  }

  @Test func aLineIsATrendAndASawIsUndone() throws {
    let features = MarketRegime.allCases.map { Feature.regime($0, 16) }
    let schema = try FeatureSchema(interval: .fiveMinutes, features: features)
    /// One-candle returns; the newest 16 of 64 may be wider.
    func regime(_ move: (Int) -> Double) throws -> [Float]? {
      var (engine, row, close) = (FeatureEngine(schema), [Float]?.none, 100.0)
      for index in 0..<65 {
        let open = close
        close *= 1 + move(index)
        row = try engine.push(
          Candle(
            start: Int64(index) * 300_000, open: open, high: max(open, close), low: min(open, close), close: close, volume: 1))
      }
      return row
    }
    #expect(MarketRegime.allCases == [.trending, .meanReverting, .volatile])
    #expect(try regime { $0 % 8 < 4 ? 0.001 : -0.001 } == [1, 0, 0])
    #expect(try regime { $0 % 2 == 0 ? 0.001 : -0.001 } == [0, 1, 0])
    #expect(try regime { ($0 % 2 == 0 ? 0.001 : -0.001) * ($0 > 48 ? 3 : 1) } == [0, 0, 1])
  }

  @Test func smallWindowsGiveTheValuesWorkedOutByHand() throws {
    // Closes 100, 102, 101, 104; true ranges 4, 3, 5 after the first; volumes 1, 2, 3, 4.
    let candles = [
      Candle(start: 0, open: 100, high: 101, low: 99, close: 100, volume: 1),
      Candle(start: 300_000, open: 100, high: 103, low: 99, close: 102, volume: 2),
      Candle(start: 600_000, open: 102, high: 103, low: 100, close: 101, volume: 3),
      Candle(start: 900_000, open: 101, high: 105, low: 100, close: 104, volume: 4),
    ]
    let cases: [(Feature, Double)] = [
      (.return(1), 3.0 / 101), (.return(3), 0.04), (.body, 3.0 / 101), (.rangeOverOpen, 5.0 / 101),
      (.rangeOverClose, 5.0 / 104), (.averageRatio(2), 104 / 102.5 - 1), (.volumeRatio(4), 4 / 2.5 - 1),
      (.momentum(3), 4.0 / 12), (.relativeStrength(3), 4.0 / 6), (.averageTrueRange(3), 4.0 / 104),
      (.volumeWeightedReturn(2), (3 * (-1.0 / 102) + 4 * (3.0 / 101)) / 7),
      (.volatility(2), (3.0 / 101 + 1.0 / 102) / 2.0.squareRoot()),
      (.timeOfDaySine, sin(2 * .pi * 20 / 1440)), (.timeOfDayCosine, cos(2 * .pi * 20 / 1440)),
    ]
    let schema = try FeatureSchema(interval: .fiveMinutes, features: cases.map(\.0))
    var engine = FeatureEngine(schema)
    for candle in candles.dropLast() { #expect(try engine.push(candle) == nil) }
    let row = try #require(try engine.push(candles[3]))
    for (value, (feature, expected)) in zip(row, cases) {
      #expect(abs(Double(value) - expected) < 1e-7, "\(feature)")
    }
  }

  @Test func scalingPricesAndVolumesChangesNoBit() throws {
    let series = RandomWalk.series(500, seed: 2)
    let scaled = series.replacing(
      series.candles.map {
        Candle(
          start: $0.start, open: $0.open * 1024, high: $0.high * 1024, low: $0.low * 1024, close: $0.close * 1024,
          volume: $0.volume / 64)
      })
    let schema = try FeatureSchema(interval: .fiveMinutes, coarser: [.fifteenMinutes])
    #expect(try FeatureMatrix(of: series, schema: schema).values == FeatureMatrix(of: scaled, schema: schema).values)
  }

  @Test func equalPricesAndZeroVolumesGiveZeros() throws {
    let schema = try FeatureSchema(interval: .fiveMinutes)
    let dead = (0..<30).map {
      Candle(start: Int64($0) * 300_000, open: 0.1, high: 0.1, low: 0.1, close: 0.1, volume: 0)
    }
    let series = CandleSeries(key: SeriesKey(symbol: "DEAD", interval: .fiveMinutes), candles: dead)
    let matrix = try FeatureMatrix(of: series, schema: schema)
    #expect(matrix.rowCount == 10)
    for row in 0..<matrix.rowCount {
      for (column, feature) in schema.features.enumerated()
      where feature != .timeOfDaySine && feature != .timeOfDayCosine {
        #expect(matrix.values[row * schema.width + column] == 0, "\(feature)")
      }
    }
  }

  @Test func boundedFeaturesReachTheirBoundsInAStraightLine() throws {
    let schema = try FeatureSchema(interval: .fiveMinutes, features: [.momentum(5), .relativeStrength(5)])
    for sign in [1.0, -1.0] {
      var engine = FeatureEngine(schema)
      var row: [Float]?
      for index in 0..<8 {
        let open = 100 + sign * Double(index)
        let close = open + sign
        row = try engine.push(
          Candle(
            start: Int64(index) * 300_000, open: open, high: max(open, close), low: min(open, close), close: close,
            volume: 1))
      }
      #expect(row == [Float(sign), Float(sign)])
    }
  }
}
