import PareGraph
import PareTensor

/// The mean of squared differences over all elements of a batch.
///
/// - Shapes: prediction and target alike, the rows leading; weights of rows `[batch]`.
public struct MeanSquaredError: Loss {
  /// The value that holds the prediction.
  public var prediction: String
  /// The input that holds the target; added to the graph.
  public var target: String
  /// The input that holds a weight for each row; added to the graph.
  public var rowWeights: String?

  public init(prediction: String, target: String = "target", rowWeights: String? = nil) {
    self.prediction = prediction
    self.target = target
    self.rowWeights = rowWeights
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    let difference = try builder.difference(prediction, target)
    return try builder.meanOfElements(builder.apply("Mul", [difference, difference]), weightedBy: rowWeights)
  }
}

/// The mean of absolute differences over all elements of a batch: what a median makes smallest.
///
/// - Shapes: as `MeanSquaredError`.
public struct MeanAbsoluteError: Loss {
  public var prediction: String
  public var target: String
  public var rowWeights: String?

  public init(prediction: String, target: String = "target", rowWeights: String? = nil) {
    self.prediction = prediction
    self.target = target
    self.rowWeights = rowWeights
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    let difference = try builder.difference(prediction, target)
    return try builder.meanOfElements(builder.apply("Abs", [difference]), weightedBy: rowWeights)
  }
}

/// Squares near zero, absolute values beyond: `d²/2` where `|d| ≤ δ`, else `δ · (|d| − δ/2)`; a mean over all elements.
///
/// - Shapes: as `MeanSquaredError`.
/// - Source: Huber 1964, "Robust estimation of a location parameter".
public struct HuberLoss: Loss {
  /// δ, above 0: from which difference on an outlier pulls no harder.
  public var delta: Double
  public var prediction: String
  public var target: String
  public var rowWeights: String?

  public init(prediction: String, target: String = "target", delta: Double = 1, rowWeights: String? = nil) {
    self.delta = delta
    self.prediction = prediction
    self.target = target
    self.rowWeights = rowWeights
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    guard delta > 0, delta.isFinite else {
      throw TrainingError("delta", subject: "Huber's δ", expected: "a positive number", found: "\(delta)", category: .usage)
    }
    let difference = try builder.difference(prediction, target)
    let type = try builder.type(of: difference).elementType
    let bounds = try [-delta, delta].map { try builder.constant(Tensor.filled($0, type, shape: []), named: "delta") }
    // With c = d between −δ and δ, both pieces are c · (d − c/2).
    let clipped = try builder.apply("Clip", [difference] + bounds)
    let rest = try builder.apply("Sub", [difference, builder.scaled(clipped, by: 0.5)])
    return try builder.meanOfElements(builder.apply("Mul", [clipped, rest]), weightedBy: rowWeights)
  }
}

extension GraphBuilder {
  /// A prediction less its target, which is an input of the prediction's type, added where the graph lacks it.
  fileprivate mutating func difference(_ prediction: String, _ target: String) throws -> String {
    try apply("Sub", [prediction, requiredInput(target, type(of: prediction))])
  }

  /// The mean over all elements, those of a row times its weight if one is given.
  fileprivate mutating func meanOfElements(_ value: String, weightedBy weights: String?) throws -> String {
    guard let weights else { return try mean(value) }
    let rank = try type(of: value).rank
    guard rank > 1 else { return try mean(value, weightedBy: weights) }
    let axes = try constant(Tensor((1..<rank).map { Int64($0) }), named: "axes")
    return try mean(apply("ReduceMean", [value, axes], attributes: ["keepdims": .int(0)]), weightedBy: weights)
  }
}
