/// What one step of a recipe did.
public struct StepReport: Sendable, Hashable, Encodable {
  /// A figure before the step and after it.
  public struct Change: Sendable, Hashable, Encodable {
    public var before: Int
    public var after: Int

    public init(before: Int, after: Int) {
      self.before = before
      self.after = after
    }
  }

  public var technique: String
  /// Learned numbers, zeros included (`Graph.learnedElementCount`).
  public var parameters: Change
  /// Bytes of the stored parameters (`Graph.storedByteCount`).
  public var bytes: Change
  public var layers: [LayerReport]
  /// The context's figures of the model after the step.
  public var figures: [String: Double]

  private enum CodingKeys: String, CodingKey {
    case technique, parameters, bytes, layers, figures
    case weightError = "weight_error"
  }

  public init(technique: String, parameters: Change, bytes: Change, layers: [LayerReport], figures: [String: Double]) {
    self.technique = technique
    self.parameters = parameters
    self.bytes = bytes
    self.layers = layers
    self.figures = figures
  }

  /// Over the weights of all layers that still stand for the same weights; nil where none does.
  public var weightError: ErrorMeasure? {
    let errors = layers.compactMap { $0.weightError }
    guard var total = errors.first else { return nil }
    for error in errors.dropFirst() { total.add(error) }
    return total
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(technique, forKey: .technique)
    try container.encode(parameters, forKey: .parameters)
    try container.encode(bytes, forKey: .bytes)
    try container.encode(layers, forKey: .layers)
    try container.encodeIfPresent(weightError, forKey: .weightError)
    // What is infinite, as the distance of equal outputs in dB, no JSON can hold.
    try container.encode(figures.filter { $0.value.isFinite }, forKey: .figures)
  }
}
