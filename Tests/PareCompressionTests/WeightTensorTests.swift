import PareCompression
import PareGraph
import PareTensor
import PareTraining
import Testing

/// Techniques on convolutions and recurrent layers.
@Suite struct WeightTensorTests {
  /// A convolution over 8 steps, an LSTM, a dense layer.
  private func model() throws -> Model {
    var generator = SeededGenerator(seed: 4)
    func tensor(_ shape: Shape) -> Tensor {
      Tensor((0..<shape.elementCount).map { _ in Float(generator.normal()) * 0.3 }, shape: shape)
    }
    var builder = GraphBuilder(name: "mixed")
    let x = try builder.input("x", ValueType(.float32, ["batch", 5, 8]))
    let filters = try builder.parameter("conv.w", tensor([6, 5, 3]), isTrainable: true)
    let convolved = try builder.apply("Conv", [x, filters], attributes: ["pads": .ints([1, 1])], name: "conv")
    let steps = try builder.apply("Transpose", [convolved], attributes: ["perm": .ints([2, 0, 1])], name: "steps")
    let w = try builder.parameter("lstm.w", tensor([1, 16, 6]), isTrainable: true)
    let r = try builder.parameter("lstm.r", tensor([1, 16, 4]), isTrainable: true)
    let y = try builder.apply("LSTM", [steps, w, r], attributes: ["hidden_size": .int(4)], name: "lstm")
    let last = try builder.parameter("last", Tensor(scalar: Int64(7)), isTrainable: false)
    let step = try builder.apply("Gather", [y, last], attributes: ["axis": .int(0)], name: "step")
    let axes = try builder.parameter("axes", Tensor([Int64(0)]), isTrainable: false)
    let row = try builder.apply("Squeeze", [step, axes], name: "row")
    let head = try builder.parameter("head.w", tensor([3, 4]), isTrainable: true)
    try builder.output(try builder.apply("Gemm", [row, head], attributes: ["transB": .int(1)], name: "head", output: "logits"))
    return Model(graph: builder.graph)
  }

  private func context() throws -> CompressionContext {
    var generator = SeededGenerator(seed: 5)
    let rows = 48
    let x = Tensor((0..<rows * 40).map { _ in Float(generator.normal()) }, shape: [rows, 5, 8])
    return CompressionContext(
      training: try TrainingData(["x": x, "labels": Tensor((0..<rows).map { Int64($0 % 3) })]), seed: 1)
  }

  @Test func everyWeightIsFoundInOrder() throws {
    #expect(try model().graph.weightTensors.map(\.weight) == ["conv.w", "lstm.w", "lstm.r", "head.w"])
    let names = try LayerSelector.operators(["LSTM"]).weights(of: model().graph).map(\.label)
    #expect(names == ["lstm, of its input", "lstm, of its state"])
    #expect(try LayerSelector.exceptFirstAndLast.weights(of: model().graph).map(\.name) == ["lstm", "lstm"])
  }

  @Test func pruningReachesAllOfThemAndFineTuningKeepsTheZeros() throws {
    let tuned = Pruning(sparsity: 0.6, scope: .perLayer, fineTuning: FineTuning(TrainingSchedule(epochs: 2, batchSize: 16)))
    let result = try tuned.compress(model(), in: context())
    for layer in try model().graph.weightTensors {
      let before = try Fixture.weights(model().graph, layer.weight)
      let after = try Fixture.weights(result.model.graph, layer.weight)
      #expect(after.count { $0 == 0 } == Int((0.6 * Double(after.count)).rounded()), "\(layer.label)")
      #expect(before != after)
    }
    #expect(result.layers.count == 4)
  }

  @Test func sharingLeavesFewValuesInEach() throws {
    let shared = try WeightSharing(bits: 2).apply(to: model(), in: context())
    for layer in shared.graph.weightTensors {
      #expect(Set(try Fixture.weights(shared.graph, layer.weight)).count <= 4, "\(layer.label)")
    }
  }

  @Test(arguments: ["quantization", "low-rank"]) func whatATechniqueLeavesIsReportedWithTheReason(_ name: String) throws {
    let technique: any CompressionTechnique = name == "quantization" ? Quantization(.int8) : LowRankFactorization(.rank(1))
    let result = try technique.compress(model(), in: context())
    // Convolutions have an integer form; what a recurrent layer reads can be factorized.
    for label in (name == "quantization" ? ["lstm, of its input"] : ["conv"]) + ["lstm, of its state"] {
      let report = try #require(result.layers.first { $0.layer == label })
      #expect(report.outcome.hasPrefix("left "), "\(report.outcome)")
    }
    #expect(result.layers.contains { $0.layer == "head" && !$0.outcome.hasPrefix("left ") })
    #expect(try result.model.graph.inferredTypes()["logits"] == ValueType(.float32, ["batch", 3]))
  }

  @Test func aWeightThatIsNoNumberIsNamedByItsCoordinates() throws {
    var model = try model()
    var weights = try Fixture.weights(model.graph, "lstm.r")
    weights[9] = .infinity
    model.graph.parameters["lstm.r"]?.storage = ParameterStorage(Tensor(weights, shape: [1, 16, 4]))
    let error = #expect(throws: CompressionError.self) { try WeightSharing(bits: 2).apply(to: model, in: context()) }
    #expect(error?.subject == "layer 'lstm', lstm.r[0, 2, 1]")
  }
}

/// Recurrent layers on integers, as the quantization technique makes them.
@Suite struct RecurrentQuantizationTests {
  private func model(_ cell: String) throws -> Model {
    var generator = SeededGenerator(seed: 11)
    func tensor(_ shape: Shape) -> Tensor {
      Tensor((0..<shape.elementCount).map { _ in Float(generator.normal()) * 0.4 }, shape: shape)
    }
    let gates = cell == "LSTM" ? 4 : 3
    var builder = GraphBuilder(name: "recurrent")
    let window = try builder.input("x", ValueType(.float32, ["batch", 6, 5]))
    let x = try builder.apply("Transpose", [window], attributes: ["perm": .ints([1, 0, 2])], name: "turn")
    let w = try builder.parameter("w", tensor([1, gates * 8, 5]), isTrainable: true)
    let r = try builder.parameter("r", tensor([1, gates * 8, 8]), isTrainable: true)
    let attributes: [String: Attribute] = ["hidden_size": .int(8)].merging(cell == "GRU" ? ["linear_before_reset": .int(1)] : [:]) { $1 }
    let y = try builder.apply(OperatorName(cell), [x, w, r], attributes: attributes, name: "cell")
    let last = try builder.parameter("last", Tensor(scalar: Int64(5)), isTrainable: false)
    let axes = try builder.parameter("axes", Tensor([Int64(0)]), isTrainable: false)
    let row = try builder.apply("Squeeze", [builder.apply("Gather", [y, last], attributes: ["axis": .int(0)]), axes])
    let head = try builder.parameter("head", tensor([3, 8]), isTrainable: true)
    try builder.output(try builder.apply("Gemm", [row, head], attributes: ["transB": .int(1)], name: "head", output: "logits"))
    return Model(graph: builder.graph)
  }

  /// A signal of 30 dB with eight bits and of 15 with four.
  @Test(arguments: [("LSTM", Quantization(.int8, recurrent: .integers), 1000), ("GRU", Quantization(.int8, recurrent: .integers), 1000),
    ("LSTM", Quantization(.int4, recurrent: .integers), 30), ("GRU", Quantization(.int4, recurrent: .integers), 30)])
  func rangesComeFromTheRowsAndTheErrorIsSmall(_ cell: String, _ technique: Quantization, _ ratio: Double) throws {
    var generator = SeededGenerator(seed: 12)
    let rows = 64
    let values = Tensor((0..<6 * rows * 5).map { _ in Float(generator.normal()) }, shape: [rows, 6, 5])
    let model = try model(cell)
    let context = CompressionContext(training: try TrainingData(["x": values]), seed: 1)
    let result = try technique.compress(model, in: context)
    #expect(result.layers.contains { $0.layer == "cell" && $0.outcome.contains("pare.Quantized\(cell)") })
    #expect(result.model.graph.learnedElementCount == model.graph.learnedElementCount)
    #expect(result.model.graph.storedByteCount < model.graph.storedByteCount)
    let outputs = try [model.graph, result.model.graph].map {
      try #require(ReferenceEvaluator($0, binding: ["batch": rows]).run(["x": values])["logits"]).doubles
    }
    let signal = outputs[0].reduce(0) { $0 + $1 * $1 }
    let noise = zip(outputs[0], outputs[1]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    #expect(signal > ratio * noise, "\(signal / noise)")
  }

  @Test func withoutBeingAskedForTheyStayInFloat() throws {
    let values = Tensor([Float](repeating: 0.5, count: 6 * 4 * 5), shape: [4, 6, 5])
    let context = CompressionContext(training: try TrainingData(["x": values]), seed: 1)
    let result = try Quantization(.int8).compress(model("LSTM"), in: context)
    #expect(result.model.graph.nodes.contains { $0.operatorName == "LSTM" })
    #expect(result.layers.contains { $0.outcome.contains("not asked for") })
  }
}
