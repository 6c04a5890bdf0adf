import PareGraph
import PareModels
import PareTensor
import PareTraining

/// Trains a model with the rounding of its quantized form in every step, so that its weights settle where rounding hurts
/// least.
///
/// Training starts from the model quantized by rounding, with ranges from the training part, and goes on with each pair of
/// QuantizeLinear and DequantizeLinear differentiated as one, straight through. Afterwards weights are stored as integers:
/// the graph is the standard form that quantization by rounding makes. Batch normalization is folded before. Pruned weights
/// stay zero. What is not selected stays in Float32 and learns too. Ternary weights are stored as such and multiplied in
/// Float32 (`TernaryForm`), layers of signs become `pare.BinaryDense` (`BinaryForm`), recurrent layers `pare.QuantizedLSTM` and
/// `pare.QuantizedGRU` (`RecurrentForm`).
///
/// - Source: Jacob et al. 2018, arXiv:1712.05877, §3; step sizes Esser et al. 2020, arXiv:1902.08153, trained by their
///   logarithms as in Jain et al. 2019, arXiv:1903.08066, §3.
public struct QuantizationAwareTraining: CompressionTechnique {
  public static let name = "quantization-aware-training"

  public enum Precision: String, RecipeWord {
    /// Weights as int8 with a scale for each output, activations as uint8.
    case int8
    /// Weights of products as int4 in groups of 32, of convolutions as int4 with a scale for each filter, activations as uint8.
    case int4
    /// Weights as −s, 0 or s of each output; activations stay real.
    case ternary
    /// Weights and inputs of products as signs, with a factor for each output.
    case binary
  }

  /// Where scales come from.
  public enum StepSizes: String, RecipeWord {
    /// From calibration, and then from training.
    case learned
    /// From calibration alone.
    case calibrated
  }

  public var precision: Precision
  public var stepSizes: StepSizes
  /// The fraction of the epochs, in `0 ... 1`, after which learned step sizes stay as they are.
  public var freezeAfter: Double
  public var calibration: Calibration
  /// By default all, but for signs and ternary weights all but the first and the last: these see the features and say the scores.
  public var layers: LayerSelector
  /// What becomes of LSTM and GRU layers with `int8` and `int4`, as which integers their weights are rounded in training.
  public var recurrent: Quantization.RecurrentForm
  /// α, in `0 ... 1`: the share of the labels in the loss; the rest is the teacher's, as in `Distillation`. The teacher is the
  /// context's, or the model before it is quantized. By default 0: labels that are mostly noise are learned by heart, and
  /// what a quantized model is to keep is what the model says.
  public var hardWeight: Double
  /// T of the teacher's part, above 0.
  public var temperature: Double
  public var training: TrainingSchedule

  /// How long and how fast it trains unless told. Weights that become integers are good already; signs and ternary weights have
  /// to be found anew.
  public static func defaultTraining(_ precision: Precision) -> TrainingSchedule {
    switch precision {
    case .int8, .int4: TrainingSchedule(epochs: 15, learningRate: 1e-4)
    case .ternary, .binary: TrainingSchedule(epochs: 40, learningRate: 3e-3, patience: 10)
    }
  }

  public init(
    _ precision: Precision, stepSizes: StepSizes = .learned, freezeAfter: Double = 0.7, calibration: Calibration = .minMax,
    layers: LayerSelector? = nil, recurrent: Quantization.RecurrentForm = .float, hardWeight: Double = 0, temperature: Double = 1,
    training: TrainingSchedule? = nil
  ) {
    self.precision = precision
    self.stepSizes = stepSizes
    self.freezeAfter = freezeAfter
    self.calibration = calibration
    self.layers = layers ?? Self.defaultLayers(precision)
    self.recurrent = recurrent
    self.hardWeight = hardWeight
    self.temperature = temperature
    self.training = training ?? Self.defaultTraining(precision)
  }

  private static func defaultLayers(_ precision: Precision) -> LayerSelector {
    switch precision {
    case .int8, .int4: .all
    case .ternary, .binary: .exceptFirstAndLast
    }
  }

  public var effects: WeightEffects {
    WeightEffects(undoes: [.sharedValues: "training gives each weight a value of its own"])
  }

  public var precisionWords: String? { precision.rawValue + ", trained" }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.freezeAfter).require(
      (0...1).contains(freezeAfter), expected: "a fraction in 0 ... 1", found: freezeAfter)
    try path.key(CodingKeys.hardWeight).require(
      (0...1).contains(hardWeight), expected: "a fraction in 0 ... 1", found: hardWeight)
    try path.key(CodingKeys.temperature).require(
      temperature > 0 && temperature.isFinite, expected: "a number above 0", found: temperature)
    try calibration.validate(at: path.key(CodingKeys.calibration))
    try layers.validate(at: path.key(CodingKeys.layers))
    try training.validate(at: path.key(CodingKeys.training))
  }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    let form = try form(of: model.graph.foldingTrainedBatchNormalization(), in: context)
    let trained = try train(form.graph, freezing: form.logarithms, inPlaceOf: model, in: context)
    let graph = try form.deployed(trained.graph)
    return CompressionResult(
      model: Model(graph: graph, sections: model.sections), layers: form.reports(of: graph, manner: trained.manner))
  }

  private func form(of real: Graph, in context: CompressionContext) throws -> any QuantizedForm {
    let learnsScales = stepSizes == .learned
    switch precision {
    case .int8, .int4:
      return try IntegerTrainingForm(start(real, in: context), real: real, learnsScales: learnsScales, calibration, in: context)
    case .ternary:
      _ = try context.trainingRows(for: Self.name)
      return try TernaryForm(real, layers: layers.weights(of: real), learnsScales: learnsScales)
    case .binary:
      return try BinaryForm(real, layers: layers.layers(of: real), rows: context.trainingRows(for: Self.name))
    }
  }

  private func start(_ real: Graph, in context: CompressionContext) throws -> StartingForm {
    try StartingForm(
      real, precision: precision, layers: layers, recurrent: recurrent, calibration: calibration, in: context)
  }

  /// The same model with the same integers and ranges but untrained: quantized by rounding. Not for signs, ternary weights,
  /// nor recurrent layers.
  package func rounded(_ model: Model, in context: CompressionContext) throws -> Model {
    let start = try start(model.graph.foldingTrainedBatchNormalization(), in: context)
    return Model(graph: start.graph, sections: model.sections)
  }

  /// Trains a graph in place of the model; where no epoch comes out better than the start on the validation rows, the start
  /// is kept.
  ///
  /// - Returns: the better graph, and in a word how its weights came about.
  private func train(
    _ graph: Graph, freezing parameters: [String], inPlaceOf model: Model, in context: CompressionContext
  ) throws -> (graph: Graph, manner: String) {
    let scores = try graph.scores()
    let lesson = try Teaching(hardWeight: .constant(hardWeight), temperature: .scheduled(.constant(temperature)))
      .lesson(inPlaceOf: model, scores: scores, for: Self.name, in: context)
    let loss = lesson.loss(scores.value)
    let epoch = Int((freezeAfter * Double(training.epochs)).rounded()) + 1
    let trained = try training.train(
      graph, loss: loss, for: Self.name, in: context, training: lesson.training, validation: lesson.validation,
      freezing: .init(parameters, from: epoch))
    guard let validation = lesson.validation else { return (trained, "trained") }
    let (before, after) = (
      try Trainer().loss(of: graph, by: loss, on: validation), try Trainer().loss(of: trained, by: loss, on: validation)
    )
    return before < after ? (graph, "kept as rounded, since no epoch was better,") : (trained, "trained")
  }
}

extension QuantizationAwareTraining: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case precision, calibration, layers, recurrent, temperature, training
    case stepSizes = "step-sizes"
    case freezeAfter = "freeze-after"
    case hardWeight = "hard-weight"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    let precision = try container.decode(Precision.self, forKey: .precision)
    self.init(
      precision,
      stepSizes: try container.decodeIfPresent(StepSizes.self, forKey: .stepSizes) ?? .learned,
      freezeAfter: try container.decodeIfPresent(Double.self, forKey: .freezeAfter) ?? 0.7,
      calibration: try container.decodeIfPresent(Calibration.self, forKey: .calibration) ?? .minMax,
      layers: try container.decodeIfPresent(LayerSelector.self, forKey: .layers),
      recurrent: try container.decodeIfPresent(Quantization.RecurrentForm.self, forKey: .recurrent) ?? .float,
      hardWeight: try container.decodeIfPresent(Double.self, forKey: .hardWeight) ?? 0,
      temperature: try container.decodeIfPresent(Double.self, forKey: .temperature) ?? 1,
      training: container.contains(.training)
        ? try TrainingSchedule(from: container.superDecoder(forKey: .training), defaults: Self.defaultTraining(precision)) : nil)
  }
}
