import PareCompression
import PareGraph
import PareInference
import PareTensor
import PareTraining
import Testing

/// Training of ternary weights.
@Suite struct TernaryTrainingTests {
  typealias QAT = QuantizationAwareTraining
  static let short = TrainingSchedule(epochs: 2, batchSize: 64, learningRate: 1e-3)

  private static func logits(_ graph: Graph, _ rows: TrainingData) throws -> [Double] {
    try #require(Scorer(graph, outputs: ["logits"]).run(rows)["logits"]).doubles
  }

  @Test func theGraphIsThatOfQuantizationByRounding() throws {
    let model = try Fixture.model(hidden: [40, 24])
    let rounded = try Quantization(.ternary, layers: .exceptFirstAndLast).apply(to: model, in: Fixture.context()).graph
    let result = try QAT(.ternary, hardWeight: 1, training: Self.short).compress(model, in: Fixture.context())
    let graph = result.model.graph
    #expect(graph.nodes == rounded.nodes)
    #expect(graph.parameters.keys == rounded.parameters.keys)
    let weight = try #require(graph.parameters["dense_1.weight"]).storage
    #expect(weight.element == .sign && weight.layout == .bitmask && weight.shape == [24, 40])
    #expect(result.layers.map(\.layer) == ["dense_1"])
    #expect(result.layers[0].figures["bytes"] == Double(weight.byteCount))
    #expect(graph.parameters["dense_0.weight"] != model.graph.parameters["dense_0.weight"])
    _ = try ExecutionPlan(graph)
  }

  @Test(arguments: [true, false]) func beforeTrainingItIsWhatRoundingGives(_ learnsScales: Bool) throws {
    let model = try Fixture.model(hidden: [40, 24])
    let rounded = try Quantization(.ternary).apply(to: model, in: Fixture.context()).graph
    let form = try TernaryForm(model.graph, layers: model.graph.weightTensors, learnsScales: learnsScales)
    #expect(form.logarithms.count == (learnsScales ? 3 : 0))
    let deployed = try form.deployed(form.graph)
    // The best of all thresholds lies at half the scale, where rounding has it.
    #expect(deployed.nodes == rounded.nodes)
    #expect(deployed.parameters == rounded.parameters)
    let rows = try Fixture.rows(200, seed: 9)
    let noise = ErrorMeasure(of: try Self.logits(form.graph, rows), against: try Self.logits(rounded, rows)).signalToNoiseDecibels
    #expect((noise ?? .infinity) > 100)
  }

  @Test func theTrainedGraphIsTheDeployedOne() throws {
    let model = try QuantizationAwareTrainingTests.trained(hidden: [40, 40])
    let (rows, fresh) = (try Fixture.rows(), try Fixture.rows(1000, seed: 21))
    let form = try TernaryForm(model.graph, layers: model.graph.weightTensors, learnsScales: true)
    let settings = TrainingSettings(epochs: 6, batchSize: 64, optimizer: .adam(learningRate: 5e-3), seed: 3)
    let trained = try Trainer(settings).train(form.graph, loss: CrossEntropy(), on: rows).graph
    let deployed = try form.deployed(trained)
    #expect(trained.parameters["dense_1.weight.logarithm"] != form.graph.parameters["dense_1.weight.logarithm"])
    let noise = ErrorMeasure(of: try Self.logits(deployed, fresh), against: try Self.logits(trained, fresh)).signalToNoiseDecibels
    #expect((noise ?? .infinity) > 80)
  }

  @Test func trainingIsNearerToTheModelThanRounding() throws {
    let model = try QuantizationAwareTrainingTests.trained()
    let schedule = TrainingSchedule(epochs: 30, batchSize: 64, learningRate: 3e-3, patience: 30)
    let context = try Fixture.context()
    let (rounded, learned) = (
      try Quantization(.ternary).apply(to: model, in: context),
      try QAT(.ternary, layers: .all, training: schedule).apply(to: model, in: context)
    )
    let (before, after) = (
      try QuantizationAwareTrainingTests.signalToNoise(rounded, model), try QuantizationAwareTrainingTests.signalToNoise(learned, model)
    )
    #expect(after > before + 3)
  }

  @Test func prunedWeightsStayZero() throws {
    let context = try Fixture.context()
    let pruned = try Pruning(sparsity: 0.6).apply(to: Fixture.model(hidden: [40, 40]), in: context)
    let graph = try QAT(.ternary, layers: .all, hardWeight: 1, training: Self.short).apply(to: pruned, in: context).graph
    for layer in pruned.graph.linearLayers {
      let signs = try #require(graph.parameters[layer.weight]).storage.decoded().doubles
      for (weight, sign) in zip(try Fixture.weights(pruned.graph, layer.weight), signs) where weight == 0 { #expect(sign == 0) }
    }
  }

  @Test(arguments: ["LSTM", "GRU"] as [OperatorName]) func recurrentWeightsAreTernaryToo(_ layer: OperatorName) throws {
    let (model, context) = try RecurrentTrainingTests.model(layer)
    let rounded = try Quantization(.ternary).apply(to: model, in: context).graph
    let form = try TernaryForm(model.graph, layers: model.graph.weightTensors, learnsScales: true)
    #expect(try form.deployed(form.graph).parameters == rounded.parameters)
    let result = try QAT(.ternary, layers: .all, hardWeight: 1, training: Self.short).compress(model, in: context)
    #expect(result.model.graph.nodes == rounded.nodes)
    #expect(result.layers.map(\.layer) == ["layer, of its input", "layer, of its state", "head"])
    #expect(result.layers.allSatisfy { ($0.figures["bytes"] ?? 0) > 0 })
    _ = try ExecutionPlan(result.model.graph)
  }

  @Test func filtersThatDoNotComeFirstStayReal() throws {
    var builder = GraphBuilder(name: "up")
    let x = try builder.input("features", ValueType(.float32, ["batch", 2, 4]))
    let weights = (0..<2 * 3 * 2).map { Float($0) / 6 - 1 }
    let w = try builder.parameter("up.weight", Tensor(weights, shape: [2, 3, 2]), isTrainable: true)
    try builder.output(builder.apply("ConvTranspose", [x, w], name: "up", output: "y"))
    let error = try #require(throws: CompressionError.self) {
      try TernaryForm(builder.graph, layers: builder.graph.weightTensors, learnsScales: true)
    }
    #expect(
      error.description
        == "model 'up': expected a selected layer whose weights can be ternary, found up: the filters of ConvTranspose do not come first")
  }

  @Test func weightsOfNaNAreRefusedByTheirPlace() throws {
    var model = try Fixture.model()
    var weights = try Fixture.weights(model.graph, "dense_1.weight")
    weights[13] = .nan
    model.graph.parameters["dense_1.weight"]?.storage = ParameterStorage(Tensor(weights, shape: [10, 12]))
    let error = try #require(throws: CompressionError.self) { try QAT(.ternary).apply(to: model, in: Fixture.context()) }
    #expect(error.description == "layer 'dense_1', dense_1.weight[1, 1]: expected a finite number, found nan")
  }
}
