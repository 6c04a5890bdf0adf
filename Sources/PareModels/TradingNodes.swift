import PareGraph
import PareTensor

/// How features are brought to one scale: `min(max((x − offset) · scale, low), high)`, each per feature, or per place of
/// a window.
public struct Normalizer: Sendable, Hashable, Codable {
  public var offset: [Float]
  public var scale: [Float]
  public var range: ClosedRange<Float>

  public init(offset: [Float], scale: [Float], range: ClosedRange<Float> = -5...5) {
    self.offset = offset
    self.scale = scale
    self.range = range
  }
}

/// The probabilities from which on a decision is to be short or long.
public struct DecisionThresholds: Sendable, Hashable, Codable {
  public var short: Float
  public var long: Float

  public init(short: Float, long: Float) {
    self.short = short
    self.long = long
  }

  var tensor: Tensor { Tensor([short, long]) }
}

extension GraphBuilder {
  /// Sub, Mul and Clip: features on their own scales to the value `normalized`. The normalizer is per feature along the
  /// last axis, or per number of a row.
  ///
  /// - Throws: `graph.shape` where the normalizer has another number of features than the value.
  public mutating func normalize(_ features: String, by normalizer: Normalizer) throws -> String {
    let type = try type(of: features)
    let row = type.dimensions.dropFirst().compactMap(\.fixedValue)
    let count = normalizer.offset.count
    let shape: Shape? = type.dimensions.last == .fixed(count) ? [count] : Shape.checkedElementCount(row) == count ? Shape(row) : nil
    guard let shape, normalizer.scale.count == count else {
      throw GraphError(
        "shape", subject: "normalizer", expected: "an offset and a scale for each feature of \(type)",
        found: "\(normalizer.offset.count) and \(normalizer.scale.count)")
    }
    let offset = try parameter("normalizer.offset", Tensor(normalizer.offset, shape: shape), isTrainable: false)
    let scale = try parameter("normalizer.scale", Tensor(normalizer.scale, shape: shape), isTrainable: false)
    let low = try parameter("normalizer.low", Tensor(scalar: normalizer.range.lowerBound), isTrainable: false)
    let high = try parameter("normalizer.high", Tensor(scalar: normalizer.range.upperBound), isTrainable: false)
    let centred = try apply("Sub", [features, offset], name: "normalizer.center")
    let scaled = try apply("Mul", [centred, scale], name: "normalizer.rescale")
    return try apply("Clip", [scaled, low, high], name: "normalizer.clip", output: "normalized")
  }

  /// Softmax and, with thresholds, `pare.Decide` behind logits; all three become outputs of the graph.
  public mutating func classify(_ logits: String, thresholds: DecisionThresholds? = nil) throws {
    let probabilities = try apply(
      "Softmax", [logits], attributes: ["axis": .int(-1)], name: "softmax", output: "probabilities")
    try output(logits)
    try output(probabilities)
    guard let thresholds else { return }
    try decide(on: probabilities, by: thresholds)
  }

  fileprivate mutating func decide(on probabilities: String, by thresholds: DecisionThresholds) throws {
    let limits = try parameter(thresholdsName, thresholds.tensor, isTrainable: false)
    try output(apply("pare.Decide", [probabilities, limits], name: "decide", output: "decision"))
  }
}

private let thresholdsName = "decision.thresholds"

extension Graph {
  /// The thresholds at which the graph decides; nil where it decides nothing.
  public var decisionThresholds: DecisionThresholds? {
    guard let tensor = parameters[thresholdsName]?.storage.decoded(), tensor.elementType == .float32, tensor.elementCount == 2
    else { return nil }
    let values = tensor.values(as: Float.self)
    return DecisionThresholds(short: values[0], long: values[1])
  }

  /// The graph with other decision thresholds; one that decides nothing yet gets a decision.
  ///
  /// - Throws: `graph.missing-value` where the graph has no `probabilities`.
  public func decided(by thresholds: DecisionThresholds) throws -> Graph {
    if parameters[thresholdsName] != nil {
      var graph = self
      graph.parameters[thresholdsName] = Parameter(ParameterStorage(thresholds.tensor), isTrainable: false)
      return graph
    }
    var builder = try GraphBuilder(self)
    try builder.decide(on: "probabilities", by: thresholds)
    return builder.graph
  }
}
