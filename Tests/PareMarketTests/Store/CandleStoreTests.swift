import Foundation
import PareMarket
import Testing

@Suite struct CandleStoreTests {
  private let folder: TemporaryFolder
  private let store: CandleStore

  init() throws {
    folder = try TemporaryFolder()
    store = try CandleStore(path: folder.path("candles.sqlite"))
  }

  @Test func candlesComeOutSortedAndUnique() throws {
    let candles = SampleCandles.make(500)
    try store.upsert(candles.shuffled(), into: .sample, source: "test")
    #expect(try store.candles(of: .sample).candles == candles)
    let span = candles[100].start..<candles[200].start
    #expect(try store.candles(of: .sample, in: span).candles == Array(candles[100..<200]))
    #expect(try store.candles(of: SeriesKey(symbol: "ETHUSDT", interval: .oneHour)).candles.isEmpty)
  }

  @Test func anUpsertDoneTwiceChangesNothing() throws {
    var candles = SampleCandles.make(50)
    #expect(try store.upsert(candles, into: .sample, source: "test") == UpsertCounts(inserted: 50))
    #expect(try store.upsert(candles, into: .sample, source: "test") == UpsertCounts(unchanged: 50))
    candles[7].high += 1
    candles += SampleCandles.make(1, from: candles[49].start + 300_000)
    let counts = try store.upsert(candles, into: .sample, source: "test")
    #expect(counts == UpsertCounts(inserted: 1, changed: 1, unchanged: 49))
    #expect(try store.candles(of: .sample).candles == candles)
    #expect(try store.upsert([Candle](), into: .sample, source: "test") == UpsertCounts())
  }

  @Test func aKnownTurnoverIsNotForgottenForARowThatSaysTheSame() throws {
    let candle = SampleCandles.candle(at: SampleCandles.start)
    var without = candle
    without.turnover = nil
    try store.upsert([without], into: .sample, source: "file")
    #expect(try store.upsert([candle], into: .sample, source: "service").changed == 1)
    #expect(try store.upsert([without], into: .sample, source: "file").unchanged == 1)
    #expect(try store.candles(of: .sample).candles == [candle])
    without.close = without.high
    #expect(try store.upsert([without], into: .sample, source: "file").changed == 1)
    #expect(try store.candles(of: .sample).candles == [without])
  }

  @Test func seriesDoNotMix() throws {
    let keys = [
      SeriesKey.sample, SeriesKey(symbol: "BTCUSDT", interval: .fiveMinutes, venue: "bybit/spot"),
      SeriesKey(symbol: "BTCUSDT", interval: .oneHour, venue: "bybit/linear"),
      SeriesKey(symbol: "ETHUSDT", interval: .fiveMinutes),
    ]
    for (index, key) in keys.enumerated() {
      try store.upsert(SampleCandles.make(index + 1, interval: key.interval), into: key, source: "test")
    }
    #expect(try store.keys() == keys)
    for (index, key) in keys.enumerated() {
      #expect(try store.candles(of: key).candles.count == index + 1)
    }
  }

  @Test func aCandleThatBreaksARuleIsRefusedBeforeAnythingIsWritten() throws {
    let changes: [(inout Candle) -> Void] = [
      { $0.open = .nan }, { $0.high = 0.1 }, { $0.volume = -1 }, { $0.start += 1 }, { $0.turnover = .infinity },
    ]
    for change in changes {
      var candles = SampleCandles.make(10)
      change(&candles[9])
      let error = try marketError { _ = try store.upsert(candles, into: .sample, source: "test") }
      #expect(error.category == .badData)
    }
    #expect(try store.coverage(of: .sample) == nil)
  }

  @Test func coverageAndGapsAreKnown() throws {
    var candles = SampleCandles.make(100)
    let gone = Array(candles[20..<25])
    candles.removeSubrange(20..<25)
    try store.upsert(candles, into: .sample, source: "test")
    let coverage = try #require(try store.coverage(of: .sample))
    #expect(coverage.first == candles[0].start && coverage.last == candles[94].start && coverage.rows == 95)
    #expect(coverage.gaps == [CandleGap(start: gone[0].start, missing: 5)])
    #expect(try store.gaps(of: .sample) == coverage.gaps)

    let step: Int64 = 300_000
    let first = candles[0].start
    let last = candles[94].start
    #expect(
      try store.missingStarts(of: .sample, in: (first - 2 * step)..<(last + 3 * step)) == [
        (first - 2 * step)...(first - step), gone[0].start...gone[4].start, (last + step)...(last + 2 * step),
      ])
    #expect(try store.missingStarts(of: .sample, in: first..<gone[0].start).isEmpty)
    let unknown = SeriesKey(symbol: "ETHUSDT", interval: .fiveMinutes)
    #expect(try store.missingStarts(of: unknown, in: first..<(first + 2 * step)) == [first...(first + step)])
  }

  @Test func provenanceNamesSourcesAndDigestsTheRows() throws {
    let candles = SampleCandles.make(30)
    try store.upsert(candles[..<20], into: .sample, source: "a.csv")
    try store.upsert(candles[10...], into: .sample, source: "b.csv")
    try store.upsert(candles, into: .sample, source: "c.csv")
    let provenance = try #require(try store.provenance(of: .sample))
    #expect(provenance.digest == CandleDigest(of: candles))
    #expect(provenance.coverage.rows == 30)
    #expect(provenance.sources.map(\.name) == ["a.csv", "b.csv"])
    #expect(provenance.sources.map(\.rows) == [20, 10])
    #expect(provenance.sources[0].first == candles[0].start && provenance.sources[1].last == candles[29].start)
    #expect(try store.provenance(of: SeriesKey(symbol: "X", interval: .oneDay)) == nil)
  }

  @Test func whatIsStoredIsThereAfterOpeningAgain() throws {
    let candles = SampleCandles.make(10)
    try store.upsert(candles, into: .sample, source: "test")
    let again = try CandleStore(path: store.path, mustExist: true)
    #expect(try again.candles(of: .sample).candles == candles)
  }
}
