import Foundation
import GRDB

/// A search in an SQLite file: what it is made of, and every trial that ended.
///
/// Each write is one transaction of a write-ahead log that is on the disk before the next trial counts: a process that is killed at any
/// moment leaves every trial that was stored, and nothing of those under way.
///
/// Methods throw `EvaluationError`: `.badData` where the file is damaged or holds something else, `.cannotCreate` where it cannot be
/// written.
package struct SearchStore: Sendable {
  package let path: String
  private let database: DatabaseQueue

  /// Opens the database, and creates it where there is none unless `mustExist`.
  package init(path: String, mustExist: Bool = false) throws {
    self.path = path
    guard !mustExist || FileManager.default.fileExists(atPath: path) else {
      throw EvaluationError(
        "search-store", subject: path, expected: "the database of a search", found: "no such file", category: .noInput)
    }
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    configuration.journalMode = .wal
    database = try EvaluationError.inSearch(path) {
      let database = try DatabaseQueue(path: path, configuration: configuration)
      // A trial may have taken minutes: it is on the disk once it is stored, whatever becomes of the machine.
      try database.inDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
      try SearchStoreSchema.prepare(database, path: path)
      return database
    }
  }

  /// What the search is made of; nil where none began.
  package func search() throws -> StoredSearch? {
    try read { db in
      let columns = "specification, experiment, data, teacher, costs, kernels, text, source, uninformed_log_loss, planned"
      guard let row = try Row.fetchOne(db, sql: "SELECT \(columns) FROM search") else { return nil }
      let texts = (0..<8).compactMap { String.fromDatabaseValue(row[$0]) }
      guard texts.count == 8, let loss = Double.fromDatabaseValue(row[8]), let planned = Int.fromDatabaseValue(row[9]) else {
        throw damaged("a search without its parts")
      }
      return StoredSearch(
        identity: SearchIdentity(
          specification: texts[0], experiment: texts[1], data: texts[2], teacher: texts[3], costs: texts[4], kernels: texts[5]),
        text: texts[6], source: texts[7], uninformedLogLoss: loss, planned: planned)
    }
  }

  /// Says what the search is made of; of one that goes on, its text and its length may be others.
  package func begin(_ search: StoredSearch) throws {
    let identity = search.identity
    try write { db in
      try db.execute(
        sql: """
          INSERT INTO search (id, specification, experiment, data, teacher, costs, kernels, text, source, uninformed_log_loss, planned)
          VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          ON CONFLICT DO UPDATE SET text = excluded.text, planned = excluded.planned
          """,
        arguments: [
          identity.specification, identity.experiment, identity.data, identity.teacher, identity.costs, identity.kernels, search.text,
          search.source, search.uninformedLogLoss, search.planned,
        ])
    }
  }

  /// Every trial that ended, by number.
  package func trials() throws -> [SearchTrial] {
    try read { db in
      let columns = "ordinal, point, made, recipe, artifact, figures, error, seconds, test"
      return try Row.fetchAll(db, sql: "SELECT \(columns) FROM trial ORDER BY ordinal").map { row in
        guard let ordinal = Int.fromDatabaseValue(row[0]), let made = String.fromDatabaseValue(row[2]),
          let recipe = String.fromDatabaseValue(row[3]), let seconds = Double.fromDatabaseValue(row[7])
        else { throw damaged("a trial without its parts") }
        return SearchTrial(
          ordinal: ordinal, point: Int.fromDatabaseValue(row[1]), made: made, recipe: recipe,
          artifact: String.fromDatabaseValue(row[4]), figures: try value(row[5], of: ordinal),
          error: String.fromDatabaseValue(row[6]), seconds: seconds, test: try value(row[8], of: ordinal))
      }
    }
  }

  package func record(_ trial: SearchTrial) throws {
    let figures = try trial.figures.map(Self.text)
    try write { db in
      try db.execute(
        sql: """
          INSERT INTO trial (ordinal, point, made, recipe, state, artifact, figures, error, seconds) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          trial.ordinal, trial.point, trial.made, trial.recipe, trial.error == nil ? "done" : "failed", trial.artifact, figures,
          trial.error, trial.seconds,
        ])
    }
  }

  /// Keeps what the test part says of trials, by number.
  package func report(_ tests: [Int: Measures]) throws {
    let texts = try tests.mapValues(Self.text)
    try write { db in
      for (ordinal, text) in texts { try db.execute(sql: "UPDATE trial SET test = ? WHERE ordinal = ?", arguments: [text, ordinal]) }
    }
  }

  /// JSON as in `search.json`; numbers read back the same.
  private static func text(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  private func value<Value: Decodable>(_ stored: DatabaseValue, of ordinal: Int) throws -> Value? {
    guard let text = String.fromDatabaseValue(stored) else { return nil }
    do {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(Value.self, from: Data(text.utf8))
    } catch {
      throw damaged("figures of trial \(ordinal) that cannot be read")
    }
  }

  private func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try EvaluationError.inSearch(path) { try database.read(body) }
  }

  private func write(_ body: (Database) throws -> Void) throws {
    try EvaluationError.inSearch(path) { try database.write(body) }
  }

  private func damaged(_ what: String) -> EvaluationError {
    EvaluationError("search-damaged", subject: path, expected: "a sound database of a search", found: what)
  }
}

extension EvaluationError {
  /// Runs `body`, and turns what SQLite reports into an error that names the file and what can be done.
  fileprivate static func inSearch<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as DatabaseError {
      throw EvaluationError(database: error, path: path)
    }
  }

  private init(database error: DatabaseError, path: String) {
    let message = error.message ?? "SQLite code \(error.extendedResultCode.rawValue)"
    switch error.resultCode {
    case .SQLITE_FULL:
      self.init(
        "disk-full", subject: path, expected: "room on the disk", found: "none left; what was stored before is whole",
        category: .cannotCreate)
    case .SQLITE_NOTADB, .SQLITE_CORRUPT, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_FORMAT, .SQLITE_ERROR:
      self.init("search-damaged", subject: path, expected: "a sound database of a search", found: message)
    default:
      self.init(
        "search-unwritable", subject: path, expected: "a database that can be written, in a folder that can", found: message,
        category: .cannotCreate)
    }
  }
}
