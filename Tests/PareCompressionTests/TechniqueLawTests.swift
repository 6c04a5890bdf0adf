import PareArtifact
import PareBoostedTrees
import PareCompression
import PareGraph
import PareTensor
import Testing

/// What holds for every technique of the catalogue.
@Suite struct TechniqueLawTests {
  /// Techniques with parameters other than the defaults, each with the parameters of the model that it may change.
  struct Sample: Sendable, CustomTestStringConvertible {
    var technique: any CompressionTechnique
    var mayChange: @Sendable (String) -> Bool
    /// One that the technique changes.
    var model: @Sendable () throws -> Model = { try Fixture.model() }

    var testDescription: String { "\(technique)" }
  }

  static let one = LayerSelector.named(["dense_1"])
  static let ofOne: @Sendable (String) -> Bool = { $0 == "dense_1.weight" }
  /// Those that can run here: trees are grown by XGBoost's library.
  static let samples = everySample.filter { XGBoostLibrary.isAvailable || !($0.technique is TreeDistillation) }
  static let everySample: [Sample] = [
    Sample(
      technique: TreeDistillation(trees: 2, depth: 3, learningRate: 0.5, temperature: 2, hardWeight: 0.25),
      mayChange: { $0.hasPrefix("dense_") }),
    Sample(technique: LookUpTable(features: 2, bins: 5, shrinkage: 3), mayChange: { $0.hasPrefix("dense_") }),
    Sample(
      technique: Distillation(
        into: .mlp(hidden: [5]), temperature: 2.5, hardWeight: 0.3,
        training: TrainingSchedule(epochs: 2, batchSize: 64, learningRate: 0.003, weightDecay: 0.01, patience: 1)),
      mayChange: { $0.hasPrefix("dense_") }),
    Sample(technique: Pruning(sparsity: 0.7, scope: .perLayer, layers: one), mayChange: ofOne),
    Sample(
      technique: Pruning(sparsity: 0.7, fineTuning: FineTuning(TrainingSchedule(epochs: 1, batchSize: 64))),
      mayChange: { $0.hasPrefix("dense_") }),
    Sample(
      technique: Pruning(
        sparsity: 0.6, criterion: .optimalBrainDamage, pattern: .block(outputs: 2, inputs: 3), layers: one, rounds: 2,
        fineTuning: FineTuning(TrainingSchedule(epochs: 1, batchSize: 64), hardWeight: 0.2, temperature: 2)),
      mayChange: { $0.hasPrefix("dense_") }),
    Sample(technique: Pruning(keep: 2, of: 4, criterion: .optimalBrainSurgeon, layers: one), mayChange: ofOne),
    Sample(
      technique: LotteryTicket(
        sparsity: 0.5, rounds: 2, rewindEpochs: 1, draws: 1, scope: .perLayer, layers: one,
        training: TrainingSchedule(epochs: 1, batchSize: 64)),
      mayChange: { $0.hasPrefix("dense_") }),
    Sample(
      technique: StructuredPruning(
        .multiplyAdds(0.7), criterion: .activationMean, layers: one, multiple: 2, compensates: true),
      mayChange: { $0.hasPrefix("dense_1") || $0.hasPrefix("dense_2") }),
    Sample(
      technique: StructuredPruning(
        .ratio(0.4), criterion: .taylor, scope: .perLayer, rounds: 2,
        fineTuning: FineTuning(TrainingSchedule(epochs: 1, batchSize: 64), hardWeight: 0.5, temperature: 3)),
      mayChange: { $0.hasPrefix("dense_") }),
    Sample(technique: FeatureSelection(keep: 2), mayChange: { $0.hasPrefix("dense_0") || $0.hasPrefix("normalizer") || $0.hasPrefix("features") }),
    Sample(
      technique: BlockRemoval(.blocks(1), criterion: .loss, layers: .named(["dense_1", "dense_2"])),
      mayChange: { $0.hasPrefix("dense_1") || $0.hasPrefix("dense_2") }, model: { try Fixture.model(hidden: [8, 8, 8]) }),
    Sample(
      technique: BlockRemoval(
        .ratio(0.6), criterion: .distance, rounds: 2,
        fineTuning: FineTuning(TrainingSchedule(epochs: 1, batchSize: 64), hardWeight: 0.5, temperature: 3)),
      mayChange: { $0.hasPrefix("dense_") }, model: { try Fixture.model(hidden: [8, 8, 8]) }),
    Sample(
      technique: Quantization(
        .int8, weights: .symmetric(.perTensor), activations: .symmetric(.perTensor), calibration: .percentile(99),
        layers: one), mayChange: ofOne),
    Sample(technique: Quantization(.int8, layers: one), mayChange: ofOne),
    Sample(
      technique: QuantizationAwareTraining(
        .int8, freezeAfter: 0.5, calibration: .percentile(99), hardWeight: 0.4, temperature: 2,
        training: TrainingSchedule(epochs: 2, batchSize: 64, learningRate: 0.003, weightDecay: 0.01, patience: 1)),
      mayChange: { $0.hasPrefix("dense_") }),
    Sample(
      technique: QuantizationAwareTraining(
        .int4, stepSizes: .calibrated, layers: one, training: TrainingSchedule(epochs: 1, batchSize: 64)),
      mayChange: { $0.hasPrefix("dense_") }),
    Sample(
      technique: QuantizationAwareTraining(.ternary, layers: one, training: TrainingSchedule(epochs: 1, batchSize: 64)),
      mayChange: { $0.hasPrefix("dense_") }),
    Sample(
      technique: QuantizationAwareTraining(
        .binary, layers: one, recurrent: .integers, training: TrainingSchedule(epochs: 1, batchSize: 64)),
      mayChange: { $0.hasPrefix("dense_") }),
    Sample(
      technique: Quantization(
        .int4, weights: .symmetric(.perGroup(64)), rounding: .gptq(damping: 0.02), calibration: .movingAverage(momentum: 0.8),
        correctsBias: true, layers: one), mayChange: { $0.hasPrefix("dense_1.") }),
    Sample(
      technique: Quantization(
        .int8, weights: .asymmetric(.perTensor), mode: .weightOnly, rounding: .stochastic, layers: one), mayChange: ofOne),
    Sample(
      technique: Quantization(.int8, mode: .dynamic, rounding: .adaptive(iterations: 20), layers: one), mayChange: ofOne),
    Sample(
      technique: Quantization(
        .int8, calibration: .meanSquaredError, layers: one, overrides: [LayerOverride(one, QuantizationScheme(.float16))]),
      mayChange: ofOne),
    Sample(technique: Quantization(.bfloat16, layers: one), mayChange: ofOne),
    Sample(technique: Quantization(.ternary, layers: one), mayChange: ofOne),
    Sample(technique: Quantization(.binary, layers: one), mayChange: { $0.hasPrefix("dense_1.") }),
    Sample(technique: Quantization(.powersOfTwo(bits: 4), layers: one), mayChange: ofOne),
    Sample(technique: Quantization(.kMeans(bits: 3), layers: one), mayChange: ofOne),
    Sample(technique: Quantization(.learned(bits: 3), layers: one), mayChange: ofOne),
    Sample(
      technique: MixedPrecision(
        [QuantizationScheme(.int8, weights: .symmetric(.perTensor)), QuantizationScheme(.ternary)], budget: .ratio(0.8),
        calibration: .percentile(99), layers: one, recurrent: .integers, rows: 100), mayChange: ofOne),
    Sample(technique: LowRankFactorization(.rank(2), layers: one), mayChange: ofOne),
    Sample(technique: LowRankFactorization(.energy(0.6), layers: .exceptFirstAndLast), mayChange: ofOne),
    Sample(technique: LowRankFactorization(.ratio(0.1 + 0.2), layers: one), mayChange: ofOne),
    Sample(
      technique: LowRankFactorization(.rank(2), fineTuning: FineTuning(TrainingSchedule(epochs: 1, batchSize: 64))),
      mayChange: { $0.hasPrefix("dense_") }),
    Sample(
      technique: LowRankFactorization(.budget(0.6), weighting: .activations, layers: one, condition: .faster), mayChange: ofOne,
      model: { try Fixture.model(hidden: [96, 96]) }),
    Sample(
      technique: TensorFactorization(.tuckerOfChannels, .ratio(0.5), layers: .named(["conv_1"]), condition: .smaller),
      mayChange: { $0 == "w2" }, model: { try NetworkFixture.convolutional() }),
    Sample(
      technique: TensorFactorization(.polyadic, .rank(3), layers: .named(["conv_1"]), condition: .smaller),
      mayChange: { $0 == "w2" }, model: { try NetworkFixture.convolutional() }),
    Sample(technique: WeightSharing(bits: 2, start: .linear, layers: one), mayChange: ofOne),
    Sample(technique: WeightSharing(bits: 3, layers: one), mayChange: ofOne),
    Sample(technique: WeightSharing(bits: 3, start: .density, scope: .model), mayChange: { $0.hasSuffix("weight") }),
    Sample(
      technique: WeightSharing(
        bits: 2, start: .random, layers: one, fineTuning: FineTuning(TrainingSchedule(epochs: 1, batchSize: 64), hardWeight: 0.5)),
      mayChange: { $0.hasPrefix("dense_") }),
    Sample(technique: WeightSharing(bits: 3, convolutionBits: 4, layers: one), mayChange: ofOne),
    Sample(technique: WeightSharing(bits: 2, scope: .outputs(4), layers: one), mayChange: ofOne),
    Sample(
      technique: WeightSharing(bits: 3, vector: 4, start: .random, layers: one), mayChange: ofOne,
      model: { try Fixture.model(hidden: [48, 40]) }),
    Sample(
      technique: EntropyCoding(layers: one), mayChange: { $0.hasPrefix("dense_1.") },
      model: { try Pruning(sparsity: 0.9).apply(to: Fixture.model(hidden: [48, 40]), in: Fixture.context()) }),
    Sample(
      technique: EntropyCoding(layers: .operators(["Gemm"])), mayChange: { $0.hasPrefix("dense_") },
      model: { try WeightSharing(bits: 5).apply(to: EntropyCodingTests.peaked([48, 40]), in: Fixture.context()) }),
    Sample(technique: EntropyQuantization(bits: 3, rows: 64, layers: one), mayChange: { $0.hasPrefix("dense_1.") }),
    Sample(
      technique: CrossLayerEqualization(layers: .operators(["Gemm"])), mayChange: { $0.hasPrefix("dense_") },
      model: { try QuantizationAdjustmentTests.uneven() }),
    Sample(
      technique: ActivationSmoothing(strength: 0.75, inserts: true, layers: one),
      mayChange: { $0.hasPrefix("dense_0.") || $0 == "dense_1.weight" }),
    Sample(
      technique: LowRankAdaptation(
        rank: 3, strength: 1.5, layers: one, biases: false,
        training: FineTuning(TrainingSchedule(epochs: 2, batchSize: 64), hardWeight: 0.5, temperature: 2)), mayChange: ofOne),
    Sample(
      technique: LowRankAdaptation(
        rank: 1, layers: one, merges: false, training: FineTuning(TrainingSchedule(epochs: 1, batchSize: 64))),
      mayChange: { $0 == "dense_1.bias" }),
  ]

  @Test func everyTechniqueOfTheCatalogueHasASample() {
    let sampled = Set(Self.everySample.map { type(of: $0.technique).name })
    #expect(Set(TechniqueCatalogue.all.map { $0.name }) == sampled)
    #expect(TechniqueCatalogue.all.count == sampled.count)
  }

  @Test(arguments: samples) func parametersSurviveBothSpellings(_ sample: Sample) throws {
    let recipe = Recipe(name: "law", steps: [sample.technique])
    #expect(try Recipe(yaml: recipe.yaml()) == recipe)
    #expect(try Recipe(yaml: recipe.json()) == recipe)
  }

  @Test(arguments: samples) func theSameSeedGivesTheSameBytes(_ sample: Sample) throws {
    let model = try sample.model()
    let first = try Artifact.encode(sample.technique.apply(to: model, in: Fixture.context()))
    let second = try Artifact.encode(sample.technique.apply(to: model, in: Fixture.context()))
    #expect(first == second)
    #expect(try first != Artifact.encode(model))
  }

  @Test(arguments: samples) func whatIsNotSelectedStaysBitIdentical(_ sample: Sample) throws {
    let model = try sample.model()
    let after = try sample.technique.apply(to: model, in: Fixture.context())
    var kept = 0
    for (name, parameter) in model.graph.parameters where !sample.mayChange(name) {
      #expect(after.graph.parameters[name] == parameter, "\(name)")
      kept += 1
    }
    #expect(kept >= 5)
    #expect(after.sections == model.sections)
  }

  @Test(arguments: samples) func theInterfaceIsPreserved(_ sample: Sample) throws {
    let model = try sample.model()
    let after = try sample.technique.apply(to: model, in: Fixture.context()).graph
    #expect(after.inputs == model.graph.inputs)
    #expect(after.outputs == model.graph.outputs)
    let types = try after.inferredTypes()
    for output in model.graph.outputs { #expect(types[output.name] == output.type) }
  }

  @Test(arguments: samples) func theFileWeighsWhatTheStoragePromises(_ sample: Sample) throws {
    let model = try sample.model()
    let applied = try Recipe(name: "law", steps: [sample.technique]).apply(to: model, in: Fixture.context())
    let after = applied.model
    // What the report says is what storage says, by whatever it is counted, and what the file holds.
    #expect(applied.steps[0].bytes == .init(before: model.graph.storedByteCount, after: after.graph.storedByteCount))
    let parts = ParameterBytes(of: after.graph)
    #expect(parts.weights + parts.scales + parts.biases + parts.others == after.graph.storedByteCount)
    let bytes = try Artifact.encode(after)
    // Scalars stand in the text of the graph.
    let scalars = after.graph.parameters.values.reduce(0) {
      $0 + ($1.storage.shape.rank == 0 ? $1.storage.byteCount : 0)
    }
    let tensors = try Safetensors(bytes: bytes).tensors.values.reduce(0) { $0 + $1.byteCount }
    #expect(tensors == after.graph.storedByteCount - scalars)
    let restored = try Artifact.decode(bytes)
    #expect(restored.graph.parameters.count == after.graph.parameters.count)
    for (name, parameter) in after.graph.parameters { #expect(restored.graph.parameters[name] == parameter, "\(name)") }
  }

  @Test(arguments: samples) func everyReportNamesALayer(_ sample: Sample) throws {
    let result = try sample.technique.compress(sample.model(), in: Fixture.context())
    #expect(!result.layers.isEmpty)
    for report in result.layers { #expect(!report.layer.isEmpty && !report.outcome.isEmpty) }
  }
}
