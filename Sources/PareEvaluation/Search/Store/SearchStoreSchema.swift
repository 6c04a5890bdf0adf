import GRDB

/// The tables of a search: `search` has one row that says what it is made of, `trial` one for each recipe that was tried and, as
/// number 0, for the teacher.
enum SearchStoreSchema {
  /// "PSRC", in the file's header, so that nobody's other database is taken for a search and written into.
  private static let applicationID = 0x5053_5243

  private static let migrator: DatabaseMigrator = {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { db in
      try db.execute(
        sql: """
          CREATE TABLE search (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            text TEXT NOT NULL,
            specification TEXT NOT NULL,
            experiment TEXT NOT NULL,
            data TEXT NOT NULL,
            teacher TEXT NOT NULL,
            costs TEXT NOT NULL,
            kernels TEXT NOT NULL,
            source TEXT NOT NULL,
            uninformed_log_loss REAL NOT NULL,
            planned INTEGER NOT NULL
          ) STRICT;
          CREATE TABLE trial (
            ordinal INTEGER PRIMARY KEY,
            point INTEGER UNIQUE,
            made TEXT NOT NULL,
            recipe TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('done', 'failed')),
            artifact TEXT,
            figures TEXT,
            error TEXT,
            seconds REAL NOT NULL,
            test TEXT,
            CHECK ((state = 'done') = (figures IS NOT NULL) AND (state = 'failed') = (error IS NOT NULL))
          ) STRICT;
          PRAGMA application_id = \(applicationID);
          """)
    }
    return migrator
  }()

  /// Makes the database a current one, once it is known to be whole and a search's.
  ///
  /// - Throws: `.badData` where it is damaged, holds something else, or what a later version wrote.
  static func prepare(_ database: DatabaseQueue, path: String) throws {
    let (isEmpty, isSearch, isLater, health) = try database.read { db in
      (
        try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0,
        try Int.fetchOne(db, sql: "PRAGMA application_id") == applicationID,
        try migrator.hasBeenSuperseded(db), try String.fetchOne(db, sql: "PRAGMA integrity_check(1)")
      )
    }
    guard health == "ok" else {
      throw EvaluationError("search-damaged", subject: path, expected: "a sound database of a search", found: health ?? "nothing")
    }
    guard isEmpty || isSearch else {
      throw EvaluationError("search-store", subject: path, expected: "a database of a search", found: "one of something else")
    }
    guard isEmpty || !isLater else {
      throw EvaluationError(
        "search-version", subject: path, expected: "a search that this version knows", found: "one that a later version wrote")
    }
    try migrator.migrate(database)
  }
}
