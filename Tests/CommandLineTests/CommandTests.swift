import Foundation
import PareArrays
import PareTensor
import Testing

/// The commands doing their work.
@Suite(.enabled(if: Program.isBuilt, "the pare program stands beside the tests")) struct CommandTests {
  private let folder: WorkFolder

  init() throws {
    folder = try WorkFolder()
  }

  private func run(_ arguments: String...) throws -> Program.Outcome {
    let outcome = try Program.run(arguments, in: folder.path)
    #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
    #expect(!(outcome.output + outcome.errors).contains("\u{1B}["), "no colour off a terminal")
    return outcome
  }

  @Test(arguments: [
    "demo", "run", "runs", "report", "search", "train", "compress", "quantize", "convert", "predict", "compare", "bench", "inspect",
    "import", "fetch",
  ])
  func helpShowsAnExample(_ command: String) throws {
    let outcome = try run(command, "--help")
    #expect(outcome.output.contains("Example") && outcome.output.contains("pare \(command)"))
  }

  @Test func theFirstHelpNamesEveryCommandAndExitCode() throws {
    let help = try run("--help").output
    for word in [
      "demo", "run", "runs", "report", "search", "train", "compress", "quantize", "convert", "predict", "compare", "bench", "inspect", "import",
      "fetch", "64", "65", "66", "69", "70", "73",
    ] {
      #expect(help.contains(word), "\(word)")
    }
    #expect(try run("--version").output.contains("."))
  }

  @Test func figuresForProgramsAreJSONAndNothingElse() throws {
    let model = try folder.model()
    try folder.write(CandleText.wandering(60), to: "candles.csv")
    try folder.write("schema: 1\nname: p\nsteps: [{technique: pruning, sparsity: 0.5}]", to: "p.yaml")
    try folder.write("schema: 1\nname: k\nsteps: [{technique: pruning, sparsity: 0}]", to: "k.yaml")
    try NPY.write(Tensor((0..<12).map { Float($0) }, shape: [3, 4]), to: folder.path + "/rows.npy")
    func json(_ arguments: String...) throws -> Any {
      let outcome = try Program.run(arguments + ["--json"], in: folder.path)
      #expect(outcome.status == 0 && outcome.errorLines.allSatisfy { !$0.hasPrefix("error") }, "\(outcome.errors)")
      return try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
    }
    let imported = try #require(try json("import", "candles.csv", "--symbol", "X", "--interval", "5m") as? [String: Any])
    #expect(imported["inserted"] as? Int == 60)
    for recipe in ["p.yaml", "k.yaml"] {
      let steps = try json("compress", model, "--recipe", recipe, "--output", "out.pare") as? [String: Any]
      let figures = (steps?["steps"] as? [[String: Any]])?.first?["figures"] as? [String: Double]
      #expect((figures?["bytes"] ?? 0) > 0 && steps?["before"] is [String: Double])
    }
    let written = try json("predict", "out.pare", "--input", "rows.npy", "--output", "y.npy") as? [String: Any]
    #expect(written?["shape"] as? [Int] == [3, 2])
    let inspected = try json("inspect", model) as? [String: Any]
    #expect(inspected?["learned_parameters"] as? Int == 4 * 8 + 8 + 8 * 2 + 2)
    let quantized = try json(
      "quantize", model, "--precision", "int8", "--rounding", "adaround", "--method", "percentile", "--percentile", "99.9",
      "--bias-correction", "--calibration", "rows.npy", "--output", "q.pare") as? [String: Any]
    #expect((quantized?["steps"] as? [Any])?.count == 1)
    let errors = try json("inspect", "q.pare", "--errors", model, "--rows", "rows.npy", "--plot", "layers.html") as? [String: Any]
    let page = try String(contentsOfFile: folder.path + "/layers.html", encoding: .utf8)
    #expect(page.contains("q.pare") && page.contains("\"weight_values\"") && !page.contains("http://"))
    #expect((errors?["layers"] as? [Any])?.count == 2 && (errors?["outputs"] as? [Any])?.isEmpty == false)
    let timed = try json("bench", model, "out.pare", "--iterations", "1000") as? [[String: Any]]
    #expect(timed?.map { $0["model"] as? String } == [model, "out.pare"])
    #expect(timed?.allSatisfy { ($0["estimate_ns"] as? Double ?? 0) > 0 && ($0["costs"] as? String)?.hasPrefix("fnv1a64:") == true } == true)
    let many = try json("bench", model, "--iterations", "2000", "--instances", "3", "--mode", "batch", "--plot", "plot.html") as? [[String: Any]]
    #expect(many?.first?["instances"] as? Int == 3)
    #expect(try String(contentsOfFile: folder.path + "/plot.html", encoding: .utf8).contains("\"distribution\""))
  }

  @Test func anExperimentThenEverythingThatUsesItsArtifacts() throws {
    try folder.write(CandleText.wandering(3000), to: "candles.csv")
    _ = try run("import", "candles.csv", "--symbol", "X", "--interval", "5")
    try folder.write(
      """
      name: small
      data: {store: candles.sqlite, symbol: X, interval: "5"}
      teacher: {model: {mlp: {hidden: [16, 8]}}, training: {epochs: 2, batch-size: 256}}
      candidates:
        - {name: int8, steps: [{technique: quantization, precision: int8}]}
      latency-decisions: 1000
      """, to: "experiment.yaml")
    let table = try run("run", "experiment.yaml")
    #expect(table.output.contains("int8") && table.output.contains("frontier"))
    let json = try run("run", "experiment.yaml", "--json", "--latency-from", "runs/small/results.json", "--quiet")
    #expect(json.errors.isEmpty)
    let results = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    #expect((results["candidates"] as? [Any])?.count == 3)

    let page = try String(contentsOfFile: folder.path + "/runs/small/report.html", encoding: .utf8)
    let card = try run("report", "runs/small", "--out", "again.html", "--json")
    let sections = try JSONSerialization.jsonObject(with: Data(card.output.utf8)) as? [String: Any]
    #expect((sections?["sections"] as? [Any])?.count == 6)
    #expect(try String(contentsOfFile: folder.path + "/again.html", encoding: .utf8) == page)
    #expect(try String(contentsOfFile: folder.path + "/again.md", encoding: .utf8).contains("## Deployment card"))

    var generator = SeededGenerator(seed: 1)
    let rows = Tensor((0..<200 * 20).map { _ in Float(generator.normal() * 0.01) }, shape: [200, 20])
    try NPY.write(rows, to: folder.path + "/rows.npy")
    try folder.write(
      """
      schema: 1
      name: small-int8
      steps:
        - {technique: pruning, sparsity: 0.5}
        - {technique: quantization, precision: int8}
      """, to: "recipe.yaml")
    let compressed = try run(
      "compress", "runs/small/artifacts/teacher.pare", "--recipe", "recipe.yaml", "--calibration", "rows.npy", "--output", "small.pare")
    #expect(compressed.output.contains("as it was") && compressed.output.contains("output dB"))
    for engine in ["reference", "plan", "qdq"] {
      _ = try run(
        "predict", "small.pare", "--input", "features=rows.npy", "--output", engine + ".npy", "--output-name", "probabilities",
        "--engine", engine)
    }
    let reference = try NPY.read(folder.path + "/reference.npy")
    #expect(try NPY.read(folder.path + "/plan.npy") == reference)
    let reading = try NPY.read(folder.path + "/qdq.npy").values(as: Float.self)
    #expect(zip(reading, reference.values(as: Float.self)).allSatisfy { abs($0 - $1) < 0.05 })

    for arguments in [["inspect", "small.pare", "--json"], ["bench", "small.pare", "--iterations", "1000", "--json", "--quiet"]] {
      let outcome = try Program.run(arguments, in: folder.path)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) }
    }
    let scalar = try Program.run(["bench", "small.pare", "--iterations", "1000"], in: folder.path, shell: "PARE_KERNELS=scalar")
    #expect(scalar.output.contains("kernels scalar"))
  }
}
