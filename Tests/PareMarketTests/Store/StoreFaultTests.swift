import Foundation
import GRDB
import PareMarket
import Testing

@Suite struct StoreFaultTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func openingError(_ path: String, mustExist: Bool = false) throws -> MarketError {
    let error = try marketError { _ = try CandleStore(path: path, mustExist: mustExist) }
    #expect(error.subject == path)
    return error
  }

  @Test func aPlaceThatCannotBeWrittenIsNamed() throws {
    #expect(try openingError(folder.path("missing/candles.sqlite")).category == .cannotCreate)
    #expect(try openingError(folder.url.path).category == .cannotCreate)
    #expect(try openingError("/proc/candles.sqlite").category == .cannotCreate)
  }

  @Test func aStoreThatMustExistIsNotCreated() throws {
    #expect(try openingError(folder.path("candles.sqlite"), mustExist: true).category == .noInput)
    #expect(folder.names.isEmpty)
  }

  @Test func aFileOfSomethingElseIsRefusedAndLeftAsItWas() throws {
    let text = String(repeating: "start_ms,open,high,low,close,volume\n", count: 100)
    let path = try folder.file("candles.csv", text)
    #expect(try openingError(path).category == .badData)
    #expect(try folder.bytes("candles.csv") == Array(text.utf8))
  }

  @Test func anotherDatabaseIsRefusedAndLeftAsItWas() throws {
    let path = folder.path("other.sqlite")
    try DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE note (text TEXT)") }
    #expect(try openingError(path).description.contains("a database of something else"))
    let tables = try DatabaseQueue(path: path).read {
      try String.fetchAll($0, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
    }
    #expect(tables == ["note"])
  }

  @Test func aStoreOfALaterVersionIsRefused() throws {
    let path = folder.path("later.sqlite")
    _ = try CandleStore(path: path)
    try DatabaseQueue(path: path).write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('9')") }
    #expect(try openingError(path).code == "market.store-version")
  }

  @Test func aFullDiskIsOneClearLineAndWhatWasStoredStaysWhole() throws {
    let path = folder.path("candles.sqlite")
    let file = folder.path("candles.csv")
    let candles = SampleCandles.make(20_000)
    try CandleCSV.write(CandleSeries(key: .sample, candles: candles), to: file)
    var stored = 0
    do {
      let store = try CandleStore(path: path, maximumPageCount: 100)
      let error = try marketError {
        _ = try store.importCSV(path: file, symbol: "BTCUSDT", venue: "bybit/linear", batch: 1_000) { done, _ in
          stored = done
        }
      }
      #expect(error.code == "market.disk-full" && error.category == .cannotCreate)
      #expect(stored > 0 && stored < 20_000)
      #expect(try store.candles(of: .sample).candles == Array(candles[..<stored]))
    }
    let again = try CandleStore(path: path)
    #expect(try again.candles(of: .sample).candles == Array(candles[..<stored]))
    let rest = try again.importCSV(path: file, symbol: "BTCUSDT", venue: "bybit/linear")
    #expect(rest.counts == UpsertCounts(inserted: 20_000 - stored, unchanged: stored))
  }

  @Test func aDamagedStoreIsAnErrorAtEveryPage() throws {
    let path = folder.path("candles.sqlite")
    let candles = SampleCandles.make(2_000)
    do {
      let store = try CandleStore(path: path)
      try store.upsert(candles, into: .sample, source: "test")
    }
    try DatabaseQueue(path: path).writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
    let whole = try folder.bytes("candles.sqlite")
    for page in 0..<(whole.count / 4_096) {
      var bytes = whole
      for index in (page * 4_096)..<((page + 1) * 4_096) { bytes[index] = UInt8(truncatingIfNeeded: index &* 31) }
      let name = "damaged-\(page).sqlite"
      let damaged = try folder.file(name, bytes)
      do {
        let read = try CandleStore(path: damaged).candles(of: .sample).candles
        #expect(read == candles || read.isEmpty, "page \(page)")
      } catch let error as MarketError {
        #expect(error.category == .badData, "\(error)")
      }
    }
  }

  @Test func rowsOfAnotherShapeAreAnErrorAndNoCrash() throws {
    let changes = [
      "UPDATE candle SET high = 0.5 WHERE start = (SELECT max(start) FROM candle)",
      "UPDATE candle SET start = start + 1 WHERE start = (SELECT max(start) FROM candle)",
      "UPDATE series SET interval = '7'",
      "DROP TABLE candle",
      "DROP TABLE candle; CREATE TABLE candle (series, start, open, high, low, close, volume, turnover); "
        + "INSERT INTO candle VALUES (1, 1704067200000, 'x', 'y', 'z', NULL, x'00', 'w')",
    ]
    for (index, change) in changes.enumerated() {
      let path = folder.path("shape-\(index).sqlite")
      do {
        let store = try CandleStore(path: path)
        try store.upsert(SampleCandles.make(10), into: .sample, source: "test")
      }
      try DatabaseQueue(path: path).write { try $0.execute(sql: change) }
      let store = try CandleStore(path: path)
      let error = try marketError {
        _ = try store.keys()
        _ = try store.coverage(of: .sample)
        _ = try store.candles(of: .sample)
      }
      #expect(error.category == .badData, "\(change)")
    }
  }
}
