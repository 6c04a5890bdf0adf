import PareGraph
import PareTraining

/// Gives each layer the precision that it needs: what rounding it costs the scores is measured layer by layer, then the cheapest
/// or the best forms under a budget are chosen together, then layers return to more bits until limits on figures of the whole
/// model hold.
///
/// What a layer costs is measured on rows of the training part; limits are on figures of the context's, which see the validation
/// part. What comes out is what `Quantization` makes with these precisions as overrides.
///
/// - Source: sensitivities that add up Cai et al. 2020, arXiv:2001.00281, §3.3 (the error of the scores in the place of a
///   divergence); integer programming over layers Yao et al. 2021, arXiv:2011.10680, §3.4.
public struct MixedPrecision: CompressionTechnique {
  public static let name = "mixed-precision"

  /// The forms to choose from; Float32 is always one.
  public var precisions: [QuantizationScheme]
  /// nil for the cheapest forms that the limits admit.
  public var budget: PrecisionBudget?
  public var limits: [FigureLimit]
  public var calibration: Calibration
  public var layers: LayerSelector
  public var recurrent: Quantization.RecurrentForm
  /// Rows of the training part, evenly spaced in its order, on which single layers are measured.
  public var rows: Int

  public init(
    _ precisions: [QuantizationScheme] = [QuantizationScheme(.int4), QuantizationScheme(.int8)], budget: PrecisionBudget? = nil,
    limits: [FigureLimit] = [], calibration: Calibration = .minMax, layers: LayerSelector = .all,
    recurrent: Quantization.RecurrentForm = .float, rows: Int = 2048
  ) {
    self.precisions = precisions
    self.budget = budget
    self.limits = limits
    self.calibration = calibration
    self.layers = layers
    self.recurrent = recurrent
    self.rows = rows
  }

  public var effects: WeightEffects {
    WeightEffects(undoes: [.sharedValues: "each weight becomes a number of its own precision, without a table"])
  }

  public var precisionWords: String? { precisions.map(\.precision.shortWords).joined(separator: " and ") + ", mixed" }

  public func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.precisions).require(!precisions.isEmpty, expected: "at least one precision", found: "none")
    for (index, scheme) in precisions.enumerated() { try scheme.validate(at: path.key(CodingKeys.precisions).index(index)) }
    try path.key(CodingKeys.budget).require(
      budget != nil || !limits.isEmpty, expected: "a budget, or limits, or both", found: "neither")
    try budget?.validate(at: path.key(CodingKeys.budget))
    for (index, limit) in limits.enumerated() { try limit.validate(at: path.key(CodingKeys.limits).index(index)) }
    try calibration.validate(at: path.key(CodingKeys.calibration))
    try layers.validate(at: path.key(CodingKeys.layers))
    try path.key(CodingKeys.rows).require(rows >= 1, expected: "at least 1", found: rows)
  }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    var search = try PrecisionSearch(self, model, context)
    return try search.result()
  }

  /// The quantization that gives layers the schemes named for them, and leaves others in Float32.
  func quantization(_ schemes: [(layers: [String], scheme: QuantizationScheme)]) -> Quantization {
    Quantization(
      QuantizationScheme(.float32), calibration: calibration, layers: layers,
      overrides: schemes.map { LayerOverride(.named($0.layers), $0.scheme) }, recurrent: recurrent)
  }
}

extension MixedPrecision: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case precisions, budget, limits, calibration, layers, recurrent, rows
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.techniqueContainer(keyedBy: CodingKeys.self)
    let usual = MixedPrecision()
    self.init(
      try container.decodeIfPresent([PrecisionEntry].self, forKey: .precisions)?.map(\.scheme) ?? usual.precisions,
      budget: try container.decodeIfPresent(PrecisionBudget.self, forKey: .budget),
      limits: try container.decodeIfPresent([FigureLimit].self, forKey: .limits) ?? usual.limits,
      calibration: try container.decodeIfPresent(Calibration.self, forKey: .calibration) ?? usual.calibration,
      layers: try container.decodeIfPresent(LayerSelector.self, forKey: .layers) ?? usual.layers,
      recurrent: try container.decodeIfPresent(Quantization.RecurrentForm.self, forKey: .recurrent) ?? usual.recurrent,
      rows: try container.decodeIfPresent(Int.self, forKey: .rows) ?? usual.rows)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(precisions.map { PrecisionEntry(scheme: $0) }, forKey: .precisions)
    try container.encodeIfPresent(budget, forKey: .budget)
    try container.encode(limits, forKey: .limits)
    try container.encode(calibration, forKey: .calibration)
    try container.encode(layers, forKey: .layers)
    try container.encode(recurrent, forKey: .recurrent)
    try container.encode(rows, forKey: .rows)
  }

  /// A precision in its usual scheme, as `int8`, or a scheme.
  private struct PrecisionEntry: Codable {
    let scheme: QuantizationScheme

    init(scheme: QuantizationScheme) {
      self.scheme = scheme
    }

    init(from decoder: any Decoder) throws {
      if (try? decoder.container(keyedBy: AnyKey.self)) == nil {
        scheme = QuantizationScheme(try QuantizationPrecision(from: decoder))
      } else {
        _ = try decoder.strictContainer(keyedBy: SchemeKeys.self)
        scheme = try QuantizationScheme(from: decoder)
      }
    }

    func encode(to encoder: any Encoder) throws { try scheme.encode(to: encoder) }
  }
}
