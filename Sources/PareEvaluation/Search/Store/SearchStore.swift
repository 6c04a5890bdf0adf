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
  package var path: String { file.path }
  private let file: DatabaseFile
  private let database: DatabaseQueue

  /// Opens the database, and creates it where there is none unless `mustExist`.
  package init(path: String, mustExist: Bool = false) throws {
    file = SearchStoreSchema.file(path)
    database = try file.open(mustExist: mustExist)
  }

  /// What the search is made of; nil where none began.
  package func search() throws -> StoredSearch? {
    try read { db in
      let columns = "specification, experiment, data, teacher, costs, kernels, text, source, uninformed_log_loss, planned"
      guard let row = try Row.fetchOne(db, sql: "SELECT \(columns) FROM search") else { return nil }
      let texts = (0..<8).compactMap { String.fromDatabaseValue(row[$0]) }
      guard texts.count == 8, let loss = Double.fromDatabaseValue(row[8]), let planned = Int.fromDatabaseValue(row[9]) else {
        throw file.damaged("a search without its parts")
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
        else { throw file.damaged("a trial without its parts") }
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
      throw file.damaged("figures of trial \(ordinal) that cannot be read")
    }
  }

  private func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try file.run { try database.read(body) }
  }

  private func write(_ body: (Database) throws -> Void) throws {
    try file.run { try database.write(body) }
  }
}
