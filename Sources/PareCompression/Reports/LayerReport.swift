/// What a technique did to one layer.
public struct LayerReport: Sendable, Hashable, Encodable {
  public var layer: String
  /// In words: `"rank 12 of 64"`, `"kept whole: …"`.
  public var outcome: String
  /// The weights after, against the weights before; nil where they do not stand for each other.
  public var weightError: ErrorMeasure?
  /// Figures of the technique's own, by name and unit: `"sparsity"`, `"truncation_error"`, `"input_saturation"`.
  public var figures: [String: Double]

  private enum CodingKeys: String, CodingKey {
    case layer, outcome, figures
    case weightError = "weight_error"
  }

  public init(layer: String, outcome: String, weightError: ErrorMeasure? = nil, figures: [String: Double] = [:]) {
    self.layer = layer
    self.outcome = outcome
    self.weightError = weightError
    self.figures = figures
  }
}
