import Foundation
import GRDB

/// Runs in an SQLite file: what each was made of, what came of it, and the files that it wrote.
///
/// It stands beside the folders of the runs, as `runs/runs.sqlite` for `runs/btc`, and names them by what they are called there, so
/// that all of it can be moved. Several processes may keep runs at once. A run is kept once its results are written, so that a store
/// that fails loses none: ``add(_:)`` keeps it later.
///
/// Methods throw `EvaluationError`: `.noInput` where there is no such run, `.badData` where the file is damaged or holds something
/// else, `.cannotCreate` where it cannot be written.
public struct RunStore: Sendable {
  /// The store's name in the folder of runs.
  public static let file = "runs.sqlite"

  public var path: String { file.path }
  private let file: DatabaseFile
  private let database: DatabaseQueue

  /// Opens the store, and creates it where there is none unless `mustExist`.
  public init(path: String, mustExist: Bool = false) throws {
    file = RunStoreSchema.file(path)
    database = try file.open(mustExist: mustExist)
  }

  /// The store of a folder of runs, which must be there.
  public init(in folder: String) throws {
    try self.init(path: folder.hasSuffix("/") ? folder + Self.file : folder + "/" + Self.file, mustExist: true)
  }

  // MARK: keeping

  /// Keeps a finished run in the store beside its folder.
  ///
  /// - Parameters:
  ///   - directory: the run's folder, with everything written.
  ///   - start: when it began.
  /// - Returns: the run with its number, and the store's path.
  public static func record(_ results: Results, directory: String, since start: RunStart) throws -> (run: RunHead, store: String) {
    let store = try RunStore(path: RunPlace(directory).store)
    let text = try results.json() + "\n"
    let found = try RunResults(text, source: directory + "/" + RunResults.file, directory: directory)
    let record = found.record(started: start.date, seconds: start.seconds, version: PareVersion.current, files: true)
    return (try store.keep(record, text: text), store.path)
  }

  /// Keeps the run that a folder holds; one that is kept already, with the same results, is not kept twice.
  ///
  /// - Returns: the run with its number, the store's path, and whether it is new there.
  /// - Throws: also `.noInput` where the folder has no `results.json`, `.badData` where that is no such thing.
  public static func add(_ directory: String) throws -> (run: RunHead, store: String, isNew: Bool) {
    let found = try RunResults(in: directory)
    let place = RunPlace(directory)
    let store = try RunStore(path: place.store)
    let known = try store.read { db in
      try Int.fetchOne(
        db, sql: "SELECT max(id) FROM run WHERE folder = ? AND results = ?", arguments: [place.name, found.text])
    }
    if let known { return (try store.run(known).run, store.path, false) }
    let record = found.record(started: RunPlace.written(directory), seconds: nil, version: nil, files: true)
    return (try store.keep(record, text: found.text), store.path, true)
  }

  private func keep(_ record: RunRecord, text: String) throws -> RunHead {
    let head = record.run
    let id = try file.run {
      try database.write { db in
        try db.execute(
          sql: """
            INSERT INTO run (experiment, started, seconds, seed, data_source, data_digest, version, kernels, costs, chosen, reason,
              folder, configuration, results)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
          arguments: [
            head.experiment, head.started, head.seconds, String(head.seed), head.dataSource, head.dataDigest, head.version,
            head.kernels, head.costs, head.chosen, head.reason, RunPlace(head.folder).name, record.configuration, text,
          ])
        let id = db.lastInsertedRowID
        // Two of one name in one list would be one subject: the first counts.
        for figure in record.figures {
          try db.execute(
            sql: "INSERT OR IGNORE INTO figure (run, list, subject, part, name, value) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [id, figure.list, figure.subject, figure.part, figure.name, figure.value])
        }
        for artifact in record.artifacts {
          try db.execute(
            sql: "INSERT OR IGNORE INTO artifact (run, path, bytes, digest) VALUES (?, ?, ?, ?)",
            arguments: [id, artifact.path, artifact.bytes, artifact.digest])
        }
        return Int(id)
      }
    }
    return try run(id).run
  }

  // MARK: reading

  /// What was kept, the newest first.
  ///
  /// - Parameters:
  ///   - experiment: the name of the only experiment whose runs are meant.
  ///   - limit: how many at most.
  public func runs(of experiment: String? = nil, limit: Int? = nil) throws -> [RunHead] {
    try read { db in
      try StoredRun.fetch(
        db, sql: "WHERE ?1 IS NULL OR experiment = ?1 ORDER BY id DESC LIMIT ?2", arguments: [experiment, limit ?? -1], file: file
      ).map { try $0.head(db) }
    }
  }

  /// All that was kept of a run but the text of its results.
  ///
  /// - Throws: `.noInput` where there is none of that number, saying which there are.
  public func run(_ id: Int) throws -> RunRecord {
    try read { db in
      guard let stored = try StoredRun.fetch(db, sql: "WHERE id = ?", arguments: [id], file: file).first else {
        throw try missing(id, db)
      }
      return try stored.record(db)
    }
  }

  /// The `results.json` of a run, as it was written.
  public func results(of id: Int) throws -> String {
    try read { db in
      guard let text = try String.fetchOne(db, sql: "SELECT results FROM run WHERE id = ?", arguments: [id]) else {
        throw try missing(id, db)
      }
      return text
    }
  }

  private func missing(_ id: Int, _ db: Database) throws -> EvaluationError {
    let last = try Int.fetchOne(db, sql: "SELECT max(id) FROM run")
    return EvaluationError(
      "no-run", subject: path, expected: "a run \(id)", found: last.map { "none; the last one is \($0)" } ?? "no runs yet",
      category: .noInput)
  }

  private func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try file.run { try database.read(body) }
  }
}
