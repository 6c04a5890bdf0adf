import GRDB

/// The tables of a search: `search` has one row that says what it is made of, `trial` one for each recipe that was tried and, as
/// number 0, for the teacher.
enum SearchStoreSchema {
  /// "PSRC".
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

  static func file(_ path: String) -> DatabaseFile {
    DatabaseFile(path: path, code: "search", content: "a search", applicationID: applicationID, migrator: migrator)
  }
}
