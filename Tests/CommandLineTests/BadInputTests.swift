import Foundation
import PareArrays
import PareTensor
import Testing

/// Every kind of bad input ends in one line and the right exit code.
@Suite(.enabled(if: Program.isBuilt, "the pare program stands beside the tests")) struct BadInputTests {
  private let folder: WorkFolder

  init() throws {
    folder = try WorkFolder()
  }

  private func expectError(
    _ arguments: [String], code: Int32, saying words: [String], shell: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    // Without progress, nothing but the one line may stand on standard error.
    let quiet = arguments.count > 1 && ["run", "demo", "compress", "quantize", "bench", "import", "fetch"].contains(arguments[0]) ? ["--quiet"] : []
    let outcome = try Program.run(arguments + quiet, in: folder.path, shell: shell)
    #expect(outcome.output.isEmpty, "\(outcome.output)", sourceLocation: sourceLocation)
    #expect(outcome.status == code, "\(outcome.errors)", sourceLocation: sourceLocation)
    #expect(outcome.errorLines.count == 1, "\(outcome.errors)", sourceLocation: sourceLocation)
    let line = outcome.errorLines.first ?? ""
    #expect(line.hasPrefix("error: "), sourceLocation: sourceLocation)
    for word in words { #expect(line.contains(word), "\(line)", sourceLocation: sourceLocation) }
  }

  /// Runs an experiment on a candle file.
  private func expectRunError(
    candles: String, options: String = "", code: Int32 = 65, saying words: [String],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try folder.write(candles, to: "candles.csv")
    try folder.write("data: {csv: candles.csv, symbol: X}\n" + options, to: "experiment.yaml")
    try expectError(["run", "experiment.yaml", "--out", "out"], code: code, saying: words, sourceLocation: sourceLocation)
  }

  @Test func aMissingFile() throws {
    for arguments in [
      ["run", "missing.yaml"], ["import", "missing.csv", "--symbol", "X"], ["bench", "missing.pare"],
      ["inspect", "missing.pare"], ["predict", "missing.pare", "--input", "x.npy", "--output", "y.npy"],
      ["compress", "missing.pare", "--recipe", "r.yaml", "--output", "o.pare"],
    ] {
      try expectError(arguments, code: 66, saying: ["missing"])
    }
  }

  @Test func anEmptyFile() throws {
    try folder.write("", to: "empty")
    try expectError(["import", "empty", "--symbol", "X"], code: 65, saying: ["empty"])
    try expectError(["run", "empty"], code: 65, saying: ["empty"])
    try expectError(["inspect", "empty"], code: 65, saying: ["empty"])
    try expectRunError(candles: "", saying: ["candles.csv"])
  }

  @Test func oneCandle() throws {
    try expectRunError(candles: CandleText.wandering(1), saying: ["candles.csv"])
    try expectRunError(candles: CandleText.wandering(2), saying: ["X", "candles", "found 2"])
  }

  @Test func allPricesEqual() throws {
    try expectRunError(candles: CandleText.constant(500), saying: ["X", "prices that move"])
  }

  @Test func aNumberThatIsNone() throws {
    let text = CandleText.wandering(50) + "1700015100000,nan,1,1,1,1,\n"
    try expectRunError(candles: text, saying: ["candles.csv:52", "finite open"])
    try folder.write(text, to: "bad.csv")
    try expectError(["import", "bad.csv", "--symbol", "X"], code: 65, saying: ["bad.csv:52"])
    let skipped = try Program.run(["import", "bad.csv", "--symbol", "X", "--bad-rows", "skip"], in: folder.path)
    #expect(skipped.status == 0 && skipped.output.contains("line 52"))
  }

  @Test func aColumnShort() throws {
    try expectRunError(candles: CandleText.header + "1700000100000,1,1\n", saying: ["candles.csv:2", "columns", "found 3"])
  }

  @Test func theWrongInterval() throws {
    try folder.write(CandleText.wandering(50), to: "five.csv")
    try expectError(["import", "five.csv", "--symbol", "X", "--interval", "60"], code: 65, saying: ["five.csv"])
    try expectError(["import", "five.csv", "--symbol", "X", "--interval", "7"], code: 64, saying: ["interval"])
  }

  @Test func anUnknownKey() throws {
    try expectRunError(candles: CandleText.wandering(50), options: "tolerence: 0.1", saying: ["experiment.yaml", "tolerence", "tolerance"])
  }

  @Test func moreFeaturesThanRows() throws {
    try expectRunError(
      candles: CandleText.wandering(48), options: "label: {kind: direction, horizon: 1}",
      saying: ["split.train", "20 labelled rows"])
  }

  @Test func aLabelOfOneClass() throws {
    try expectRunError(candles: CandleText.rising(2000), saying: ["split", "two classes", "up"])
  }

  @Test func aFolderThatCannotBeWritten() throws {
    try folder.write("", to: "file")
    try folder.write(CandleText.wandering(50), to: "candles.csv")
    try folder.write("data: {csv: candles.csv, symbol: X}", to: "experiment.yaml")
    try expectError(["run", "experiment.yaml", "--out", "file/out"], code: 73, saying: ["file/out", "Not a directory"])
    try expectError(["run", "experiment.yaml", "--out", ""], code: 64, saying: ["--out"])
    try expectError(
      ["import", "candles.csv", "--symbol", "X", "--store", "file/s.sqlite"], code: 73, saying: ["file/s.sqlite"])
  }

  /// A limit on the size of files stands in for a full disk: writing fails half-way.
  @Test func aDiskThatIsFullLeavesWhatWasStored() throws {
    try folder.write(CandleText.wandering(300), to: "first.csv")
    try folder.write(CandleText.wandering(40_000), to: "second.csv")
    #expect(try Program.run(["import", "first.csv", "--symbol", "X"], in: folder.path).status == 0)
    try expectError(
      ["import", "second.csv", "--symbol", "X"], code: 73, saying: ["candles.sqlite"],
      shell: "trap '' XFSZ; ulimit -f 512;")
    try expectCompletion(of: "second.csv", rows: 40_000)
  }

  @Test func aDiskThatIsFullLeavesAnEarlierRun() throws {
    try folder.write(CandleText.wandering(1000), to: "candles.csv")
    try folder.write(
      """
      data: {csv: candles.csv, symbol: X}
      teacher: {model: {mlp: {hidden: [64, 64]}}, training: {epochs: 1}}
      candidates: []
      latency-decisions: 1000
      """, to: "experiment.yaml")
    #expect(try Program.run(["run", "experiment.yaml", "--out", "out"], in: folder.path).status == 0)
    let before = try contents()
    try expectError(
      ["run", "experiment.yaml", "--out", "out", "--seed", "2"], code: 73, saying: ["out/teachers/"],
      shell: "trap '' XFSZ; ulimit -f 16;")
    #expect(try contents() == before)
  }

  /// Every file of the run in `out`.
  private func contents() throws -> [String: Data] {
    let root = URL(fileURLWithPath: folder.path + "/out")
    let names = try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { !$0.hasSuffix("artifacts") && !$0.hasSuffix("teachers") }
    return try Dictionary(uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: root.appendingPathComponent($0))) })
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "a device that is always full"))
  func standardOutputThatTakesNothing() throws {
    let path = try folder.model()
    try expectError(["inspect", path, "--json"], code: 73, saying: ["standard output"], shell: "exec >/dev/full;")
  }

  @Test func aKilledImportLosesNoCommittedRow() throws {
    try folder.write(CandleText.wandering(300), to: "first.csv")
    try folder.write(CandleText.wandering(60_000), to: "second.csv")
    #expect(try Program.run(["import", "first.csv", "--symbol", "X"], in: folder.path).status == 0)
    let store = folder.path + "/candles.sqlite-wal"
    let running = try Program.start(["import", "second.csv", "--symbol", "X"], in: folder.path)
    // Kills as soon as the write-ahead log has grown, or when the import was faster.
    while running.process.isRunning {
      let size = (try? FileManager.default.attributesOfItem(atPath: store)[.size] as? NSNumber)?.intValue ?? 0
      if size > 1 << 18 { break }
    }
    kill(running.process.processIdentifier, SIGKILL)
    _ = running.finish()
    try expectCompletion(of: "second.csv", rows: 60_000)
  }

  /// What an import left behind is whole rows, so that a repeat changes none and completes them.
  private func expectCompletion(of file: String, rows: Int, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let again = try Program.run(["import", file, "--symbol", "X", "--json"], in: folder.path)
    #expect(again.status == 0, "\(again.errors)", sourceLocation: sourceLocation)
    let counts = try #require(try JSONSerialization.jsonObject(with: Data(again.output.utf8)) as? [String: Any])
    func count(_ key: String) -> Int { counts[key] as? Int ?? -1 }
    #expect(count("changed") == 0 && count("inserted") + count("unchanged") == rows, sourceLocation: sourceLocation)
  }

  @Test func noNetwork() throws {
    // Port 9 of this machine, where nothing listens; a deadline of a second bounds the attempts.
    try expectError(
      ["fetch", "BTCUSDT", "--from", "2024-01-01", "--to", "2024-01-02", "--base-address", "http://127.0.0.1:9", "--deadline", "1"],
      code: 69, saying: ["127.0.0.1:9"])
  }

  @Test(arguments: [
    (["run"], "run --help"), (["runn", "x.yaml"], "(nearest: 'run')"), (["--frobnicate"], "--frobnicate"),
    (["run", "x.yaml", "--sed", "3"], "'--seed'"), (["run", "x.yaml", "--seed", "many"], "many"),
    (["run", "x.yaml", "y.yaml"], "y.yaml"),
    (["fetch", "BTCUSDT"], "neither"), (["fetch", "BTCUSDT", "--days", "1", "--from", "2024-01-01"], "both"),
    (["fetch", "BTCUSDT", "--days", "0"], "--days"), (["fetch", "B", "--from", "soon"], "--from"),
    (["fetch", "B", "--from", "2025-01-01", "--to", "2024-01-01"], "--to, 2024-01-01"),
    (["fetch", "B", "--days", "1", "--interval", "7"], "1, 3, 5, 15"),
    (["fetch", "B", "--days", "1", "--category", "sopt"], "'spot', 'linear' or 'inverse'"),
    (["inspect", "x.pare", "--errors", "y.pare"], "--rows"), (["inspect", "x.pare", "--plot", "y.html"], "--plot"), (["quantize", "x.pare", "--output", "y.pare"], "--precision"),
    (["bench"], "at least one model"), (["bench", "x.pare", "--instances", "0"], "--instances"), (["bench", "--calibrate"], "--output"),
    (["bench", "x.pare", "--calibrate", "--output", "y"], "x.pare"), (["bench", "x.pare", "--output", "y"], "--calibrate"), (["bench", "x.pare", "--iterations", "1"], "--iterations"), (["bench", "x.pare", "--symbols", "5"], "--symbols"), (["import", "x.csv"], "--symbol"),
    (["predict", "x.pare", "--input", "a", "--output", "b", "--engine", "fast"], "'reference', 'qdq' or 'plan'"),
    (["compress", "x.pare", "--output", "y.pare"], "--recipe"), (["import", "x.csv", "--symbol", ""], "--symbol"),
  ])
  func wrongUsage(_ arguments: [String], word: String) throws {
    try expectError(arguments, code: 64, saying: [word])
  }

  @Test func aModelThatIsNone() throws {
    try folder.write("not a model at all", to: "bad.pare")
    for arguments in [["inspect", "bad.pare"], ["bench", "bad.pare"], ["predict", "bad.pare", "--input", "x.npy", "--output", "y.npy"]] {
      try expectError(arguments, code: 65, saying: ["bad.pare"])
    }
  }

  @Test func aCostTableThatIsNone() throws {
    let model = try folder.model()
    try folder.write("{\"schema\":1}", to: "costs.json")
    for (path, code) in [("costs.json", Int32(65)), ("missing.json", 66)] {
      try expectError(["inspect", model], code: code, saying: [path], shell: "PARE_COSTS=\(path)")
    }
    try folder.write(
      "{\"schema\":1,\"processor\":\"p\",\"kernels\":\"avx2\",\"entry_ns\":5,\"operations\":{}}", to: "other.json")
    try expectError(
      ["inspect", model], code: 64, saying: ["'scalar'", "'avx2'"], shell: "PARE_KERNELS=scalar PARE_COSTS=other.json")
  }

  @Test func rowsThatDoNotFitTheModel() throws {
    let model = try folder.model()
    func predict(_ rows: Tensor, _ more: [String] = [], code: Int32 = 65, saying words: [String]) throws {
      try NPY.write(rows, to: folder.path + "/rows.npy")
      try expectError(["predict", model, "--input", "rows.npy", "--output", "y.npy"] + more, code: code, saying: words)
      #expect(!FileManager.default.fileExists(atPath: folder.path + "/y.npy"))
    }
    let good = Tensor([Float](repeating: 0, count: 8), shape: [2, 4])
    try predict(Tensor([Float](repeating: 0, count: 6), shape: [2, 3]), saying: ["input 'features'", "[2, 3]"])
    try predict(Tensor([Double](repeating: 0, count: 8), shape: [2, 4]), saying: ["input 'features'", "float64"])
    try predict(good, ["--output-name", "nothing"], code: 64, saying: ["nothing"])
    try expectError(["predict", model, "--input", "other=rows.npy", "--output", "y.npy"], code: 64, saying: ["'other'", "features"])
    try expectError(["predict", model, "--input", "rows.npy", "--output", "no/such/y.npy"], code: 73, saying: ["no/such/y.npy"])
    try folder.write("1,2,3,4\n", to: "rows.csv")
    try expectError(["predict", model, "--input", "rows.csv", "--output", "y.npy"], code: 65, saying: ["rows.csv", ".npy"])
  }

  @Test func dataThatARecipeCannotUse() throws {
    let model = try folder.model()
    try folder.write("schema: 1\nname: q\nsteps: [{technique: quantization, precision: int8}]", to: "q.yaml")
    try folder.write("schema: 1\nname: d\nsteps: [{technique: distillation, student: {mlp: {hidden: [2]}}, temperature: 2, hard-weight: 1, training: {epochs: 1}}]", to: "d.yaml")
    func compress(_ recipe: String, _ more: [String], saying words: [String], code: Int32 = 65) throws {
      try expectError(["compress", model, "--recipe", recipe, "--output", "out.pare"] + more, code: code, saying: words)
      #expect(!FileManager.default.fileExists(atPath: folder.path + "/out.pare"))
    }
    func npy(_ tensor: Tensor, _ name: String) throws -> String {
      try NPY.write(tensor, to: folder.path + "/" + name)
      return name
    }
    let rows = try npy(Tensor((0..<40).map { Float($0) }, shape: [10, 4]), "rows.npy")
    try compress("q.yaml", [], saying: ["--calibration", "quantization"], code: 64)
    try compress("q.yaml", ["--calibration", try npy(Tensor([Float.nan, 0, 0, 0], shape: [1, 4]), "nan.npy")], saying: ["nan"])
    try compress("q.yaml", ["--calibration", try npy(Tensor([Float](), shape: [0, 4]), "none.npy")], saying: ["at least one row"])
    try compress("q.yaml", ["--calibration", try npy(Tensor([Float](repeating: 0, count: 6), shape: [2, 3]), "narrow.npy")], saying: ["features"])
    try compress("d.yaml", ["--calibration", rows], saying: ["labels"])
    try compress("d.yaml", ["--calibration", rows, "--labels", try npy(Tensor([Int64](repeating: 7, count: 10)), "seven.npy")], saying: ["7"])
    try compress("d.yaml", ["--calibration", rows, "--labels", try npy(Tensor([Int64](repeating: 0, count: 9)), "nine.npy")], saying: ["9"])
    try compress("missing.yaml", ["--calibration", rows], saying: ["missing.yaml"], code: 66)
    try compress("q.yaml", ["--calibration", rows, "--validation-share", "1.5"], saying: ["--validation-share", "1.5"], code: 64)
    try folder.write("schema: 1\nname: q\nsteps: [{technique: quantization, precison: int8}]", to: "typo.yaml")
    try compress("typo.yaml", ["--calibration", rows], saying: ["typo.yaml", "steps[0].precison", "'precision'"])
  }
}
