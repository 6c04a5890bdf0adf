import GRDB

/// The tables of kept runs: `run` has a row for each, `figure` the numbers of their results by key path, `artifact` their files.
enum RunStoreSchema {
  /// "PRUN".
  private static let applicationID = 0x5052_554E

  private static let migrator: DatabaseMigrator = {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { db in
      // The seed is 64 bits without a sign, which SQLite's integers do not hold.
      try db.execute(
        sql: """
          CREATE TABLE run (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            experiment TEXT NOT NULL,
            started TEXT NOT NULL,
            seconds REAL,
            seed TEXT NOT NULL,
            data_source TEXT NOT NULL,
            data_digest TEXT NOT NULL,
            version TEXT,
            kernels TEXT,
            costs TEXT,
            chosen TEXT,
            reason TEXT NOT NULL,
            folder TEXT NOT NULL,
            configuration TEXT NOT NULL,
            results TEXT NOT NULL
          ) STRICT;
          CREATE INDEX run_experiment ON run (experiment);
          CREATE TABLE figure (
            run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            list TEXT NOT NULL,
            subject TEXT NOT NULL,
            part TEXT NOT NULL,
            name TEXT NOT NULL,
            value REAL NOT NULL,
            PRIMARY KEY (run, list, subject, part, name)
          ) STRICT;
          CREATE TABLE artifact (
            run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            path TEXT NOT NULL,
            bytes INTEGER NOT NULL CHECK (bytes >= 0),
            digest TEXT NOT NULL,
            PRIMARY KEY (run, path)
          ) STRICT;
          PRAGMA application_id = \(applicationID);
          """)
    }
    return migrator
  }()

  static func file(_ path: String) -> DatabaseFile {
    DatabaseFile(path: path, code: "runs", content: "runs", applicationID: applicationID, migrator: migrator)
  }
}
