import PareBacktest
import PareEvaluation
import PareMarket
import PareTensor
import Testing

/// Each leak that is planted here is one that has cost desks money.
@Suite struct LeakCheckTests {
  private let series: CandleSeries
  private let schema: FeatureSchema
  private let dataset: MarketDataset

  init() throws {
    series = try Small.simulation().run(seed: 5).series[0]
    schema = try FeatureSchema(interval: .fiveMinutes)
    dataset = try MarketDataset(series: [series], schema: schema, label: LabelDefinition(.direction, horizon: 12))
  }

  private func rows(of series: CandleSeries) throws -> FeatureRows {
    let matrix = try FeatureMatrix(of: series, schema: schema)
    return FeatureRows(values: matrix.values, candles: matrix.candleIndices, width: schema.rowLength)
  }

  @Test func featuresOfTheEngineKnowNothingOfTheFuture() throws {
    var generator = SeededGenerator(seed: 1)
    let cuts = (0..<6).map { _ in 200 + generator.below(series.candles.count - 200) }
    #expect(try LeakCheck.features(rows, of: series, cutAt: cuts).outcome == .passed)
  }

  @Test func aFeatureThatReadsTheNextCandleIsCaught() throws {
    let leaky: (CandleSeries) throws -> FeatureRows = { series in
      var rows = try self.rows(of: series)
      for (row, candle) in rows.candles.enumerated() where candle + 1 < series.candles.count {
        rows.values[row * rows.width] = Float(series.candles[candle + 1].close / series.candles[candle].close - 1)
      }
      return rows
    }
    let found = try LeakCheck.features(leaky, of: series, cutAt: [3000])
    #expect(found.outcome == .leaks && found.words.contains("feature 0 of the row at candle 3000"))
  }

  @Test func aFeatureScaledByTheWholeSeriesIsCaught() throws {
    let leaky: (CandleSeries) throws -> FeatureRows = { series in
      var rows = try self.rows(of: series)
      let most = rows.values.map(abs).max() ?? 1
      rows.values = rows.values.map { $0 / most }
      return rows
    }
    let cuts = [400, 800, 1600]
    #expect(try LeakCheck.features(leaky, of: series, cutAt: cuts).outcome == .leaks)
  }

  @Test func aCentredWindowIsCaught() throws {
    // Smoothing that looks as far ahead as back.
    let leaky: (CandleSeries) throws -> FeatureRows = { series in
      var rows = try self.rows(of: series)
      for (row, candle) in rows.candles.enumerated() {
        let last = min(candle + 3, series.candles.count - 1)
        let window = series.candles[max(candle - 3, 0)...last]
        rows.values[row * rows.width + 1] = Float(window.reduce(0) { $0 + $1.close } / Double(window.count))
      }
      return rows
    }
    #expect(try LeakCheck.features(leaky, of: series, cutAt: [2500]).outcome == .leaks)
  }

  @Test func aNormalizerFittedToEverythingIsCaught() throws {
    let own = try dataset.normalizer(.zScore)
    let training = dataset.labelled(.train)
    let names = schema.columns
    let refitted = try Normalizer.fit(.zScore, to: training.features, names: names, clip: 5)
    #expect(LeakCheck.normalizer(own, refitted: refitted, to: training.count, names: names).outcome == .passed)
    let everything = try Normalizer.fit(.zScore, to: dataset.features, names: names, clip: 5)
    #expect(LeakCheck.normalizer(everything, refitted: refitted, to: training.count, names: names).outcome == .leaks)
  }

  @Test func aLabelThatReachesOverTheSplitIsCaught() throws {
    let reach: Int64 = 12 * 300_000
    let parts = DatasetPart.allCases.map { part in (part.rawValue, dataset.parts[part].map { dataset.times[$0] }) }
    #expect(LeakCheck.labels(parts, reach: reach).outcome == .passed)
    // The same cut without purging or embargo.
    let times = dataset.times
    let cut = times.count * 6 / 10
    let bare = [("train", Array(times[..<cut])), ("validation", Array(times[cut...]))]
    let found = LeakCheck.labels(bare, reach: reach)
    #expect(found.outcome == .leaks && found.words.contains("3300 s after the validation part begins"))
    // One row too many is enough.
    let last = try #require(parts[0].1.last)
    let next = [(parts[0].0, parts[0].1 + [last + 2 * reach]), parts[1]]
    #expect(LeakCheck.labels(next, reach: reach).outcome == .leaks)
  }

  @Test func aTablesFeatureThatForeseesIsSuspicious() throws {
    let labelled = dataset.labelled(.train)
    let honest = FeatureRows(values: labelled.features, candles: labelled.rows, width: dataset.width)
    #expect(LeakCheck.foresight(honest, names: dataset.columns, returns: labelled.forwardReturns).outcome == .passed)
    var knowing = honest
    for row in 0..<labelled.count { knowing.values[row * dataset.width + 4] += Float(300 * labelled.forwardReturns[row]) }
    let found = LeakCheck.foresight(knowing, names: dataset.columns, returns: labelled.forwardReturns)
    #expect(found.outcome == .suspicious && found.words.contains(dataset.columns[4]))
  }

  @Test func aRunSaysWhatWasChecked() async throws {
    let folder = try ScratchFolder()
    let results = try await Small.run(Small.experiment(.simulation(Small.simulation())), in: folder)
    #expect(results.leaks.map(\.name) == ["features", "normalizer", "labels", "foresight"])
    #expect(results.leaks.allSatisfy { $0.outcome == .passed })
  }
}
