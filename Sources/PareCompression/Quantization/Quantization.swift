import PareGraph
import PareTensor
import PareTraining

/// Puts few-bit numbers in the place of a trained model's weights and, in the mode `static`, of what its layers read, so that
/// products are summed in integers (post-training quantization). Ranges are found on the training part.
///
/// What comes out is the standard form. A layer's weights are integers behind a DequantizeLinear; in the mode `static` its
/// input passes through QuantizeLinear and DequantizeLinear; biases and outputs are real. Weights that are zero stay zero, and
/// are stored under a bitmask where that weighs less. Works on products with a matrix and on convolutions, pruned, shared and
/// factorized ones included, and on recurrent layers as far as `recurrent` and the precision say. Each layer that stays in
/// Float32 is reported with the reason.
///
/// - Source: Jacob et al. 2018, arXiv:1712.05877; Wu et al. 2020, arXiv:2004.09602; Nagel et al. 2021, arXiv:2106.08295.
public struct Quantization: CompressionTechnique {
  public static let name = "quantization"

  /// What becomes of LSTM and GRU layers in the mode `static`.
  public enum RecurrentForm: String, RecipeWord {
    /// They stay in Float32.
    case float
    /// `pare.QuantizedLSTM` and `pare.QuantizedGRU`: all in integers, gates from tables. These have no form in ONNX.
    case integers
  }

  public var scheme: QuantizationScheme
  public var calibration: Calibration
  /// Whether each layer's bias makes up for what the errors of its weights add to its mean output (`BiasCorrection`).
  public var correctsBias: Bool
  public var layers: LayerSelector
  /// Other schemes for some of these layers; of several that select a layer the last one counts.
  public var overrides: [LayerOverride]
  public var recurrent: RecurrentForm

  public init(
    _ precision: QuantizationPrecision, weights: TensorScheme? = nil,
    activations: TensorScheme = .asymmetric(.perTensor), mode: QuantizationMode? = nil,
    rounding: WeightRounding = .halfToEven, calibration: Calibration = .minMax, correctsBias: Bool = false,
    layers: LayerSelector = .all, overrides: [LayerOverride] = [], recurrent: RecurrentForm = .float
  ) {
    self.init(
      QuantizationScheme(precision, weights: weights, activations: activations, mode: mode, rounding: rounding),
      calibration: calibration, correctsBias: correctsBias, layers: layers, overrides: overrides, recurrent: recurrent)
  }

  public init(
    _ scheme: QuantizationScheme, calibration: Calibration = .minMax, correctsBias: Bool = false,
    layers: LayerSelector = .all, overrides: [LayerOverride] = [], recurrent: RecurrentForm = .float
  ) {
    self.scheme = scheme
    self.calibration = calibration
    self.correctsBias = correctsBias
    self.layers = layers
    self.overrides = overrides
    self.recurrent = recurrent
  }

  public var effects: WeightEffects {
    // Layers that are left out, by name or by precision, have Float32 weights afterwards.
    let isOfAll = layers == .all && scheme.precision.hasIntegerArithmetic && overrides.allSatisfy { $0.scheme.precision != .float32 }
    return WeightEffects(
      makes: isOfAll && recurrent == .integers ? [.integers] : [],
      undoes: [.sharedValues: "each weight becomes a number of its own precision, without a table"])
  }

  public var precisionWords: String? { scheme.precision.shortWords + (overrides.isEmpty ? "" : ", mixed") }

  public func validate(at path: ParameterPath) throws {
    try scheme.validate(at: path)
    try calibration.validate(at: path.key(CodingKeys.calibration))
    try layers.validate(at: path.key(CodingKeys.layers))
    for (index, override) in overrides.enumerated() {
      try override.validate(at: path.key(CodingKeys.overrides).index(index))
    }
  }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    var run = try QuantizationRun(self, model.graph, context)
    let (graph, reports) = try run.result()
    return CompressionResult(model: Model(graph: graph, sections: model.sections), layers: reports)
  }
}

extension Quantization: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case precision, mode, weights, activations, rounding, calibration
    case correctsBias = "bias-correction"
    case layers, overrides, recurrent
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    self.init(
      try QuantizationScheme(from: decoder),
      calibration: try container.decodeIfPresent(Calibration.self, forKey: .calibration) ?? .minMax,
      correctsBias: try container.decodeIfPresent(Bool.self, forKey: .correctsBias) ?? false,
      layers: try container.decodeIfPresent(LayerSelector.self, forKey: .layers) ?? .all,
      overrides: try container.decodeIfPresent([LayerOverride].self, forKey: .overrides) ?? [],
      recurrent: try container.decodeIfPresent(RecurrentForm.self, forKey: .recurrent) ?? .float)
  }

  public func encode(to encoder: any Encoder) throws {
    try scheme.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(calibration, forKey: .calibration)
    try container.encode(correctsBias, forKey: .correctsBias)
    try container.encode(layers, forKey: .layers)
    try container.encode(overrides, forKey: .overrides)
    try container.encode(recurrent, forKey: .recurrent)
  }
}
