import Foundation
import GRDB

/// Candles in an SQLite file: sorted and unique by symbol, interval, venue and start.
///
/// Everything that is stored is valid by `Candle.defect(on:)`. Each write is one transaction of a write-ahead log: a
/// process that is killed, or a disk that fills up, leaves what was committed before and nothing of what was not.
/// Several processes may read while one writes.
///
/// Methods throw `MarketError`: `.cannotCreate` where the file cannot be written (permission, disk full, locked for
/// longer than ten seconds), `.badData` where it is damaged or holds something else.
public final class CandleStore: Sendable {
  /// Where the file is.
  public let path: String
  private let database: DatabasePool

  /// Opens the store, and creates it where there is none unless `mustExist`.
  ///
  /// - Throws: `.noInput` where it must exist and does not; `.badData` for a file that is no candle store, or one that
  ///   a later version wrote; `.cannotCreate` where the folder is missing or cannot be written.
  public convenience init(path: String, mustExist: Bool = false) throws {
    try self.init(path: path, mustExist: mustExist, maximumPageCount: nil)
  }

  /// - Parameter maximumPageCount: bound on the size of the file, in pages of 4 KiB; beyond it the disk counts as full.
  package init(path: String, mustExist: Bool = false, maximumPageCount: Int?) throws {
    self.path = path
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
      if isFolder.boolValue {
        throw MarketError(
          "store", subject: path, expected: "a candle store", found: "a folder", category: .cannotCreate)
      }
    } else if mustExist {
      throw MarketError(
        "store", subject: path, expected: "a candle store", found: "no such file", category: .noInput)
    }
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    configuration.prepareDatabase { db in
      if let maximumPageCount { try db.execute(sql: "PRAGMA max_page_count = \(maximumPageCount)") }
    }
    database = try MarketError.inStore(path) {
      let database = try DatabasePool(path: path, configuration: configuration)
      try CandleStoreSchema.prepare(database, path: path)
      return database
    }
  }

  /// What series the store holds, by symbol, interval and venue.
  public func keys() throws -> [SeriesKey] {
    try read { db in
      let rows = try Row.fetchAll(db, sql: "SELECT symbol, interval, venue FROM series ORDER BY symbol, id")
      return try rows.map { row in
        guard let symbol = String.fromDatabaseValue(row[0]), let venue = String.fromDatabaseValue(row[2]),
          let interval = String.fromDatabaseValue(row[1]).flatMap(CandleInterval.init(rawValue:))
        else { throw self.damaged("a series without a valid name") }
        return SeriesKey(symbol: symbol, interval: interval, venue: venue)
      }
    }
  }

  /// The candles of a series whose start lies in `span`, all of them without one. Empty for a series unknown here.
  public func candles(of key: SeriesKey, in span: Range<Int64>? = nil) throws -> CandleSeries {
    var candles: [Candle] = []
    try forEachCandle(of: key, in: span) { candles.append($0) }
    return CandleSeries(key: key, candles: candles)
  }

  /// Puts candles into a series in one transaction, and counts what that changed.
  ///
  /// A start that is stored already takes the new values, except that a known turnover is not forgotten for a row that
  /// otherwise says the same. Doing it again changes nothing. Candles may come in any order.
  ///
  /// - Parameter source: where they come from, for `provenance(of:)`.
  /// - Throws: `.badData` for a candle that is not valid, before anything is written.
  @discardableResult
  public func upsert(_ candles: some Collection<Candle>, into key: SeriesKey, source: String) throws -> UpsertCounts {
    for candle in candles {
      guard let defect = candle.defect(on: key.interval) else { continue }
      throw MarketError(
        "candle", subject: "\(key) at \(candle.start)", expected: defect.expected, found: defect.found)
    }
    return try MarketError.inStore(path) {
      try database.write { db in
        try CandleWriting.upsert(candles, into: key, source: source, db)
      }
    }
  }

  /// Calls `body` with the candles of a series in order, one at a time.
  func forEachCandle(of key: SeriesKey, in span: Range<Int64>?, _ body: (Candle) throws -> Void) throws {
    try read { db in
      var previous = Int64.min
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT start, open, high, low, close, volume, turnover FROM candle
          WHERE series = (SELECT id FROM series WHERE symbol = ? AND interval = ? AND venue = ?)
            AND start >= ? AND start < ?
          ORDER BY start
          """,
        arguments: [
          key.symbol, key.interval.rawValue, key.venue, span?.lowerBound ?? .min, span?.upperBound ?? .max,
        ])
      while let row = try rows.next() {
        guard let candle = Candle(row), candle.defect(on: key.interval) == nil, candle.start > previous else {
          throw self.damaged("a row of \(key) after \(previous) that is no candle")
        }
        previous = candle.start
        try body(candle)
      }
    }
  }

  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try MarketError.inStore(path) { try database.read(body) }
  }

  func damaged(_ what: String) -> MarketError {
    MarketError("store-damaged", subject: path, expected: "a sound candle store", found: what)
  }
}

/// What an upsert did.
public struct UpsertCounts: Sendable, Hashable {
  /// Starts that were not stored before.
  public var inserted = 0
  /// Starts that were stored with other values.
  public var changed = 0
  /// Starts that were stored with the same values.
  public var unchanged = 0

  public init(inserted: Int = 0, changed: Int = 0, unchanged: Int = 0) {
    self.inserted = inserted
    self.changed = changed
    self.unchanged = unchanged
  }

  public static func += (left: inout UpsertCounts, right: UpsertCounts) {
    left.inserted += right.inserted
    left.changed += right.changed
    left.unchanged += right.unchanged
  }
}

extension Candle {
  /// nil for a row with another type in any column. (GRDB's typed subscripts would end the process instead.)
  fileprivate init?(_ row: Row) {
    guard let start = Int64.fromDatabaseValue(row[0]),
      let open = Double.fromDatabaseValue(row[1]), let high = Double.fromDatabaseValue(row[2]),
      let low = Double.fromDatabaseValue(row[3]), let close = Double.fromDatabaseValue(row[4]),
      let volume = Double.fromDatabaseValue(row[5])
    else { return nil }
    let turnover: DatabaseValue = row[6]
    guard turnover.isNull || Double.fromDatabaseValue(turnover) != nil else { return nil }
    self.init(
      start: start, open: open, high: high, low: low, close: close, volume: volume,
      turnover: Double.fromDatabaseValue(turnover))
  }
}
