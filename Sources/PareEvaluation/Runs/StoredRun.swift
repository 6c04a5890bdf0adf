import Foundation
import GRDB

/// A row of the table `run`, and what belongs to it.
struct StoredRun {
  private let id: Int
  private let known: RunHead
  private let configuration: String
  private let file: DatabaseFile

  /// - Parameter sql: what follows the table's name.
  static func fetch(_ db: Database, sql: String, arguments: StatementArguments, file: DatabaseFile) throws -> [StoredRun] {
    let columns =
      "id, experiment, started, seconds, seed, data_source, data_digest, version, kernels, costs, chosen, reason, folder, configuration"
    return try Row.fetchAll(db, sql: "SELECT \(columns) FROM run \(sql)", arguments: arguments).map { try StoredRun($0, file) }
  }

  private init(_ row: Row, _ file: DatabaseFile) throws {
    func text(_ index: Int) throws -> String {
      guard let text = String.fromDatabaseValue(row[index]) else { throw file.damaged("a run without its parts") }
      return text
    }
    func optional(_ index: Int) -> String? { String.fromDatabaseValue(row[index]) }
    guard let id = Int.fromDatabaseValue(row[0]), let seed = UInt64(try text(4)) else { throw file.damaged("a run without its parts") }
    let beside = (file.path as NSString).deletingLastPathComponent
    let folder = try text(12)
    known = RunHead(
      id: id, experiment: try text(1), started: try text(2), seconds: Double.fromDatabaseValue(row[3]), seed: seed,
      dataSource: try text(5), dataDigest: try text(6), version: optional(7), kernels: optional(8), costs: optional(9),
      chosen: optional(10), reason: try text(11), folder: beside.isEmpty ? folder : (beside as NSString).appendingPathComponent(folder),
      chosenFigures: [:])
    configuration = try text(13)
    (self.id, self.file) = (id, file)
  }

  /// With the figures of the chosen candidate.
  func head(_ db: Database) throws -> RunHead {
    guard let chosen = known.chosen else { return known }
    let figures = try figures(db, sql: "AND subject = ?", [chosen])
    return RunRecord(known, configuration: "", figures: figures, artifacts: []).run
  }

  func record(_ db: Database) throws -> RunRecord {
    let artifacts = try Row.fetchAll(db, sql: "SELECT path, bytes, digest FROM artifact WHERE run = ? ORDER BY rowid", arguments: [id])
      .map { row in
        guard let path = String.fromDatabaseValue(row[0]), let bytes = Int.fromDatabaseValue(row[1]),
          let digest = String.fromDatabaseValue(row[2])
        else { throw file.damaged("a file of run \(id) without its parts") }
        return RunArtifact(path: path, bytes: bytes, digest: digest)
      }
    return RunRecord(known, configuration: configuration, figures: try figures(db, sql: "", []), artifacts: artifacts)
  }

  private func figures(_ db: Database, sql: String, _ arguments: StatementArguments) throws -> [RunFigure] {
    try Row.fetchAll(
      db, sql: "SELECT list, subject, part, name, value FROM figure WHERE run = ? \(sql) ORDER BY rowid", arguments: [id] + arguments
    ).map { row in
      let texts = (0..<4).compactMap { String.fromDatabaseValue(row[$0]) }
      guard texts.count == 4, let value = Double.fromDatabaseValue(row[4]) else {
        throw file.damaged("a figure of run \(id) without its parts")
      }
      return RunFigure(list: texts[0], subject: texts[1], part: texts[2], name: texts[3], value: value)
    }
  }
}
