import Foundation
import GRDB

/// An SQLite file of one kind: how it is opened, what it must be, and how what SQLite reports is said.
///
/// Each write is one transaction of a write-ahead log that is on the disk when it returns. A process waits for another's for ten
/// seconds. Errors are `EvaluationError`s: `.badData` where the file is damaged or holds something else, `.cannotCreate` where it
/// cannot be written.
struct DatabaseFile: Sendable {
  let path: String
  /// Begins the codes of errors: `search`.
  let code: String
  /// What it holds, in words: `a search`.
  let content: String
  /// In the file's header, so that nobody's other database is taken for this kind and written into.
  let applicationID: Int
  let migrator: DatabaseMigrator

  /// Opens the file as a current one, and creates it where there is none unless `mustExist`. A file that is damaged or holds something
  /// else stays as it is, to the byte.
  func open(mustExist: Bool) throws -> DatabaseQueue {
    let exists = FileManager.default.fileExists(atPath: path)
    guard !mustExist || exists else {
      throw EvaluationError(
        "\(code)-store", subject: path, expected: "the database of \(content)", found: "no such file", category: .noInput)
    }
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    // Two that begin at once would both make the tables, and SQLite does not wait where a journal changes its kind.
    return try FolderTurn.take(in: (path as NSString).deletingLastPathComponent) {
      try run {
        if exists { try check(DatabaseQueue(path: path, configuration: configuration)) }
        // Only now: setting up a write-ahead log writes.
        configuration.journalMode = .wal
        let database = try DatabaseQueue(path: path, configuration: configuration)
        // What is stored may have taken minutes: it is on the disk then, whatever becomes of the machine.
        try database.inDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        try migrator.migrate(database)
        return database
      }
    }
  }

  /// Sees to it that the database is whole, of this kind, and not of a later version; then closes it.
  private func check(_ database: DatabaseQueue) throws {
    let (isEmpty, isOwn, isLater, health) = try database.read { db in
      (
        // A process that was killed may have left the list of migrations alone.
        try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema WHERE tbl_name <> 'grdb_migrations'") == 0,
        try Int.fetchOne(db, sql: "PRAGMA application_id") == applicationID,
        try migrator.hasBeenSuperseded(db), try String.fetchOne(db, sql: "PRAGMA integrity_check(1)")
      )
    }
    guard health == "ok" else { throw damaged(health ?? "nothing") }
    guard isEmpty || isOwn else {
      throw EvaluationError("\(code)-store", subject: path, expected: "a database of \(content)", found: "one of something else")
    }
    guard isEmpty || !isLater else {
      throw EvaluationError(
        "\(code)-version", subject: path, expected: "\(content) that this version knows", found: "one that a later version wrote")
    }
    try database.close()
  }

  func damaged(_ found: String) -> EvaluationError {
    EvaluationError("\(code)-damaged", subject: path, expected: "a sound database of \(content)", found: found)
  }

  /// Runs `body`, and turns what SQLite reports into an error that names the file and what can be done.
  func run<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as DatabaseError {
      throw self.error(error)
    }
  }

  private func error(_ error: DatabaseError) -> EvaluationError {
    let message = error.message ?? "SQLite code \(error.extendedResultCode.rawValue)"
    return switch error.resultCode {
    case .SQLITE_FULL:
      EvaluationError(
        "disk-full", subject: path, expected: "room on the disk", found: "none left; what was stored before is whole",
        category: .cannotCreate)
    case .SQLITE_NOTADB, .SQLITE_CORRUPT, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_FORMAT, .SQLITE_ERROR: damaged(message)
    default:
      EvaluationError(
        "\(code)-unwritable", subject: path, expected: "a database that can be written, in a folder that can", found: message,
        category: .cannotCreate)
    }
  }
}
