import Foundation
import Testing

/// `pare search` as people run it, and as machines end it.
@Suite(.enabled(if: Program.isBuilt, "the pare program stands beside the tests")) struct SearchTests {
  private let folder: WorkFolder

  init() throws {
    folder = try WorkFolder()
    try folder.write(CandleText.wandering(1500), to: "candles.csv")
    try folder.write(
      """
      name: quick
      experiment:
        data: {csv: candles.csv, symbol: X}
        teacher: {model: {mlp: {hidden: [16, 8]}}, training: {epochs: 2, batch-size: 256}}
      objectives: [log-loss, bytes]
      trials: 24
      space:
        - {technique: distillation, student: {mlp: {hidden: [{choices: [3, 4, 5, 6, 7, 8]}]}}, temperature: 2, hard-weight: 0.3, training: {epochs: 40, batch-size: 32, patience: 40}}
        - one-of: [{technique: quantization, precision: {choices: [int8, int4, fp16]}}, {technique: weight-sharing, bits: {choices: [2, 3, 4]}}]
      """, to: "search.yaml")
  }

  /// The trials of a search as JSON has them, without what depends on the clock.
  private func trials(_ json: String) throws -> [NSDictionary] {
    let results = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    return try #require(results["trials"] as? [[String: Any]]).map { trial in
      NSDictionary(dictionary: trial.filter { $0.key != "seconds" })
    }
  }

  /// Starts a search and ends it by a signal as soon as so many lines of trials are printed.
  private func end(by signal: Int32, afterLines count: Int, _ arguments: [String]) throws -> (process: Process, output: String) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: Program.path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = pipe
    try process.run()
    var output = ""
    var hasSent = false
    // A read waits for output, and yields nothing once the process has ended.
    while case let data = pipe.fileHandleForReading.availableData, !data.isEmpty {
      output += String(decoding: data, as: UTF8.self)
      if !hasSent, output.split(separator: "\n").count(where: { $0.hasPrefix("trial-") }) >= count {
        kill(process.processIdentifier, signal)
        hasSent = true
      }
    }
    process.waitUntilExit()
    return (process, output)
  }

  @Test func aKilledSearchGoesOnAndEndsAsAnUninterruptedOne() throws {
    let whole = try Program.run(["search", "search.yaml", "--output", "whole", "--json", "--quiet"], in: folder.path)
    #expect(whole.status == 0 && whole.errors.isEmpty, "\(whole.errors)")
    // Longer than the other, so that it is far from its end; what it proposes does not depend on that.
    let killed = try end(by: SIGKILL, afterLines: 2, ["search", "search.yaml", "--output", "part", "--trials", "36"])
    #expect(killed.process.terminationReason == .uncaughtSignal, "\(killed.output)")
    let stored = try trials(Program.run(["search", "--output", "part", "--show", "--json"], in: folder.path).output)
    #expect(stored.count >= 3 && stored.count < 25, "the teacher, two trials at least, and not all")
    let resumed = try Program.run(["search", "search.yaml", "--output", "part", "--json", "--quiet"], in: folder.path)
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(try trials(resumed.output) == trials(whole.output))
    let csv = try ["whole", "part"].map { try String(contentsOfFile: folder.path + "/\($0)/frontier.csv", encoding: .utf8) }
    #expect(csv[0] == csv[1] && csv[0].contains("trial-"))
    let again = try Program.run(["search", "search.yaml", "--output", "part", "--json", "--quiet"], in: folder.path)
    #expect(again.output == resumed.output, "nothing is left to do, not even seconds change")
  }

  @Test func aSignalEndsASearchOnceItsTrialsAreStored() throws {
    let ended = try end(by: SIGTERM, afterLines: 1, ["search", "search.yaml", "--output", "out"])
    #expect(ended.process.terminationReason == .exit && ended.process.terminationStatus == 69, "\(ended.output)")
    #expect(ended.output.contains("stopping: ") && ended.output.contains("all stored; the same command goes on"))
    let table = try Program.run(["search", "search.yaml", "--output", "out", "--show"], in: folder.path)
    #expect(table.status == 0 && table.output.contains("teacher") && table.output.contains("of 24 trials"))
  }

  @Test func whatDoesNotGoOnIsSaidInOneLine() throws {
    func expect(_ arguments: [String], code: Int32, _ words: String, shell: String? = nil) throws {
      let outcome = try Program.run(arguments + ["--quiet"], in: folder.path, shell: shell)
      #expect(outcome.status == code && outcome.errorLines.count == 1 && outcome.output.isEmpty, "\(outcome)")
      #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }
    let first = try Program.run(["search", "search.yaml", "--output", "out", "--trials", "1"], in: folder.path)
    #expect(first.status == 0 && first.output.contains("1 of 1 trials"), "\(first.errors)")
    try expect(["search", "search.yaml", "--output", "out"], code: 65, "expected the kernels that the search began with (", shell: "PARE_KERNELS=scalar")
    try folder.write(try String(contentsOfFile: folder.path + "/search.yaml", encoding: .utf8) + "\nseed: 9", to: "other.yaml")
    try expect(["search", "other.yaml", "--output", "out"], code: 65, "expected the search file that the search began with, or --restart")
    try Data("words".utf8).write(to: URL(fileURLWithPath: folder.path + "/out/search.sqlite"))
    for name in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: folder.path + "/out/search.sqlite" + name) }
    try expect(["search", "search.yaml", "--output", "out"], code: 65, "expected a sound database of a search")
    try expect(["search", "--output", "out", "--show"], code: 65, "expected a sound database of a search")
    try expect(["search", "--output", "nowhere", "--show"], code: 66, "no such file")
    try expect(["search"], code: 64, "a search file is missing")
    try expect(["search", "missing.yaml"], code: 66, "no such file")
    try expect(["search", "search.yaml", "--workers", "0"], code: 64, "count from 1")
    let anew = try Program.run(["search", "search.yaml", "--output", "out", "--trials", "1", "--restart", "--json"], in: folder.path)
    #expect(try anew.status == 0 && trials(anew.output).count == 2, "\(anew.errors)")
  }
}
