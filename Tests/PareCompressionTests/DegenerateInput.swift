import PareBoostedTrees
import PareCompression
import PareGraph
import PareTensor
import PareTraining
import Testing

/// Every technique, with parameters that any model allows, and models at the edge of what a technique may be given.
enum DegenerateInput {
  /// A technique under the name by which expectations know it.
  struct Entry: Sendable, CustomTestStringConvertible {
    let name: String
    let technique: any CompressionTechnique

    init(_ technique: any CompressionTechnique, _ detail: String = "") {
      self.technique = technique
      name = type(of: technique).name + (detail.isEmpty ? "" : " \(detail)")
    }

    var testDescription: String { name }

    /// Whether it has a network learn, so that its answers change.
    var trains: Bool {
      [
        "distillation", "tree-distillation", "look-up-table", "lottery-ticket", "quantization-aware-training", "low-rank-adaptation",
      ].contains { name.hasPrefix($0) } || name.hasSuffix("trained")
    }

    /// Whether it looks at rows of the training part.
    var needsRows: Bool {
      switch name {
      case "pruning magnitude", "tensor-factorization", "cross-layer-equalization", "entropy-coding", "low-rank rank above full", "low-rank rank",
        "low-rank energy":
        false
      case "quantization float16", "quantization bfloat16", "quantization ternary", "quantization powersOfTwo(bits: 4)",
        "quantization kMeans(bits: 4)", "quantization dynamic", "quantization stochastic":
        false
      default: !name.hasPrefix("weight-sharing") || trains
      }
    }
  }

  static let schedule = TrainingSchedule(epochs: 1, batchSize: 64)

  /// Those that can run here: trees are grown by XGBoost's library.
  static let entries = everyEntry.filter { XGBoostLibrary.isAvailable || !($0.technique is TreeDistillation) }
  static let everyEntry: [Entry] = [
    Entry(TreeDistillation(depth: 2, hardWeight: 0.5)),
    Entry(LookUpTable(features: 2, bins: 4)),
    Entry(Distillation(into: .mlp(hidden: [4]), temperature: 2, hardWeight: 0.5, training: schedule)),
    Entry(LotteryTicket(sparsity: 0.5, rounds: 1, rewindEpochs: 0, draws: 1, training: schedule)),
    Entry(BlockRemoval(.ratio(1))),
    Entry(BlockRemoval(.ratio(1), criterion: .loss), "by loss"),
    Entry(MixedPrecision(budget: .ratio(0.9), rows: 64)),
    Entry(TensorFactorization(.tuckerOfChannels, .rank(1), condition: .smaller)),
    Entry(CrossLayerEqualization()),
    Entry(EntropyCoding()),
    Entry(EntropyQuantization(bits: 4, rows: 64)),
    Entry(FeatureSelection(keep: 2)),
    Entry(ActivationSmoothing(inserts: true)),
    Entry(LowRankAdaptation(training: FineTuning(schedule))),
  ] + ([.magnitude, .gradient, .optimalBrainDamage, .optimalBrainSurgeon] as [Pruning.Criterion]).map {
    Entry(Pruning(sparsity: 0.5, criterion: $0), "\($0)")
  } + ([.l1, .l2, .activationMean, .activationVariance, .nonZero, .taylor] as [ChannelCriterion]).map {
    Entry(StructuredPruning(.ratio(0.5), criterion: $0, compensates: true), "\($0)")
  } + ([.float16, .bfloat16, .int8, .int4, .ternary, .binary, .powersOfTwo(bits: 4), .kMeans(bits: 4), .learned(bits: 4)]
    as [QuantizationPrecision]).map {
    Entry(Quantization($0), "\($0)")
  } + ([.minMax, .percentile(99), .meanSquaredError, .entropy, .movingAverage(momentum: 0.9)] as [Calibration]).map {
    Entry(Quantization(.int8, calibration: $0), "by \($0.method)")
  } + [
    Entry(Quantization(.int8, mode: .dynamic), "dynamic"),
    Entry(Quantization(.int8, mode: .weightOnly, rounding: .stochastic), "stochastic"),
    Entry(Quantization(.int8, rounding: .gptq(damping: 0.01), correctsBias: true), "gptq"),
    Entry(Quantization(.int8, rounding: .adaptive(iterations: 10)), "adaptive"),
    Entry(QuantizationAwareTraining(.int8, training: schedule), "int8"),
    Entry(QuantizationAwareTraining(.int4, training: schedule), "int4"),
    Entry(QuantizationAwareTraining(.ternary, training: schedule), "ternary"),
    Entry(QuantizationAwareTraining(.binary, training: schedule), "binary"),
    Entry(LowRankFactorization(.rank(1000)), "rank above full"),
    Entry(LowRankFactorization(.rank(1)), "rank"),
    Entry(LowRankFactorization(.energy(0)), "energy"),
    Entry(LowRankFactorization(.budget(0.5), weighting: .activations), "budget"),
    Entry(WeightSharing(bits: 8), "more values than weights"),
    Entry(WeightSharing(bits: 1, start: .random), "random"),
    Entry(WeightSharing(bits: 3, start: .density, scope: .model), "of the model"),
    Entry(WeightSharing(bits: 3, start: .linear, fineTuning: FineTuning(schedule)), "trained"),
  ]

  /// A kind of model that is at an edge.
  enum Kind: String, CaseIterable, Sendable {
    case zeroWeights = "all weights zero"
    case equalWeights = "all weights equal"
    case oneLayer = "one layer"
    case oneOutput = "one output"
    case oneNeuron = "one neuron in each layer"
    case nothing = "nothing to compress"
  }

  static func model(_ kind: Kind) throws -> Model {
    switch kind {
    case .zeroWeights: return try filled(0)
    case .equalWeights: return try filled(0.5)
    case .oneLayer: return try Fixture.model(hidden: [])
    case .oneNeuron: return try Fixture.model(hidden: [1, 1])
    case .oneOutput: return try ofOneOutput()
    case .nothing:
      var builder = GraphBuilder(name: "nothing")
      let x = try builder.input("features", ValueType(.float32, ["batch", .fixed(Fixture.features)]))
      try builder.output(builder.apply("Relu", [x], name: "relu", output: "logits"))
      return Model(graph: builder.graph)
    }
  }

  /// What a technique says of a model that it cannot compress; nil where it can.
  static func refusal(_ entry: Entry, _ kind: Kind) -> String? {
    let anything = "at least one selected layer with Float32 weights, found"
    switch (kind, type(of: entry.technique).name) {
    case (.nothing, "distillation"), (.nothing, "tree-distillation"), (.nothing, "look-up-table"): return nil
    case (.nothing, "entropy-coding"):
      return "model 'nothing': expected at least one selected layer with weights, found a model without any"
    case (.nothing, _): return "model 'nothing': expected \(anything) a model without any"
    case (.oneLayer, "block-removal"):
      return "model 'mlp': expected at least one block of selected layers whose output has the type of its input, found none"
    case (.oneLayer, "structured-pruning"):
      return "model 'mlp': expected at least one selected layer whose channels can be taken out, found dense_0: a Softmax goes over it"
    case (.oneLayer, "quantization-aware-training") where entry.name.hasSuffix("ary"):
      return "model 'mlp': expected \(anything) none among dense_0"
    case (.oneNeuron, "mixed-precision"):
      return "mixed-precision: expected at most 111 bytes of parameters, found 113 bytes of parameters in the cheapest forms"
    default: return nil
    }
  }

  /// 6 → 8 → 8 → 3 with one number in the place of every weight.
  private static func filled(_ number: Float) throws -> Model {
    var model = try Fixture.model(hidden: [8, 8])
    for (name, parameter) in model.graph.parameters where parameter.isTrainable {
      let shape = parameter.storage.shape
      let numbers = [Float](repeating: number, count: shape.elementCount)
      model.graph.parameters[name]?.storage = ParameterStorage(Tensor(numbers, shape: shape))
    }
    return model
  }

  /// 6 → 8 → 8 → 1, a number and no class.
  private static func ofOneOutput() throws -> Model {
    var b = StructuredPruningTests.Builder("one")
    var h = try b.builder.input("features", ValueType(.float32, ["batch", .fixed(Fixture.features)]))
    for (index, width) in [8, 8].enumerated() {
      h = try b.builder.apply("Relu", [b.dense(h, index == 0 ? Fixture.features : 8, width, "dense_\(index)", dead: false)], name: "relu_\(index)")
    }
    try b.builder.output(b.dense(h, 8, 1, "dense_2", dead: false, output: "y"))
    return Model(graph: b.builder.graph)
  }

  /// Rows with labels as the model's scores need them: classes, or numbers.
  static func rows(_ count: Int, for model: Model) throws -> TrainingData {
    let rows = try Fixture.rows(count)
    guard try model.graph.scores().kind == .numbers else { return rows }
    let labels = (rows["labels"] ?? Tensor([Int64(0)])).values(as: Int64.self)
    return try rows.with("labels", Tensor(labels.map { Float($0) - 1 }, shape: [count, 1]))
  }
}
