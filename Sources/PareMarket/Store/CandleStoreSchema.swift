import GRDB

/// The tables of a candle store, and how an older store becomes a current one.
///
/// `series` names a series; `candle` holds its rows under the key (series, start), which is also the order on disk;
/// `source` says what delivered them. Migrations are appended and never edited.
enum CandleStoreSchema {
  /// "PARE", in the file's header, so that nobody's other database is taken for a store and written into.
  private static let applicationID = 0x5041_5245

  private static let migrator: DatabaseMigrator = {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { db in
      try db.execute(
        sql: """
          CREATE TABLE series (
            id INTEGER PRIMARY KEY,
            symbol TEXT NOT NULL,
            interval TEXT NOT NULL,
            venue TEXT NOT NULL,
            UNIQUE (symbol, interval, venue)
          ) STRICT;
          CREATE TABLE candle (
            series INTEGER NOT NULL REFERENCES series (id),
            start INTEGER NOT NULL,
            open REAL NOT NULL,
            high REAL NOT NULL,
            low REAL NOT NULL,
            close REAL NOT NULL,
            volume REAL NOT NULL,
            turnover REAL,
            PRIMARY KEY (series, start)
          ) STRICT, WITHOUT ROWID;
          CREATE TABLE source (
            series INTEGER NOT NULL REFERENCES series (id),
            name TEXT NOT NULL,
            first INTEGER NOT NULL,
            last INTEGER NOT NULL,
            rows INTEGER NOT NULL,
            PRIMARY KEY (series, name)
          ) STRICT, WITHOUT ROWID;
          PRAGMA application_id = \(applicationID);
          """)
    }
    return migrator
  }()

  /// Makes the database a current candle store.
  ///
  /// - Throws: `.badData` where it holds something else, or what a later version wrote.
  static func prepare(_ database: DatabasePool, path: String) throws {
    let (isEmpty, isStore, isLater) = try database.read { db in
      (
        try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0,
        try Int.fetchOne(db, sql: "PRAGMA application_id") == applicationID,
        try migrator.hasBeenSuperseded(db)
      )
    }
    guard isEmpty || isStore else {
      throw MarketError("store", subject: path, expected: "a candle store", found: "a database of something else")
    }
    guard isEmpty || !isLater else {
      throw MarketError(
        "store-version", subject: path, expected: "a candle store that this version knows",
        found: "one that a later version wrote")
    }
    try migrator.migrate(database)
  }
}

/// The statements that put candles into a store.
enum CandleWriting {
  static func upsert(
    _ candles: some Collection<Candle>, into key: SeriesKey, source: String, _ db: Database
  ) throws -> UpsertCounts {
    guard let first = candles.lazy.map(\.start).min(), let last = candles.lazy.map(\.start).max() else {
      return UpsertCounts()
    }
    let name: StatementArguments = [key.symbol, key.interval.rawValue, key.venue]
    try db.execute(
      sql: "INSERT INTO series (symbol, interval, venue) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", arguments: name)
    let series = try Int64.fetchOne(
      db, sql: "SELECT id FROM series WHERE symbol = ? AND interval = ? AND venue = ?", arguments: name)

    func stored() throws -> Int {
      try Int.fetchOne(
        db, sql: "SELECT count(*) FROM candle WHERE series = ? AND start BETWEEN ? AND ?",
        arguments: [series, first, last]) ?? 0
    }
    let before = try stored()
    let written = try write(candles, series: series, db)
    let inserted = try stored() - before
    if written > 0 {
      try db.execute(
        sql: """
          INSERT INTO source (series, name, first, last, rows) VALUES (?, ?, ?, ?, ?)
          ON CONFLICT DO UPDATE SET
            first = min(first, excluded.first), last = max(last, excluded.last), rows = rows + excluded.rows
          """,
        arguments: [series, source, first, last, written])
    }
    return UpsertCounts(inserted: inserted, changed: written - inserted, unchanged: candles.count - written)
  }

  /// Inserts or updates, and returns how many rows are not as before.
  private static func write(_ candles: some Collection<Candle>, series: Int64?, _ db: Database) throws -> Int {
    let statement = try db.cachedStatement(
      sql: """
        INSERT INTO candle (series, start, open, high, low, close, volume, turnover) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET
          open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
          volume = excluded.volume, turnover = excluded.turnover
        WHERE open <> excluded.open OR high <> excluded.high OR low <> excluded.low OR close <> excluded.close
          OR volume <> excluded.volume
          OR (excluded.turnover IS NOT NULL AND turnover IS NOT excluded.turnover)
        """)
    var written = 0
    for candle in candles {
      try statement.execute(arguments: [
        series, candle.start, candle.open, candle.high, candle.low, candle.close, candle.volume, candle.turnover,
      ])
      written += db.changesCount
    }
    return written
  }
}
