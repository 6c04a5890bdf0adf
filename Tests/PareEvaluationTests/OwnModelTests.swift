import Foundation
import PareArrays
import PareArtifact
import PareCompression
import PareEvaluation
import PareGraph
import PareMarket
import PareONNX
import PareTensor
import Testing

/// Experiments on a model, features and labels of the user's own.
@Suite struct OwnModelTests {
  private static let candleCount = 3000
  private static let start: Int64 = 1_700_000_100_000
  private static let step: Int64 = 300_000
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    var text = "start_ms,open,high,low,close,volume,turnover\n"
    var price = 100.0
    for index in 0..<Self.candleCount {
      let next = price * (1 + 0.002 * sin(Double(index) * 0.7) * cos(Double(index) * 0.013 + 1))
      text += "\(Self.start + Int64(index) * Self.step),\(price),\(max(price, next) + 0.01),\(min(price, next) - 0.01),\(next),10,\n"
      price = next
    }
    _ = try folder.write(text, to: "candles.csv")
    try writeTables()
  }

  /// A window of 3 steps of 2 numbers every second candle, and a class for each but the last ones.
  private func writeTables(symbols: Bool = false, shift: Int64 = 0) throws {
    var generator = SeededGenerator(seed: 3)
    let ends = Array(stride(from: 10, to: Self.candleCount, by: 2))
    let times = Tensor(ends.map { Self.start + Int64($0) * Self.step + shift })
    let values = (0..<ends.count * 6).map { _ in Float(generator.normal()) }
    let labels = ends.enumerated().map { row, end in
      end + 12 < Self.candleCount ? Int64(values[row * 6] > 0.4 ? 2 : values[row * 6] < -0.4 ? 0 : 1) : -1
    }
    // Every row of BTC, and a row of another symbol in front, as NumPy writes texts.
    let names = Tensor(ends.indices.flatMap { $0 == 0 ? Array("ETH".unicodeScalars).map(\.value) : Array("BTC".unicodeScalars).map(\.value) }, shape: [ends.count, 3])
    let extra = symbols ? [("symbol", names)] : []
    try NPZ.write([("time", times), ("windows", Tensor(values, shape: [ends.count, 3, 2]))] + extra, to: folder.file("windows.npz"))
    try NPZ.write([("time", times), ("labels", Tensor(labels))] + extra, to: folder.file("labels.npz"))
  }

  /// An LSTM over the window and a dense layer, or a model that ends otherwise.
  private func writeModel(_ name: String = "model.onnx", steps: Int = 3, end: (inout GraphBuilder, String) throws -> Void) throws {
    var generator = SeededGenerator(seed: 4)
    func tensor(_ shape: Shape) -> Tensor {
      Tensor((0..<shape.elementCount).map { _ in Float(generator.normal()) * 0.5 }, shape: shape)
    }
    var builder = GraphBuilder(name: "own")
    let x = try builder.input("window", ValueType(.float32, ["batch", .fixed(steps), 2]))
    let turned = try builder.apply("Transpose", [x], attributes: ["perm": .ints([1, 0, 2])], name: "turn")
    let w = try builder.parameter("lstm.w", tensor([1, 16, 2]), isTrainable: true)
    let r = try builder.parameter("lstm.r", tensor([1, 16, 4]), isTrainable: true)
    let y = try builder.apply("LSTM", [turned, w, r], attributes: ["hidden_size": .int(4)], name: "lstm")
    let last = try builder.parameter("last", Tensor(scalar: Int64(steps - 1)), isTrainable: false)
    let picked = try builder.apply("Gather", [y, last], attributes: ["axis": .int(0)], name: "pick")
    let axes = try builder.parameter("axes", Tensor([Int64(0)]), isTrainable: false)
    try end(&builder, try builder.apply("Squeeze", [picked, axes], name: "row"))
    try ModelFile.write(Model(graph: builder.graph), to: folder.file(name))
  }

  private func writeClassifier(_ name: String = "model.onnx", classes: Int = 3, steps: Int = 3, softmax: Bool = false) throws {
    try writeModel(name, steps: steps) { builder, row in
      let values = (0..<classes * 4).map { Float($0 % 5) * 0.3 - 0.5 }
      let head = try builder.parameter("head", Tensor(values, shape: [classes, 4]), isTrainable: true)
      var scores = try builder.apply("Gemm", [row, head], attributes: ["transB": .int(1)], name: "gemm", output: softmax ? nil : "scores")
      if softmax { scores = try builder.apply("Softmax", [scores], attributes: ["axis": .int(-1)], name: "soft", output: "scores") }
      try builder.output(scores)
    }
  }

  private func experiment(_ lines: String = "", output: String = "{kind: logits, classes: [sell, hold, buy]}") throws -> ExperimentFile {
    let path = try folder.write(
      """
      name: own
      data: {csv: candles.csv, symbol: BTC, interval: "5"}
      model: model.onnx
      output: \(output)
      features: {file: windows.npz, time: start}
      labels: {file: labels.npz, time: start}
      label: {kind: buy-hold-sell, horizon: 12, threshold-bp: 5}
      latency-decisions: 1000
      candidates:
        - {name: shared, steps: [{technique: weight-sharing, bits: 4}]}
        - {name: student, steps: [{technique: distillation, student: {mlp: {hidden: [6]}}, temperature: 2, hard-weight: 0.5, training: {epochs: 2}}]}
      \(lines)
      """, to: "experiment.yaml")
    return try ExperimentFile.read(path)
  }

  private func run(_ file: ExperimentFile, as name: String = "run") async throws -> Results {
    try await ExperimentRun(file, directory: folder.file(name)).execute()
  }

  @Test func aRunJudgesTheModelAndWritesArtifactsInBothFormats() async throws {
    try writeClassifier()
    let results = try await run(experiment())
    #expect(results.candidates.map(\.name) == ["teacher", "shared", "student", "logistic", "student-untaught"])
    #expect(results.candidates[0].made == "own model model.onnx")
    // All but those that the embargo and the purging between the parts leave out.
    #expect((1400...(Self.candleCount - 10) / 2).contains(results.data.rows))
    let rows = Tensor((0..<4 * 6).map { Float($0) * 0.1 - 1 }, shape: [4, 3, 2])
    let source = try ONNXFile.read(folder.file("model.onnx"))
    let scores = try ModelPrediction(source, engine: .reference).run(["window": rows], output: "scores")
    for candidate in results.candidates {
      let model = try Artifact.read(folder.file("run/" + #require(candidate.artifact)))
      let exported = try ONNXFile.read(folder.file("run/artifacts/\(candidate.name).onnx"))
      #expect(model.graph.inputs.map(\.name) == ["window"])
      let outputs = try [model, exported].map { try ModelPrediction($0, engine: .reference).run(["window": rows], output: "probabilities") }
      for (a, b) in zip(outputs[0].doubles, outputs[1].doubles) { #expect((a - b).magnitude < 1e-6, "\(candidate.name)") }
    }
    // The model that is judged is the user's, to the bit.
    let teacher = try Artifact.read(folder.file("run/artifacts/teacher.pare"))
    #expect(try ModelPrediction(teacher, engine: .reference).run(["window": rows], output: "logits") == scores)
  }

  @Test func theOrderOfClassesIsTheOutputs() async throws {
    try writeClassifier()
    let turned = try await run(experiment(output: "{kind: logits, classes: [buy, hold, sell]}"), as: "turned")
    let plain = try await run(experiment(), as: "plain")
    #expect(turned.candidates[0].test.scores.logLoss != plain.candidates[0].test.scores.logLoss)
    let rows = Tensor((0..<6).map { Float($0) * 0.3 - 1 }, shape: [1, 3, 2])
    func logits(_ name: String) throws -> [Double] {
      try ModelPrediction(try Artifact.read(folder.file("\(name)/artifacts/teacher.pare"))).run(["window": rows], output: "logits").doubles
    }
    #expect(try logits("turned") == logits("plain").reversed())
  }

  @Test func probabilitiesOfASoftmaxAreTakenAsTheyAre() async throws {
    try writeClassifier(softmax: true)
    let probabilities = try await run(experiment(output: "{kind: probabilities}"), as: "probabilities")
    try writeClassifier()
    let logits = try await run(experiment(output: "{kind: logits}"), as: "logits")
    #expect(probabilities.candidates[0].test.scores.logLoss == logits.candidates[0].test.scores.logLoss)
  }

  @Test func aScoreIsADirection() async throws {
    try writeModel { builder, row in
      let head = try builder.parameter("head", Tensor([Float(0.5), -0.2, 0.1, 0.3], shape: [1, 4]), isTrainable: true)
      try builder.output(try builder.apply("Gemm", [row, head], attributes: ["transB": .int(1)], name: "gemm", output: "expected"))
    }
    let results = try await run(experiment(output: "{kind: score}"))
    let rows = Tensor((0..<12).map { Float($0 % 5) * 0.4 - 0.7 }, shape: [2, 3, 2])
    let source = try ModelPrediction(try ONNXFile.read(folder.file("model.onnx"))).run(["window": rows], output: "expected").doubles
    let teacher = try Artifact.read(folder.file("run/" + #require(results.candidates[0].artifact)))
    let p = try ModelPrediction(teacher).run(["window": rows], output: "probabilities").doubles
    for row in 0..<2 { #expect((source[row] > 0) == (p[row * 3 + 2] > p[row * 3])) }
  }

  @Test func rowsOfOtherSymbolsAreLeftOut() async throws {
    try writeClassifier()
    let all = try await run(experiment(), as: "all")
    try writeTables(symbols: true)
    #expect(try await run(experiment(), as: "one").data.rows == all.data.rows - 1)
  }

  @Test func changingTheFutureLeavesTheModelsOfThePastBitIdentical() async throws {
    try writeClassifier()
    _ = try await run(experiment(), as: "one")
    var arrays = try NPZ.read(folder.file("labels.npz"))
    var labels = try #require(arrays["labels"]).values(as: Int64.self)
    // The last tenth lies in the test part.
    for row in labels.count * 9 / 10..<labels.count { labels[row] = labels[row] == 0 ? 2 : 0 }
    arrays["labels"] = Tensor(labels)
    try NPZ.write(arrays.map { ($0.key, $0.value) }, to: folder.file("labels.npz"))
    _ = try await run(experiment(), as: "two")
    for name in ["shared", "student", "logistic"] {
      let graphs = try ["one", "two"].map { try Artifact.read(folder.file("\($0)/artifacts/\(name).pare")).graph.parameters }
      #expect(graphs[0] == graphs[1], "\(name)")
    }
  }

  @Test func mistakesNameTheFileAndWhatIsExpected() async throws {
    func message(_ make: () throws -> ExperimentFile) async -> String {
      do { return try await run(make()).reason } catch { return "\(error)" }
    }
    try writeClassifier(classes: 2)
    #expect(await message { try experiment() }.contains("model.onnx"))
    try writeClassifier(steps: 4)
    let shape = await message { try experiment() }
    #expect(shape.contains("[batch, 3, 2]") && shape.contains("[batch, 4, 2]"), "\(shape)")
    try writeClassifier()
    #expect(await message { try experiment(output: "{kind: logits, name: nothing}") }.contains("'nothing'"))
    #expect(await message { try experiment(output: "{kind: logits, classes: [sell, hold, wait]}") }.contains("output.classes"))
    #expect(await message { try experiment("teacher: {model: {mlp: {hidden: [4]}}}") }.contains("teacher"))
    try writeTables(shift: 1)
    let time = await message { try experiment() }
    #expect(time.contains("windows.npz") || time.contains("labels.npz"), "\(time)")
    try writeTables()
    var arrays = try NPZ.read(folder.file("windows.npz"))
    arrays["time"] = nil
    try NPZ.write(arrays.map { ($0.key, $0.value) }, to: folder.file("windows.npz"))
    #expect(await message { try experiment() }.contains("'time'"))
  }
}
