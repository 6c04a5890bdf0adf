import Foundation
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
    let outcome = try Program.run(arguments, in: folder.path, shell: shell)
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
    try expectError(["run", "experiment.yaml", "--out", "file/out"], code: 73, saying: ["file/out"])
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
    // Whole batches may have gone in; what is there is whole, and a repeat completes it.
    let again = try Program.run(["import", "second.csv", "--symbol", "X", "--json"], in: folder.path)
    #expect(again.status == 0, "\(again.errors)")
    #expect(try total(again.output) == 40_000)
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
    let again = try Program.run(["import", "second.csv", "--symbol", "X", "--json"], in: folder.path)
    #expect(again.status == 0, "\(again.errors)")
    #expect(try total(again.output) == 60_000)
  }

  @Test func noNetwork() throws {
    // Port 9 of this machine, where nothing listens; a deadline of a second bounds the attempts.
    try expectError(
      ["fetch", "BTCUSDT", "--from", "2024-01-01", "--to", "2024-01-02", "--base-address", "http://127.0.0.1:9", "--deadline", "1"],
      code: 69, saying: ["127.0.0.1:9"])
  }

  @Test(arguments: [
    ["run"], ["frobnicate"], ["fetch", "BTCUSDT"], ["fetch", "BTCUSDT", "--days", "0"], ["bench", "x.pare", "--iterations", "1"],
    ["import", "x.csv"], ["predict", "x.pare", "--input", "a", "--output", "b", "--engine", "fast"], ["fetch", "B", "--from", "soon"],
  ])
  func wrongUsage(_ arguments: [String]) throws {
    try expectError(arguments, code: 64, saying: [])
  }

  private func total(_ json: String) throws -> Int {
    let object = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    return ["inserted", "changed", "unchanged"].reduce(0) { $0 + ((object[$1] as? Int) ?? 0) }
  }
}
