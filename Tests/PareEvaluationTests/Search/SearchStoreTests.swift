import Foundation
import GRDB
import PareEvaluation
import PareTensor
import Testing

@Suite struct SearchStoreTests {
  private let folder: ScratchFolder
  private let identity = SearchIdentity(
    specification: "{}", experiment: "{}", data: "fnv1a64:1", teacher: "fnv1a64:2", costs: "fnv1a64:3", kernels: "avx2")

  init() throws {
    folder = try ScratchFolder()
  }

  private var search: StoredSearch {
    StoredSearch(identity: identity, text: "name: x", source: "simulated", uninformedLogLoss: 0.6931471805599453, planned: 7)
  }

  private let trials = [
    Small.teacher,
    SearchTrial(
      ordinal: 1, point: 4, made: "one", recipe: "{\"name\":\"one\"}", artifact: "artifacts/trial-0001.pare",
      figures: Small.figures(logLoss: 0.1 + 0.2, bytes: 7, netReturn: -1.0 / 3, estimateNs: nil), seconds: 1.5),
    SearchTrial(ordinal: 2, point: 3, made: "two", recipe: "{}", error: "why: it failed", seconds: 0.25),
  ]

  /// The error of opening a file, as a person reads it.
  private func message(_ name: String, mustExist: Bool = false, category: ErrorCategory) -> String {
    do {
      _ = try SearchStore(path: folder.file(name), mustExist: mustExist)
      return "no error"
    } catch {
      #expect((error as? any PareError)?.category == category)
      return "\(error)".replacing(folder.file(name), with: "FILE")
    }
  }

  @Test func whatIsStoredReadsBackTheSame() throws {
    let store = try Small.store(in: folder)
    #expect(try store.search() == nil)
    try store.begin(search)
    for trial in trials { try store.record(trial) }
    let again = try Small.store(in: folder)
    #expect(try again.search() == search)
    #expect(try again.trials() == trials)
    var longer = search
    (longer.planned, longer.text) = (9, "name: x  # longer")
    try again.begin(longer)
    let measures = Small.figures(logLoss: 0.7, bytes: 1).validation
    try again.report([1: measures])
    #expect(try store.search() == longer)
    #expect(try store.trials().map(\.test) == [nil, measures, nil])
  }

  @Test func aTrialIsStoredOnce() throws {
    let store = try Small.store(in: folder)
    try store.record(trials[1])
    #expect(throws: EvaluationError.self) { try store.record(trials[1]) }
    #expect(try store.trials() == [trials[1]])
  }

  @Test func aDamagedDatabaseIsOneLine() throws {
    let store = try Small.store(in: folder)
    try store.begin(search)
    for ordinal in 1...200 {
      let recipe = String(repeating: "r", count: 400)
      try store.record(SearchTrial(ordinal: ordinal, point: ordinal, made: "x", recipe: recipe, error: "e"))
    }
    try folder.database("search.sqlite").inDatabase { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
    let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.file("search.sqlite")))
    #expect(bytes.count > 40_000)
    for (name, damage) in [("half", bytes.prefix(bytes.count / 2)), ("text", Data("not a database at all, but words".utf8))] {
      try damage.write(to: URL(fileURLWithPath: folder.file(name)))
      #expect(message(name, category: .badData).hasPrefix("FILE: expected a sound database of a search, found "))
    }
    var torn = bytes
    for index in stride(from: 8192, to: 30_000, by: 1) { torn[index] = 0xA5 }
    try torn.write(to: URL(fileURLWithPath: folder.file("torn")))
    #expect(message("torn", category: .badData).hasPrefix("FILE: expected a sound database of a search, found "))
  }

  @Test func anotherDatabaseIsLeftAlone() throws {
    try folder.database("other").inDatabase { try $0.execute(sql: "CREATE TABLE notes (text TEXT)") }
    #expect(message("other", category: .badData) == "FILE: expected a database of a search, found one of something else")
    #expect(message("none", mustExist: true, category: .noInput) == "FILE: expected the database of a search, found no such file")
    #expect(!FileManager.default.fileExists(atPath: folder.file("none")))
    let store = try Small.store(in: folder, "later")
    try store.begin(search)
    try folder.database("later").inDatabase { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('2')") }
    #expect(message("later", category: .badData) == "FILE: expected a search that this version knows, found one that a later version wrote")
  }

  @Test func figuresThatCannotBeReadAreNamed() throws {
    let store = try Small.store(in: folder)
    try store.record(trials[1])
    try folder.database("search.sqlite").inDatabase { try $0.execute(sql: "UPDATE trial SET figures = '{}'") }
    #expect { try store.trials() } throws: { "\($0)".hasSuffix("found figures of trial 1 that cannot be read") }
  }

  @Test(arguments: [
    ("specification", "the search file that the search began with, or --restart, which begins anew, found another"),
    ("experiment", "the experiment that the search began with, or --restart, which begins anew, found another"),
    ("kernels", "the kernels that the search began with (avx2), or --restart, which begins anew, found x"),
    ("costs", "the cost table that the search began with (fnv1a64:3), or --restart, which begins anew, found x"),
    ("data", "the data that the search began with (fnv1a64:1), or --restart, which begins anew, found x"),
    ("teacher", "the teacher that the search began with (fnv1a64:2), or --restart, which begins anew, found x"),
  ])
  func anotherSearchIsRefusedByWhatDiffers(_ part: String, _ words: String) throws {
    var other = identity
    switch part {
    case "specification": other.specification = "x"
    case "experiment": other.experiment = "x"
    case "kernels": other.kernels = "x"
    case "costs": other.costs = "x"
    case "data": other.data = "x"
    default: other.teacher = "x"
    }
    #expect { try identity.require(matches: other, path: "s.sqlite") } throws: { "\($0)" == "s.sqlite: expected " + words }
    other = identity
    (other.data, other.teacher) = ("", "")
    try identity.require(matches: other, path: "s.sqlite")
  }
}

extension ScratchFolder {
  func database(_ name: String) throws -> DatabaseQueue { try DatabaseQueue(path: file(name)) }
}
