import PareCompression
import PareGraph
import PareInference
import PareModels
import PareTensor
import PareTraining
import Testing

@Suite struct QuantizationAwareTrainingTests {
  typealias QAT = QuantizationAwareTraining
  static let short = TrainingSchedule(epochs: 2, batchSize: 64, learningRate: 1e-3)

  /// The fixture's model, trained on its labels.
  static func trained(hidden: [Int] = [32, 16], seed: UInt64 = 5) throws -> Model {
    try Distillation(
      into: .mlp(hidden: hidden), temperature: 1, hardWeight: 1,
      training: TrainingSchedule(epochs: 40, batchSize: 64, learningRate: 5e-3)
    ).apply(to: Fixture.model(seed: seed), in: Fixture.context())
  }

  static func loss(_ model: Model, seed: UInt64 = 77) throws -> Double {
    try Trainer().loss(of: model.graph, by: CrossEntropy(), on: Fixture.rows(4000, seed: seed))
  }

  /// Of the probabilities: what is common to a row's logits says nothing.
  static func signalToNoise(_ model: Model, _ original: Model) throws -> Double {
    let rows = try Fixture.rows(2000, seed: 55)
    func probabilities(_ model: Model) throws -> [Double] {
      try #require(Scorer(model.graph, outputs: ["probabilities"]).run(rows)["probabilities"]).doubles
    }
    return try #require(ErrorMeasure(of: probabilities(model), against: probabilities(original)).signalToNoiseDecibels)
  }

  @Test func theGraphIsThatOfQuantizationByRoundingAndRunsInIntegers() throws {
    let model = try Fixture.model()
    let rounded = try Quantization(.int8).apply(to: model, in: Fixture.context()).graph
    let graph = try QAT(.int8, hardWeight: 1, training: Self.short).apply(to: model, in: Fixture.context()).graph
    #expect(graph.nodes == rounded.nodes)
    #expect(graph.parameters.keys == rounded.parameters.keys)
    for (name, parameter) in graph.parameters {
      #expect(parameter.storage.elementType == rounded.parameters[name]?.storage.elementType, "\(name)")
      #expect(parameter.isTrainable == rounded.parameters[name]?.isTrainable, "\(name)")
    }
    #expect(graph.parameters["dense_1.weight"] != rounded.parameters["dense_1.weight"])
    #expect(graph.parameters["relu_0.scale"] != rounded.parameters["relu_0.scale"])
    #expect(try QuantizationTests.integerLayers(of: graph) == 3)
    _ = try ExecutionPlan(graph)
  }

  @Test(arguments: [QAT.Precision.int8, .int4], [true, false])
  func beforeTrainingTheFormsAgree(_ precision: QAT.Precision, _ learnsScales: Bool) throws {
    let model = try Fixture.model(hidden: [70, 40])
    let standard = try QAT(precision).rounded(model, in: Fixture.context()).graph
    let form = try FakeQuantizedForm(standard, real: model.graph, learnsScales: learnsScales)
    #expect(!form.graph.nodes.contains { ["QuantizeLinear", "DequantizeLinear"].contains($0.operatorName) })
    #expect(form.logarithms.count == (learnsScales ? 6 : 0))
    let back = try form.standardForm(of: form.graph)
    for (name, parameter) in standard.parameters {
      let (before, after) = (parameter.storage.decoded().doubles, back.parameters[name]?.storage.decoded().doubles ?? [])
      // A weight beside a tie may be rounded the other way, and a scale by a unit in the last place.
      #expect(zip(before, after).count { abs($0 - $1) <= 1e-6 * abs($0) } >= before.count * 999 / 1000, "\(name)")
    }
    let rows = try Fixture.rows(300, seed: 12)
    let (fake, real) = (
      try #require(Scorer(form.graph, outputs: ["logits"]).run(rows)["logits"]).doubles,
      try #require(Scorer(standard, outputs: ["logits"]).run(rows)["logits"]).doubles
    )
    // Nil where there is no noise at all.
    #expect((ErrorMeasure(of: fake, against: real).signalToNoiseDecibels ?? .infinity) > 50)
  }

  @Test(arguments: [QAT.Precision.int8, .int4]) func theTrainedGraphIsTheDeployedOne(_ precision: QAT.Precision) throws {
    let model = try Self.trained(hidden: [40, 40])
    let (rows, fresh) = (try Fixture.rows(), try Fixture.rows(1000, seed: 21))
    let standard = try QAT(precision).rounded(model, in: Fixture.context()).graph
    let form = try FakeQuantizedForm(standard, real: model.graph, learnsScales: true)
    let settings = TrainingSettings(epochs: 6, batchSize: 64, optimizer: .adam(learningRate: 5e-3), seed: 3)
    let trained = try Trainer(settings).train(form.graph, loss: CrossEntropy(), on: rows).graph
    let deployed = try form.standardForm(of: trained)
    #expect(deployed.parameters["relu_0.scale"] != standard.parameters["relu_0.scale"])
    let (ours, theirs) = (
      try #require(Scorer(deployed, outputs: ["logits"]).run(fresh)["logits"]).doubles,
      try #require(Scorer(trained, outputs: ["logits"]).run(fresh)["logits"]).doubles
    )
    #expect((ErrorMeasure(of: ours, against: theirs).signalToNoiseDecibels ?? .infinity) > 45)
  }

  @Test func int8IsAtLeastAsGoodAsRoundingAndInt4IsBetter() throws {
    let model = try Self.trained()
    let context = try Fixture.context()
    let schedule = TrainingSchedule(epochs: 20, batchSize: 64, learningRate: 1e-3, patience: 20)
    for precision in [QAT.Precision.int8, .int4] {
      let technique = QAT(precision, hardWeight: 1, training: schedule)
      let rounded = try Self.loss(technique.rounded(model, in: context))
      let learned = try Self.loss(technique.apply(to: model, in: context))
      if precision == .int8 { #expect(learned <= rounded + 1e-4) } else { #expect(learned < rounded) }
    }
  }

  @Test func fourBitWeightsAreInGroupsAndRunInIntegers() throws {
    let graph = try QAT(.int4, training: Self.short).apply(to: Fixture.model(hidden: [70, 40]), in: Fixture.context()).graph
    let weight = try #require(graph.parameters["dense_1.weight"])
    #expect(weight.storage.elementType == .int4 && weight.storage.byteCount == 40 * 70 / 2)
    #expect(graph.parameters["dense_1.weight.multiplier"]?.storage.shape == [40, 3])
    let lowered = try IntegerLowering.lower(graph)
    #expect(lowered.nodes.count { $0.operatorName == QuantizedGroupDense.name } == 3)
    _ = try ExecutionPlan(graph)
  }

  @Test(arguments: [QAT.Precision.int8, .int4]) func prunedWeightsStayZero(_ precision: QAT.Precision) throws {
    let context = try Fixture.context()
    let pruned = try Pruning(sparsity: 0.6).apply(to: Fixture.model(hidden: [40, 40]), in: context)
    let graph = try QAT(precision, hardWeight: 1, training: Self.short).apply(to: pruned, in: context).graph
    for layer in pruned.graph.linearLayers {
      let integers = try #require(graph.parameters[layer.weight]).storage.decoded().doubles
      for (weight, integer) in zip(try Fixture.weights(pruned.graph, layer.weight), integers) where weight == 0 {
        #expect(integer == 0)
      }
    }
    if precision == .int8 { #expect(graph.parameters["dense_1.weight"]?.storage.layout == .bitmask) }
  }

  @Test func unlessToldTheModelTeachesItselfAndNoLabelsAreNeeded() throws {
    let teacher = try Fixture.model(seed: 5)
    var context = try Fixture.context()
    context.training = try TrainingData(["features": #require(context.training?["features"])])
    context.validation = try TrainingData(["features": #require(context.validation?["features"])])
    let technique = QAT(.int4, training: TrainingSchedule(epochs: 20, batchSize: 32, learningRate: 1e-3))
    let (rounded, learned) = (try technique.rounded(teacher, in: context), try technique.apply(to: teacher, in: context))
    #expect(try Self.signalToNoise(learned, teacher) > Self.signalToNoise(rounded, teacher))
  }

  @Test func stepSizesThatFreezeAtOnceAreThoseOfCalibration() throws {
    let model = try Fixture.model()
    let learned = try QAT(.int8, freezeAfter: 0, hardWeight: 1, training: Self.short).apply(to: model, in: Fixture.context()).graph
    let calibrated = try QAT(.int8, stepSizes: .calibrated, hardWeight: 1, training: Self.short).apply(to: model, in: Fixture.context()).graph
    #expect(learned.parameters == calibrated.parameters)
    let free = try QAT(.int8, freezeAfter: 1, hardWeight: 1, training: Self.short).apply(to: model, in: Fixture.context()).graph
    #expect(free.parameters["relu_0.scale"] != calibrated.parameters["relu_0.scale"])
  }

  @Test func aStartThatNoEpochBeatsIsKept() throws {
    let model = try Self.trained()
    let wild = QAT(.int8, training: TrainingSchedule(epochs: 1, batchSize: 32, learningRate: 3))
    let rounded = try wild.rounded(model, in: Fixture.context())
    let result = try wild.compress(model, in: Fixture.context())
    #expect(try abs(Self.loss(result.model) - Self.loss(rounded)) < 1e-3)
    #expect(result.layers.allSatisfy { $0.outcome.hasPrefix("kept as rounded") })
  }

  // MARK: what models and data may be

  private static func convolutional(normalized: Bool) throws -> (Model, CompressionContext) {
    var generator = SeededGenerator(seed: 2)
    func draw(_ shape: Shape, _ size: Double) -> Tensor {
      Tensor((0..<shape.elementCount).map { _ in Float(generator.normal() * size) }, shape: shape)
    }
    var builder = GraphBuilder(name: "cnn")
    let x = try builder.input("features", ValueType(.float32, ["batch", 3, 12]))
    let w = try builder.parameter("conv.weight", draw([8, 3, 3], 0.4), isTrainable: true)
    let b = try builder.parameter("conv.bias", draw([8], 0.1), isTrainable: true)
    var value = try builder.apply("Conv", [x, w, b], attributes: ["pads": .ints([1, 1])], name: "conv")
    if normalized {
      var inputs = [value]
      for (name, size, start) in [("scale", 0.1, 1), ("shift", 0.1, 0), ("mean", 0.1, 0)] as [(String, Double, Float)] {
        let values = draw([8], size).values(as: Float.self).map { $0 + start }
        inputs.append(try builder.parameter(name, Tensor(values), isTrainable: name.hasPrefix("s")))
      }
      inputs.append(try builder.parameter("variance", Tensor([Float](repeating: 0.8, count: 8)), isTrainable: false))
      value = try builder.apply("BatchNormalization", inputs, name: "normalization")
    }
    value = try builder.apply("Relu", [value], name: "relu")
    value = try builder.apply("Flatten", [builder.apply("GlobalAveragePool", [value], name: "pool")], name: "flatten")
    let head = try builder.parameter("head.weight", draw([8, 3], 0.5), isTrainable: true)
    value = try builder.apply("MatMul", [value, head], name: "head")
    let bias = try builder.parameter("head.bias", Tensor(zeros: .float32, shape: [3]), isTrainable: true)
    try builder.output(builder.apply("Add", [value, bias], name: "add", output: "logits"))
    func rows(_ count: Int) throws -> TrainingData {
      let features = draw([count, 3, 12], 1)
      let values = features.values(as: Float.self)
      let labels = (0..<count).map { row -> Int64 in
        let score = values[row * 36..<row * 36 + 12].reduce(0) { $0 + abs($1) } / 12
        return score < 0.65 ? 0 : score > 0.95 ? 2 : 1
      }
      return try TrainingData(["features": features, "labels": Tensor(labels)])
    }
    return (Model(graph: builder.graph), CompressionContext(training: try rows(400), validation: try rows(200), seed: 4))
  }

  @Test(arguments: [false, true], [QAT.Precision.int8, .int4])
  func convolutionsRunInIntegersWithBatchNormalizationFolded(_ normalized: Bool, _ precision: QAT.Precision) throws {
    let (model, context) = try Self.convolutional(normalized: normalized)
    let technique = QAT(precision, hardWeight: 1, training: TrainingSchedule(epochs: 10, batchSize: 32, learningRate: 5e-3))
    let result = try technique.compress(model, in: context)
    let graph = result.model.graph
    #expect(!graph.nodes.contains { $0.operatorName == "BatchNormalization" })
    let lowered = try IntegerLowering.lower(graph)
    #expect(lowered.nodes.contains { $0.operatorName == QuantizedConvolution.name })
    #expect(lowered.nodes.contains { $0.operatorName == (precision == .int8 ? QuantizedDense.name : QuantizedGroupDense.name) })
    #expect(result.layers.map(\.layer) == ["conv", "head"])
    let validation = try #require(context.validation)
    let (before, after) = (
      try Trainer().loss(of: model.graph, by: CrossEntropy(), on: validation),
      try Trainer().loss(of: graph, by: CrossEntropy(), on: validation)
    )
    #expect(after < before - 0.05)
    _ = try ExecutionPlan(graph)
  }

  @Test func layersLeftOutLearnInFloat32() throws {
    let model = try Fixture.model()
    let technique = QAT(.int8, layers: .exceptFirstAndLast, hardWeight: 1, training: Self.short)
    let graph = try technique.apply(to: model, in: Fixture.context()).graph
    #expect(graph.parameters["dense_0.weight"]?.storage.elementType == .float32)
    #expect(graph.parameters["dense_0.weight"] != model.graph.parameters["dense_0.weight"])
    #expect(graph.parameters["dense_1.weight"]?.storage.elementType == .int8)
  }

  @Test func layersOfOneValueAndOneRowAreTrained() throws {
    var model = try Fixture.model()
    model.graph.parameters["dense_1.weight"]?.storage = ParameterStorage(Tensor(zeros: .float32, shape: [10, 12]))
    let row = try Fixture.rows(1)
    let context = CompressionContext(training: row, validation: nil, seed: 1)
    for precision in [QAT.Precision.int8, .int4] {
      let graph = try QAT(precision, training: Self.short).apply(to: model, in: context).graph
      #expect(graph.parameters.values.allSatisfy { $0.storage.decoded().doubles.allSatisfy(\.isFinite) })
      _ = try ExecutionPlan(graph)
    }
  }

  @Test func withoutRowsOrWithNaNTheMessageSaysSo() throws {
    let model = try Fixture.model()
    let missing = try #require(throws: CompressionError.self) { try QAT(.int8).apply(to: model, in: CompressionContext()) }
    #expect(missing.description == "quantization-aware-training: expected rows of the training part, found none")
    let rows = try TrainingData([
      "features": Tensor([Float](repeating: .nan, count: 12), shape: [2, 6]), "labels": Tensor([Int64(0), 1]),
    ])
    let nan = try #require(throws: CompressionError.self) { try QAT(.int8).apply(to: model, in: CompressionContext(training: rows)) }
    #expect(nan.code == "compression.non-finite-value")
    var broken = model
    var weights = try Fixture.weights(model.graph, "dense_1.weight")
    weights[13] = .nan
    broken.graph.parameters["dense_1.weight"]?.storage = ParameterStorage(Tensor(weights, shape: [10, 12]))
    let weight = try #require(throws: CompressionError.self) { try QAT(.int4).apply(to: broken, in: Fixture.context()) }
    #expect(weight.description == "layer 'dense_1', dense_1.weight[1, 1]: expected a finite number, found nan")
  }

  @Test func parametersOutOfRangeAreNamed() throws {
    func message(_ text: String) throws -> String {
      try #require(throws: CompressionError.self) {
        try Recipe(yaml: "schema: 1\nname: r\nsteps:\n  - {technique: quantization-aware-training, precision: int8, \(text)}\n")
      }.description
    }
    #expect(try message("freeze-after: 1.5") == "steps[0].freeze-after: expected a fraction in 0 ... 1, found 1.5")
    #expect(try message("temperature: 0") == "steps[0].temperature: expected a number above 0, found 0.0")
    #expect(try message("hard-weight: -1") == "steps[0].hard-weight: expected a fraction in 0 ... 1, found -1.0")
    #expect(try message("training: {epochs: 0}") == "steps[0].training.epochs: expected at least 1, found 0")
  }
}
