import Foundation
import GRDB
import PareEvaluation
import PareTensor
import Testing

@Suite struct RunStoreTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  private var store: String { folder.file("runs.sqlite") }

  /// The error of opening a store, as a person reads it.
  private func message(_ name: String, mustExist: Bool = false, category: ErrorCategory) -> String {
    do {
      _ = try RunStore(path: folder.file(name), mustExist: mustExist)
      return "no error"
    } catch {
      #expect((error as? any PareError)?.category == category, "\(error)")
      return "\(error)".replacing(folder.file(name), with: "FILE")
    }
  }

  @Test func whatIsKeptReadsBackTheSame() throws {
    let results = Small.results(
      seed: .max, candidates: [Small.candidate("a", netReturn: 0.1 + 0.2, sharpe: nil, logLoss: 1.0 / 3), Small.candidate("b")],
      configuration: "name: ä\nseed: 1\n")
    let directory = try folder.run("one", results)
    _ = try folder.write("model", to: "one/artifacts/a.pare")
    let start = RunStart()
    let kept = try RunStore.record(results, directory: directory + "/", since: start)
    #expect(kept.store == store && kept.run.id == 1 && kept.run.seed == .max)
    let reopened = try RunStore(in: folder.path)
    let record = try reopened.run(1)
    #expect(try record.run == kept.run && reopened.runs() == [kept.run])
    #expect(try record.configuration == "name: ä\nseed: 1\n" && reopened.results(of: 1) == results.json() + "\n")
    #expect(record.run.chosen == "a" && record.run.reason == "None." && record.run.folder == folder.file("one"))
    #expect(record.run.version == PareVersion.current && (record.run.seconds ?? -1) >= 0)
    #expect(record.run.chosenFigures["validation.net_return"] == 0.1 + 0.2 && record.run.chosenFigures["validation.sharpe"] == nil)
    #expect(record.run.chosenFigures["validation.log_loss"] == 1.0 / 3 && record.run.chosenFigures["latency_ns.p99"] == 100)
    #expect(record.artifacts.map(\.path) == ["results.json", "artifacts/a.pare"])
    var fingerprint = Fingerprint()
    fingerprint.add("model")
    #expect(record.artifacts[1] == RunArtifact(path: "artifacts/a.pare", bytes: 5, digest: "fnv1a64:" + fingerprint.digits))
    #expect(record.artifacts[1].state(in: directory) == .asWritten)
    _ = try folder.write("other", to: "one/artifacts/a.pare")
    #expect(record.artifacts[1].state(in: directory) == .changed && record.artifacts[1].state(in: folder.path) == .missing)
  }

  @Test func aFolderIsAddedOnceUntilItHoldsOtherResults() throws {
    let directory = try folder.run("one", Small.results())
    let first = try RunStore.add(directory)
    #expect(first.isNew && first.run.id == 1 && first.run.seconds == nil && first.run.version == nil)
    let second = try RunStore.add(directory)
    #expect(!second.isNew && second.run == first.run)
    try folder.run("one", Small.results(seed: 2))
    #expect(try RunStore.add(directory).run.id == 2)
    #expect(try RunStore(path: store).runs(limit: 1).map(\.seed) == [2])
    #expect(try RunStore(path: store).runs(of: "other").isEmpty && RunStore(path: store).runs(of: "bare").count == 2)
  }

  @Test func artifactsThatLeadOutOfTheFolderAreNotLookedAt() throws {
    _ = try folder.write("secret", to: "secret.pare")
    var candidate = Small.candidate("a")
    candidate.artifact = "../secret.pare"
    let record = try RunRecord.read(from: try folder.run("one", Small.results(candidates: [candidate])))
    #expect(record.artifacts.map(\.path) == ["results.json"])
  }

  @Test func writersAtOnceMakeOneStoreAndKeepAll() async throws {
    let names = try (0..<12).map { try folder.run("r\($0)", Small.results(seed: UInt64($0), candidates: [Small.candidate("a")])) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for name in names { group.addTask { _ = try RunStore.add(name) } }
      try await group.waitForAll()
    }
    let runs = try RunStore(path: store, mustExist: true).runs()
    #expect(runs.compactMap(\.id) == Array((1...12).reversed()) && Set(runs.map(\.seed)) == Set(0..<12))
    for run in runs { #expect(run.chosenFigures["bytes"] == 100) }
  }

  @Test func aDamagedStoreIsOneLineAndTheRunStands() throws {
    for index in 0..<40 {
      try folder.run("r", Small.results(seed: UInt64(index), candidates: [Small.candidate("a"), Small.candidate("b")]))
      _ = try RunStore.add(folder.file("r"))
    }
    try folder.database("runs.sqlite").inDatabase { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
    let bytes = try Data(contentsOf: URL(fileURLWithPath: store))
    #expect(bytes.count > 100_000)
    for (name, damage) in [("half", bytes.prefix(bytes.count / 2)), ("text", Data("not a database at all, but words".utf8))] {
      try damage.write(to: URL(fileURLWithPath: folder.file(name)))
      #expect(message(name, category: .badData).hasPrefix("FILE: expected a sound database of runs, found "))
    }
    var torn = bytes
    for index in 8192..<60_000 { torn[index] = 0xA5 }
    let results = Small.results(seed: 99)
    let directory = try folder.run("beside/last", results)
    let damaged = URL(fileURLWithPath: folder.file("beside/runs.sqlite"))
    try torn.write(to: damaged)
    #expect { try RunStore.record(results, directory: directory, since: RunStart()) } throws: {
      ($0 as? any PareError)?.category == .badData
    }
    #expect(try RunRecord.read(from: directory).run.seed == 99)
    #expect(try Data(contentsOf: damaged) == torn, "left as it was")
  }

  @Test func anotherDatabaseIsLeftAlone() throws {
    try folder.database("other").inDatabase { try $0.execute(sql: "CREATE TABLE notes (text TEXT)") }
    let before = try Data(contentsOf: URL(fileURLWithPath: folder.file("other")))
    #expect(message("other", category: .badData) == "FILE: expected a database of runs, found one of something else")
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("other"))) == before)
    _ = try Small.store(in: folder, "search")
    #expect(message("search", category: .badData) == "FILE: expected a database of runs, found one of something else")
    #expect(message("none", mustExist: true, category: .noInput) == "FILE: expected the database of runs, found no such file")
    #expect(!FileManager.default.fileExists(atPath: folder.file("none")))
    #expect(message("no/such/folder", category: .cannotCreate).hasPrefix("FILE: expected a database that can be written"))
    _ = try RunStore(path: folder.file("later"))
    try folder.database("later").inDatabase { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('2')") }
    #expect(message("later", category: .badData) == "FILE: expected runs that this version knows, found one that a later version wrote")
  }

  @Test func aStoreThatWasNeverFinishedIsFinished() throws {
    try folder.database("runs.sqlite").inDatabase { db in
      try db.execute(sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
    }
    #expect(try RunStore(path: store).runs().isEmpty)
  }

  @Test func aRowThatLacksItsPartsIsNamed() throws {
    _ = try RunStore.add(try folder.run("one", Small.results(candidates: [Small.candidate("a")])))
    try folder.database("runs.sqlite").inDatabase { try $0.execute(sql: "UPDATE run SET seed = 'many'") }
    #expect { try RunStore(path: store).runs() } throws: { "\($0)".hasSuffix("found a run without its parts") }
  }

  @Test(arguments: [
    ("runs/btc", "runs/runs.sqlite", "btc"), ("runs/btc//", "runs/runs.sqlite", "btc"), ("out", "runs.sqlite", "out"),
    ("/tmp/x", "/tmp/runs.sqlite", "x"), ("/x", "/runs.sqlite", "x"), ("a/b/..", nil, "a"),
  ])
  func aStoreStandsBesideTheRunsFolder(_ directory: String, _ store: String?, _ name: String) {
    let place = RunPlace(directory)
    let here = FileManager.default.currentDirectoryPath
    #expect(place.store == store ?? here + "/runs.sqlite" && place.name == name)
    #expect(RunPlace(".").name == URL(fileURLWithPath: here).lastPathComponent)
  }
}
