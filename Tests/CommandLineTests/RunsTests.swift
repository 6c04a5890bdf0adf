import Foundation
import Testing

/// `pare runs` and `pare compare` on runs made by hand, to the character.
@Suite(.enabled(if: Program.isBuilt, "the pare program stands beside the tests")) struct RunsTests {
  private let folder: WorkFolder

  init() throws {
    folder = try WorkFolder()
  }

  private func pare(_ arguments: String..., shell: String? = nil) throws -> Program.Outcome {
    try Program.run(arguments, in: folder.path, shell: shell)
  }

  /// Keeps two runs that differ.
  private func keepTwo() throws {
    _ = try folder.handMadeRun("runs/one", seed: 1, epochs: 5, net: 0.5, sharpe: 2)
    _ = try folder.handMadeRun("runs/two", seed: .max, epochs: 8, net: 0.375, sharpe: nil, later: 3600)
    for name in ["one", "two"] { #expect(try pare("runs", "add", "runs/" + name).status == 0) }
  }

  private func json(_ arguments: String...) throws -> Any {
    let outcome = try Program.run(arguments + ["--json"], in: folder.path)
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    return try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
  }

  @Test func whatWasKeptIsListedTheNewestFirst() throws {
    try keepTwo()
    #expect(try pare("runs").output == golden("list"))
    #expect(try pare("runs", "list", "--experiment", "btc", "--limit", "1").output.split(separator: "\n").count == 3)
    #expect(try pare("runs", "--experiment", "eth").output == "No runs of eth.\n")
    let runs = try #require(try json("runs", "--in", "runs/") as? [[String: Any]])
    #expect(runs.map { $0["id"] as? Int } == [2, 1] && runs[0]["folder"] as? String == "runs/two")
    #expect(runs[1]["data_digest"] as? String == "0123456789abcdef" && runs[1]["seconds"] is NSNull)
    #expect((runs[1]["chosen_figures"] as? [String: Double])?["test.net_return"] == 0.5)
    #expect(try pare("runs", "add", "runs/one/").output == "Kept already, as run 1 in runs/runs.sqlite\n")
  }

  @Test func aRunIsShownWhole() throws {
    try keepTwo()
    try folder.write("another", to: "runs/two/artifacts/small.pare")
    #expect(try pare("runs", "show", "2").output == golden("show"))
    let results = try pare("runs", "show", "2", "--results").output
    #expect(try results == String(contentsOfFile: folder.path + "/runs/two/results.json", encoding: .utf8))
    let shown = try #require(try json("runs", "show", "2") as? [String: Any])
    #expect((shown["run"] as? [String: Any])?["experiment"] as? String == "btc")
    #expect((shown["figures"] as? [[String: Any]])?.count == 15 && (shown["artifacts"] as? [Any])?.count == 2)
    #expect((shown["configuration"] as? String)?.hasPrefix("name: btc\n") == true)
  }

  @Test func whatDiffersIsShownAndNothingElse() throws {
    try keepTwo()
    #expect(try pare("runs", "diff", "1", "2").output == golden("diff"))
    let same = try pare("runs", "diff", "1", "1").output
    #expect(same.contains("The data are the same.") && same.contains("The configuration is the same."))
    #expect(same.contains("All 16 figures are equal."))
    let found = try #require(try json("runs", "diff", "1", "2") as? [String: Any])
    #expect(found["same_data"] as? Bool == true && found["equal_figures"] as? Int == 13)
    #expect((found["configuration"] as? [[String: String]])?.first == ["side": "a", "line": "seed: 1"])
    let figures = try #require(found["figures"] as? [[String: Any]])
    #expect(figures.map { $0["name"] as? String } == ["sharpe", "net_return", "net_return"])
    #expect(figures[0]["b"] is NSNull && figures[1]["difference"] as? Double == -0.125 && figures[1]["ratio"] as? Double == 0.75)
  }

  @Test func runsStandSideBySideByNumberOrByFolder() throws {
    try keepTwo()
    _ = try folder.handMadeRun("elsewhere/three", seed: 3, epochs: 5, net: 0.5, sharpe: 2, digest: "fedcba9876543210")
    #expect(try pare("compare", "1", "elsewhere/three").output == golden("compare"))
    let all = try pare("compare", "elsewhere/three/results.json", "2", "--all").output
    #expect(all.contains("the run") && all.contains("data.rows"))
    let found = try #require(try json("compare", "runs/one", "2") as? [String: Any])
    #expect((found["figures"] as? [Any])?.count == 16)
  }

  @Test func whatIsNotThereIsSaidInOneLine() throws {
    func expect(_ arguments: [String], code: Int32, _ words: String) throws {
      let outcome = try Program.run(arguments, in: folder.path)
      #expect(outcome.status == code && outcome.errorLines.count == 1 && outcome.output.isEmpty, "\(outcome)")
      #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }
    try expect(["runs"], code: 66, "runs/runs.sqlite: expected the database of runs, found no such file")
    try expect(["runs", "add", "runs/none"], code: 66, "runs/none/results.json: expected a readable file, found no such file")
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/runs"))
    try keepTwo()
    try expect(["runs", "show", "3"], code: 66, "runs/runs.sqlite: expected a run 3, found none; the last one is 2")
    try expect(["runs", "diff", "1", "9"], code: 66, "expected a run 9")
    try expect(["runs", "show", "last"], code: 64, "last")
    try expect(["runs", "--limit", "0"], code: 64, "--limit")
    try expect(["runs", "shw"], code: 64, "shw")
    try expect(["compare", "1", "runs/nine"], code: 66, "runs/nine: expected a model, a run's folder or the number of a run")
    try expect(["compare", "1", "7"], code: 66, "expected a run 7")
    try expect(["compare", "1", "runs/two", "--data", "x.yaml"], code: 64, "--data: expected two models with it, found two runs")
    try expect(["compare", "1", "runs/one/artifacts/small.pare"], code: 64, "expected two models or two runs")
    try folder.write("{\"seed\": 1}", to: "runs/one/results.json")
    try expect(["compare", "runs/one", "2"], code: 65, "runs/one/results.json: expected a results.json of Pare, found none with the key")
    try folder.write("no JSON", to: "runs/one/results.json")
    try expect(["runs", "add", "runs/one"], code: 65, "runs/one/results.json: expected a results.json of Pare")
  }

  @Test func aRunThatCannotBeKeptIsWholeAndIsKeptLater() throws {
    try folder.write(CandleText.wandering(1000), to: "candles.csv")
    try folder.write(
      """
      name: quick
      data: {csv: candles.csv, symbol: X}
      teacher: {model: {mlp: {hidden: [8]}}, training: {epochs: 1}}
      candidates: []
      latency-decisions: 1000
      """, to: "quick.yaml")
    try FileManager.default.createDirectory(atPath: folder.path + "/runs", withIntermediateDirectories: true)
    try folder.write("words in the place of a database", to: "runs/runs.sqlite")
    let run = try pare("run", "quick.yaml", "--quiet", "--json")
    #expect(run.status == 0 && run.errorLines.count == 1, "\(run.errors)")
    let warning = "warning: the run is whole in runs/quick but was not kept: runs/runs.sqlite: expected a sound database of runs, found "
    #expect(run.errors.hasPrefix(warning) && run.errors.contains("'pare runs add runs/quick' keeps it"), "\(run.errors)")
    #expect(run.output == (try String(contentsOfFile: folder.path + "/runs/quick/results.json", encoding: .utf8)))
    #expect(try pare("runs").status == 65)
    try FileManager.default.removeItem(atPath: folder.path + "/runs/runs.sqlite")
    #expect(try pare("runs", "add", "runs/quick").output == "Kept as run 1 in runs/runs.sqlite\n")
    let again = try pare("run", "quick.yaml", "--quiet", "--seed", "2")
    #expect(again.errors.isEmpty && again.output.hasSuffix("Kept as run 2 in runs/runs.sqlite\n"), "\(again.errors)")
    let runs = try #require(try json("runs") as? [[String: Any]])
    #expect(runs.map { $0["seed"] as? Int } == [2, 1] && runs[0]["version"] is String && (runs[0]["seconds"] as? Double ?? 0) > 0)
    let shown = try pare("runs", "show", "1").output
    #expect(shown.contains("artifacts/teacher.pare") && shown.contains("changed"), "the second run wrote into the folder")
    #expect(try pare("runs", "diff", "1", "2").output.contains("- seed: 1\n+ seed: 2\n"))
  }

  @Test func programsThatKeepRunsAtOnceAllDo() throws {
    let names = try (0..<6).map { try folder.handMadeRun("runs/r\($0)", seed: UInt64($0), epochs: 1, net: 0, sharpe: nil) }
    let programs = try names.map { try Program.start(["runs", "add", $0], in: folder.path) }
    for program in programs {
      let outcome = program.finish()
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
    let runs = try #require(try json("runs") as? [[String: Any]])
    #expect(runs.map { $0["id"] as? Int } == [6, 5, 4, 3, 2, 1] && Set(runs.compactMap { $0["folder"] as? String }) == Set(names))
  }

  @Test func theHelpOfEveryPartShowsAnExample() throws {
    for part in ["list", "show", "diff", "add"] {
      let help = try pare("runs", part, "--help")
      #expect(help.status == 0 && help.output.contains("Example") && help.output.contains("pare runs \(part)"))
    }
  }

  @Test func modelsStandSideBySide() throws {
    let model = try folder.model()
    try folder.write("schema: 1\nname: p\nsteps: [{technique: pruning, sparsity: 0.5}]", to: "p.yaml")
    #expect(try pare("compress", model, "--recipe", "p.yaml", "--output", "half.pare", "--quiet").status == 0)
    let text = try pare("compare", model, "half.pare", "--iterations", "1000")
    #expect(text.status == 0, "\(text.errors)")
    #expect(text.output.hasPrefix("A: small.pare\nB: half.pare\n\nfigure"))
    #expect(text.output.contains("On 1024 rows (random rows, seed 1), each model as deployed:"))
    #expect(text.output.contains("Equal by likeliest class: "))
    let found = try #require(try json("compare", model, model, "--iterations", "1000", "--quiet") as? [String: Any])
    let agreement = try #require(found["agreement"] as? [String: Any])
    #expect(agreement["decisions_equal"] as? Int == 1024 && found["money"] == nil)
    let missing = try pare("compare", model, "missing.pare")
    #expect(missing.status == 66 && missing.errorLines.count == 1, "\(missing.errors)")
  }

  /// What is printed for people.
  private func golden(_ name: String) -> String { RunsGolden.texts[name] ?? "" }
}
