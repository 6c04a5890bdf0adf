import PareCompression
import PareGraph
import PareInference
import PareTensor
import PareTraining
import Testing

/// Every kind of layer has an integer form, or stays in Float32 and says why.
@Suite struct QuantizationLayerTests {
  static func decibels(_ graph: Graph, against model: Model, _ rows: TrainingData) throws -> Double {
    let (found, expected) = (try NetworkFixture.output(graph, rows), try NetworkFixture.output(model.graph, rows))
    return ErrorMeasure(of: found, against: expected).signalToNoiseDecibels ?? .infinity
  }

  @Test func convolutionsGetOneScaleAFilterAndRunInIntegers() throws {
    let model = try NetworkFixture.convolutional()
    let result = try Quantization(.int8).compress(model, in: CompressionContext(training: NetworkFixture.images(64)))
    let graph = result.model.graph
    #expect(graph.parameters["w1"]?.storage.elementType == .int8 && graph.parameters["w1.scale"]?.storage.shape == [8])
    let lowered = try IntegerLowering.lower(graph)
    #expect(lowered.nodes.count { $0.operatorName.description == "pare.QuantizedConvolution" } == 2)
    #expect(lowered.nodes.count { $0.operatorName.description == "pare.QuantizedDense" } == 1)
    for report in result.layers { #expect(try #require(report.figures["weight_error_in_half_steps"]) <= 1) }
    let rows = try NetworkFixture.images(40, seed: 5)
    #expect(try Self.decibels(graph, against: model, rows) > 30)
    // The plan computes in integers and is within a few steps of the reading.
    let context = try ExecutionPlan(graph).makeContext()
    let x = try #require(rows["x"]).values(as: Float.self)
    let expected = try NetworkFixture.output(model.graph, rows)
    var error = ErrorMeasure()
    for row in 0..<40 {
      let one = Tensor(Array(x[row * 192..<(row + 1) * 192]), shape: [1, 3, 8, 8])
      error.add(try #require(context.run(["x": one])["y"]).doubles, against: Array(expected[row * 4..<(row + 1) * 4]))
    }
    #expect(try #require(error.signalToNoiseDecibels) > 30)
  }

  @Test(arguments: [Calibration.minMax, .percentile(99.99), .movingAverage(), .meanSquaredError, .entropy])
  func everyMethodFindsRangesThatServe(_ calibration: Calibration) throws {
    let model = try NetworkFixture.convolutional()
    let context = CompressionContext(training: try NetworkFixture.images(256))
    let graph = try Quantization(.int8, calibration: calibration).apply(to: model, in: context).graph
    let found = try Self.decibels(graph, against: model, NetworkFixture.images(60, seed: 5))
    #expect(found > 28, "\(found)")
  }

  @Test(arguments: [
    (QuantizationScheme(.int4), 9.0), (QuantizationScheme(.int4, weights: .symmetric(.perTensor), mode: .weightOnly), 9),
    (QuantizationScheme(.float16), 60), (QuantizationScheme(.ternary), 1), (QuantizationScheme(.int8, mode: .dynamic), 30),
    (QuantizationScheme(.int8, weights: .asymmetric(.perChannel), mode: .weightOnly), 35), (QuantizationScheme(.kMeans(bits: 4)), 14),
    (QuantizationScheme(.learned(bits: 4)), 14), (QuantizationScheme(.binary, mode: .weightOnly), 0.5),
  ] as [(QuantizationScheme, Double)]) func convolutionsTakeEveryScheme(_ scheme: QuantizationScheme, _ least: Double) throws {
    let model = try NetworkFixture.convolutional()
    let graph = try Quantization(scheme).apply(to: model, in: CompressionContext(training: NetworkFixture.images(64))).graph
    let rows = try NetworkFixture.images(40, seed: 5)
    let found = try Self.decibels(graph, against: model, rows)
    #expect(found > least, "\(found)")
    let context = try ExecutionPlan(graph).makeContext()
    let one = try NetworkFixture.images(1, seed: 6)
    let image = try #require(one["x"])
    let values = try #require(context.run(["x": image])["y"]).doubles
    let measure = ErrorMeasure(of: values, against: try NetworkFixture.output(graph, one))
    #expect(measure.signalToNoiseDecibels ?? 100 > 20)
  }

  @Test func groupsOfAConvolutionBecomeOneScaleAFilterAndTheReportSaysWhy() throws {
    let result = try Quantization(.int4).compress(
      NetworkFixture.convolutional(), in: CompressionContext(training: NetworkFixture.images(8)))
    #expect(result.layers[0].outcome.contains("(one scale a filter: its window has several axes)"))
    #expect(result.model.graph.parameters["w1"]?.storage.elementType == .int4)
    #expect(result.model.graph.parameters["w3.multiplier"] != nil)
  }

  @Test func aNormalizationBehindAConvolutionIsTakenInBeforeItIsQuantized() throws {
    let model = try NetworkFixture.convolutional(normalized: true)
    let rows = try NetworkFixture.images(64)
    let graph = try Quantization(.int8).apply(to: model, in: CompressionContext(training: rows)).graph
    #expect(!graph.nodes.contains { $0.operatorName == "BatchNormalization" })
    #expect(try Self.decibels(graph, against: model, NetworkFixture.images(40, seed: 5)) > 30)
    let left = try Quantization(.int8, layers: .named(["conv_1"])).apply(to: model, in: CompressionContext(training: rows)).graph
    #expect(left.nodes.contains { $0.operatorName == "BatchNormalization" })
    #expect(left.parameters["w1"] == model.graph.parameters["w1"])
  }

  @Test func attentionKeepsItsCoreInFloat32AndItsProjectionsInIntegers() throws {
    let model = try NetworkFixture.attentive()
    let result = try Quantization(.int8).compress(model, in: CompressionContext(training: NetworkFixture.sequences(64)))
    let reasons = Dictionary(result.layers.map { ($0.layer, $0.outcome) }, uniquingKeysWith: { first, _ in first })
    #expect(reasons["scores"] == "left in Float32: a product of two activations" && reasons["mixed"] == reasons["scores"])
    #expect(reasons["norm"]?.hasPrefix("left in Float32: it divides by a root") == true)
    let lowered = try IntegerLowering.lower(result.model.graph)
    #expect(lowered.nodes.count { $0.operatorName.description == "pare.QuantizedDense" } == 5)
    let found = try Self.decibels(result.model.graph, against: model, NetworkFixture.sequences(40, seed: 5))
    #expect(found > 20, "\(found)")
    // Groups too: each row of a window by itself.
    let four = try Quantization(.int4).apply(to: model, in: CompressionContext(training: NetworkFixture.sequences(64))).graph
    #expect(four.parameters["wq.multiplier"]?.storage.shape == [1, 16])
    #expect(try IntegerLowering.lower(four).nodes.count { $0.operatorName == QuantizedGroupDense.name } == 5)
    let alone = try Quantization(.int4, mode: .weightOnly).apply(to: model, in: CompressionContext()).graph
    #expect(alone.parameters["wq.multiplier"]?.storage.shape == [1, 16])
    let stored = try Self.decibels(alone, against: model, NetworkFixture.sequences(40, seed: 5))
    #expect(stored > 8, "\(stored)")
  }

  /// MatMul over windows keeps its weights `[in, out]`, so that groups run along the first axis.
  @Test(arguments: [false, true]) func groupsOfProjectionsAreTrainedAsTheyAreStored(_ learnsScales: Bool) throws {
    let model = try NetworkFixture.attentive()
    let rows = try NetworkFixture.sequences(64)
    let standard = try Quantization(.int4).apply(to: model, in: CompressionContext(training: rows)).graph
    let form = try FakeQuantizedForm(standard, real: model.graph, learnsScales: learnsScales)
    #expect(!form.graph.nodes.contains { $0.operatorName == "DequantizeLinear" })
    let (fake, real) = (try NetworkFixture.output(form.graph, rows), try NetworkFixture.output(standard, rows))
    #expect(ErrorMeasure(of: fake, against: real).signalToNoiseDecibels ?? .infinity > 60)
    let untrained = try form.standardForm(of: form.graph)
    for name in ["wq", "wk", "wv", "wo"] {
      let (before, after) = (standard.parameters[name]?.storage.decoded(), untrained.parameters[name]?.storage.decoded())
      #expect(before?.shape == [16, 16] && before == after, "\(name)")
    }
    let labels = Tensor((0..<64).map { Int64($0 % 3) })
    let data = try TrainingData(["x": #require(rows["x"]), "labels": labels])
    let settings = TrainingSettings(epochs: 20, batchSize: 16, optimizer: .adam(learningRate: 5e-3), seed: 3)
    let trained = try form.standardForm(of: Trainer(settings).train(form.graph, loss: CrossEntropy(logits: "y"), on: data).graph)
    #expect(try IntegerLowering.lower(trained).nodes.count { $0.operatorName == QuantizedGroupDense.name } == 5)
    let loss = CrossEntropy(logits: "y")
    let (after, before) = (try Trainer().loss(of: trained, by: loss, on: data), try Trainer().loss(of: standard, by: loss, on: data))
    #expect(after < before - 0.1, "\(before) to \(after)")
  }

  @Test(arguments: [
    (QuantizationScheme(.float16), 55.0), (QuantizationScheme(.bfloat16), 35), (QuantizationScheme(.int8, mode: .weightOnly), 30),
    (QuantizationScheme(.int4, mode: .weightOnly), 10), (QuantizationScheme(.int4, weights: .asymmetric(.perTensor), mode: .weightOnly), 8),
    (QuantizationScheme(.kMeans(bits: 4)), 15), (QuantizationScheme(.learned(bits: 4)), 15), (QuantizationScheme(.powersOfTwo(bits: 4)), 10),
    (QuantizationScheme(.ternary), 1), (QuantizationScheme(.binary, mode: .weightOnly), -3),
  ] as [(QuantizationScheme, Double)]) func recurrentWeightsTakeEveryStoredForm(_ scheme: QuantizationScheme, _ least: Double) throws {
    let model = try NetworkFixture.recurrent()
    let graph = try Quantization(scheme).apply(to: model, in: CompressionContext(training: NetworkFixture.windows(64))).graph
    #expect(graph.storedByteCount < model.graph.storedByteCount * 6 / 10)
    let rows = try NetworkFixture.windows(40, seed: 5)
    let found = try Self.decibels(graph, against: model, rows)
    #expect(found > least, "\(found)")
    // The plan reads the same numbers, and runs the layer in its kernel.
    let plan = try ExecutionPlan(graph)
    #expect(plan.steps.contains { $0.nodes.contains("lstm") && $0.isFast })
    let one = try NetworkFixture.windows(1, seed: 6)
    let window = try #require(one["x"])
    let values = try #require(plan.makeContext().run(["x": window])["y"]).doubles
    for (a, b) in zip(values, try NetworkFixture.output(graph, one)) { #expect((a - b).magnitude < 1e-4) }
  }

  @Test func anEmbeddingStaysAndSaysWhy() throws {
    var builder = GraphBuilder(name: "embedding")
    let symbols = try builder.input("symbols", ValueType(.int64, ["batch"]))
    var generator = SeededGenerator(seed: 27)
    let table = try builder.parameter("table", NetworkFixture.tensor([5, 8], &generator), isTrainable: true)
    let row = try builder.apply("Gather", [table, symbols], name: "embedding")
    let weight = try builder.parameter("w", NetworkFixture.tensor([3, 8], &generator), isTrainable: true)
    try builder.output(builder.apply("Gemm", [row, weight], attributes: ["transB": .int(1)], name: "dense", output: "y"))
    let rows = try TrainingData(["symbols": Tensor((0..<50).map { Int64($0 % 5) })])
    let result = try Quantization(.int8).compress(Model(graph: builder.graph), in: CompressionContext(training: rows))
    #expect(result.layers.map(\.layer) == ["dense", "embedding"])
    #expect(result.layers[1].outcome == "left in Float32: a row of a table is copied, nothing is multiplied")
    #expect(result.model.graph.parameters["table"] == builder.graph.parameters["table"])
    #expect(try Self.decibels(result.model.graph, against: Model(graph: builder.graph), rows) > 30)
  }

  @Test func recurrentLayersSayWhyTheyStay() throws {
    let model = try NetworkFixture.recurrent()
    let context = CompressionContext(training: try NetworkFixture.windows(64))
    func outcome(_ technique: Quantization) throws -> String? {
      try technique.compress(model, in: context).layers.first { $0.layer.hasPrefix("lstm") }?.outcome
    }
    #expect(try outcome(Quantization(.int8)) == "left in Float32: recurrent layers were not asked for")
    #expect(try outcome(Quantization(.int8, recurrent: .integers)) == "all in integers, as pare.QuantizedLSTM")
    #expect(try outcome(Quantization(.int8, mode: .dynamic))?.hasPrefix("left in Float32: LSTM has no form with a range") == true)
    #expect(
      try outcome(Quantization(.int4, recurrent: .integers))
        == "all in integers, as pare.QuantizedLSTM with int4 weights in groups of 32")
    #expect(
      try outcome(Quantization(.int4, weights: .symmetric(.perChannel), recurrent: .integers))?.contains("int4 in groups") == true)
  }

  @Test(arguments: [
    QuantizationScheme(.int8), QuantizationScheme(.int4), QuantizationScheme(.int8, mode: .dynamic),
    QuantizationScheme(.int4, weights: .asymmetric(.perGroup(32)), mode: .weightOnly),
  ]) func theAnalysisReadsEveryFormOfTheWeights(_ scheme: QuantizationScheme) throws {
    for (model, rows) in [
      (try NetworkFixture.convolutional(), try NetworkFixture.images(50)), (try NetworkFixture.attentive(), try NetworkFixture.sequences(50)),
    ] {
      let result = try Quantization(scheme).compress(model, in: CompressionContext(training: rows))
      let analyses = try QuantizationAnalysis.layers(of: result.model.graph, against: model.graph, rows: rows)
      let reports = result.layers.filter { $0.weightError != nil }
      #expect(analyses.map(\.layer) == reports.map(\.layer) && analyses.count >= 3)
      for (analysis, report) in zip(analyses, reports) {
        #expect(analysis.weights == report.weightError || analysis.weights.count == report.weightError?.count)
        #expect((analysis.weightErrorInHalfSteps - (report.figures["weight_error_in_half_steps"] ?? 0)).magnitude < 1e-5)
        #expect(analysis.output.signalToNoiseDecibels ?? 0 > 5)
        #expect(scheme.mode != .static || analysis.inputErrorInHalfSteps <= 1.001 && analysis.inputErrorInHalfSteps > 0.5)
      }
    }
  }

  @Test func layersThatReadOneValueByDifferentMapsHaveAPairEach() throws {
    let model = try NetworkFixture.attentive()
    let symmetric = LayerOverride(.named(["key"]), QuantizationScheme(.int8, activations: .symmetric(.perTensor)))
    let graph = try Quantization(.int8, overrides: [symmetric]).apply(
      to: model, in: CompressionContext(training: NetworkFixture.sequences(64))
    ).graph
    let pairs = graph.consumers(of: "norm")
    #expect(pairs.map(\.operatorName) == ["QuantizeLinear", "QuantizeLinear"])
    #expect(try pairs.map { try #require(graph.parameters[$0.inputs[2]]).storage.decoded().doubles != [128] } == [true, false])
    #expect(try Self.decibels(graph, against: model, NetworkFixture.sequences(40, seed: 5)) > 20)
  }

  @Test func layersThatShareAWeightHaveToAgree() throws {
    var graph = OneLayer([1, 2, 3, 4], outputs: 2).model.graph
    graph.nodes.append(Node("Gemm", name: "z", inputs: ["y", "w"], outputs: ["z"], attributes: ["transB": .int(1)]))
    graph.outputs = [ValueInfo("z", ValueType(.float32, ["batch", 2]))]
    let error = try #require(throws: CompressionError.self) {
      try Quantization(.float16, overrides: [LayerOverride(.named(["z"]), QuantizationScheme(.bfloat16))]).apply(
        to: Model(graph: graph), in: CompressionContext())
    }
    #expect(error.description == "weight 'w': expected one scheme in all layers that share it, found another in 'z' than in 'y'")
  }
}
