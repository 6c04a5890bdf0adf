import PareMarket
import PareTensor
import Testing

/// Weekends are no gaps where there is a calendar.
@Suite struct DailyDatasetTests {
  private let day: Int64 = 86_400_000

  private func dataset(_ series: [CandleSeries], horizon: Int = 5) throws -> MarketDataset {
    try MarketDataset(
      series: series, schema: FeatureSchema(interval: .oneDay, features: [.return(1), .return(5), .volatility(10)]),
      label: LabelDefinition(.forwardReturn, horizon: horizon), split: ChronologicalSplit(train: 0.5, validation: 0.25))
  }

  @Test func featuresAndLabelsRunAcrossWeekends() throws {
    let daily = try DailyPanel.series(["A"], sessions: 100, seed: 3)[0]
    // The same candles as if they were of five minutes, without a pause.
    let plain = CandleSeries(
      key: SeriesKey(symbol: "A", interval: .fiveMinutes),
      candles: daily.candles.enumerated().map { index, candle in
        var moved = candle
        moved.start = Int64(index) * 300_000
        return moved
      })
    let features: [Feature] = [.return(1), .return(5), .volatility(10), .momentum(10)]
    let one = try FeatureMatrix(of: daily, schema: FeatureSchema(interval: .oneDay, features: features))
    let other = try FeatureMatrix(of: plain, schema: FeatureSchema(interval: .fiveMinutes, features: features))
    #expect(one.values == other.values && one.candleIndices == other.candleIndices && one.rowCount == 90)
    let label = try LabelDefinition(.direction, horizon: 3)
    #expect(label.outcomes(of: daily) == label.outcomes(of: plain))
    // Without a calendar no window would outlast a week.
    let bare = CandleSeries(key: daily.key, candles: daily.candles)
    #expect(try FeatureMatrix(of: bare, schema: FeatureSchema(interval: .oneDay, features: features)).rowCount == 0)
    #expect(label.outcomes(of: bare).compactMap { $0 }.count == 20)
  }

  @Test func aSessionThatASymbolLacksIsAGap() throws {
    let series = try DailyPanel.series(["A", "B"], sessions: 60, seed: 1, missing: ["B": [30]])
    #expect(series[1].gaps == [CandleGap(start: DailyPanel.weekdays(31)[30].midnight, missing: 1)])
    let schema = try FeatureSchema(interval: .oneDay, features: [.return(5)])
    let rows = try FeatureMatrix(of: series[1], schema: schema).candleIndices
    // Candles 30 … 34 warm up again; candle 30 of B is session 31.
    #expect(rows == Array(5..<30) + Array(35..<59))
    let outcomes = try LabelDefinition(.direction, horizon: 2).outcomes(of: series[1])
    #expect(outcomes.indices.filter { outcomes[$0] != nil } == Array(0..<27) + Array(30..<56))
  }

  @Test func purgeAndEmbargoCountSessions() throws {
    // 110 sessions, 11 to warm up: rows 0 ..< 100 at sessions 10 ..< 110, cut at rows 50 and 75.
    let one = try dataset(DailyPanel.series(["A"], sessions: 110, seed: 2))
    #expect(one.rowCount == 100 && one.times[0] == DailyPanel.weekdays(11)[10].midnight + day)
    #expect(one.parts.train == 0..<45 && one.parts.validation == 55..<70 && one.parts.test == 80..<100)
    let sessions = try #require(one.schema).warmUp - 1
    let dates = DailyPanel.weekdays(110)
    // The last training label ends before the first decision that was cut off.
    let end = dates[one.parts.train.upperBound - 1 + sessions + 1 + 5].midnight
    #expect(end < one.times[50])
    #expect(one.lastTrainingTime == one.times[44])
  }

  @Test func aStreamedEngineAgreesWithTheMatrix() throws {
    let series = try DailyPanel.series(["A"], sessions: 80, seed: 5, missing: ["A": [40]])[0]
    let schema = try FeatureSchema(interval: .oneDay, features: [.return(3), .volatility(5)], window: 4)
    let matrix = try FeatureMatrix(of: series, schema: schema)
    var engine = FeatureEngine(schema, calendar: series.calendar)
    var values: [Float] = []
    for candle in series.candles { values += try engine.push(candle) ?? [] }
    #expect(values == matrix.values && !values.isEmpty)
  }

  @Test func seriesOfDifferentCalendarsAreRefused() throws {
    let series = try DailyPanel.series(["A", "B"], sessions: 110, seed: 2)
    let bare = CandleSeries(key: series[1].key, candles: series[1].candles)
    #expect(try marketError { _ = try dataset([series[0], bare]) }.code == "market.wrong-calendar")
    #expect(try marketError { _ = try ReturnPanel(of: [series[0], bare]) }.code == "market.wrong-calendar")
  }
}
