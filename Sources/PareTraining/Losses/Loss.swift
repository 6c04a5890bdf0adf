import PareGraph
import PareTensor

/// What training makes small: a scalar that is computed from values of a graph and from further inputs.
///
/// A loss attaches to any named value, so that hints and relations between layers need nothing special.
public protocol Loss: Sendable {
  /// Whether a row's part depends on the other rows of the batch, as where rows are compared with each other. Such a
  /// batch is worked on whole, and validation rows are taken in batches of the training's size, in their order, so that
  /// the loss means the same there. False by default.
  var mixesRows: Bool { get }

  /// Adds the loss to the graph under construction, and the inputs that it needs and the graph lacks. Trainable
  /// parameters that it adds are trained with the model's and are no part of the trained graph.
  ///
  /// - Returns: the name of a value with one element, a mean over the rows of the batch. Unless `mixesRows`, no row's
  ///   part depends on the other rows, so that a batch may be worked on in pieces.
  func append(to builder: inout GraphBuilder) throws -> String
}

extension Loss {
  public var mixesRows: Bool { false }
}

extension GraphBuilder {
  /// The input of that name, added where the graph lacks it.
  ///
  /// - Throws: `training.loss-input` where a value of the name exists with another type.
  package mutating func requiredInput(_ name: String, _ type: ValueType) throws -> String {
    guard let existing = try? self.type(of: name) else { return try input(name, type) }
    guard existing == type else {
      throw TrainingError("loss-input", subject: "input '\(name)'", expected: "\(type)", found: "\(existing)")
    }
    return name
  }

  /// `value` times a number.
  package mutating func scaled(_ value: String, by factor: Double) throws -> String {
    guard factor != 1 else { return value }
    let scalar = Tensor.filled(factor, try type(of: value).elementType, shape: [])
    return try apply("Mul", [value, constant(scalar, named: "scale")])
  }

  /// The mean over all elements, as a scalar.
  package mutating func mean(_ value: String) throws -> String {
    try apply("ReduceMean", [value], attributes: ["keepdims": .int(0)])
  }

  /// The mean over the rows of a number for each, or of each number times its row's weight.
  ///
  /// - Parameters:
  ///   - rows: `[batch]`.
  ///   - weights: the name of an input `[batch]`, added where the graph lacks it; nil for none.
  package mutating func mean(_ rows: String, weightedBy weights: String?) throws -> String {
    guard let weights else { return try mean(rows) }
    let weight = try requiredInput(weights, try type(of: rows))
    return try mean(apply("Mul", [rows, weight]))
  }

  /// The mean over the last axis.
  package mutating func rowMeans(_ value: String) throws -> String {
    try apply(
      "ReduceMean", [value, constant(Tensor([Int64(-1)]), named: "axes")], attributes: ["keepdims": .int(0)])
  }

  /// The sum over the last axis.
  package mutating func rowSums(_ value: String) throws -> String {
    try apply(
      "ReduceSum", [value, constant(Tensor([Int64(-1)]), named: "axes")], attributes: ["keepdims": .int(0)])
  }
}

/// `Σ wᵢ · lossᵢ`.
public struct WeightedSum: Loss {
  public var terms: [(weight: Double, loss: any Loss)]

  public init(_ terms: [(weight: Double, loss: any Loss)]) {
    self.terms = terms
  }

  public var mixesRows: Bool { terms.contains { $0.loss.mixesRows } }

  public func append(to builder: inout GraphBuilder) throws -> String {
    var total: String?
    for (weight, loss) in terms {
      let term = try builder.scaled(loss.append(to: &builder), by: weight)
      total = if let sum = total { try builder.apply("Add", [sum, term]) } else { term }
    }
    guard let total else {
      throw TrainingError("loss-terms", subject: "weighted sum", expected: "at least one loss", found: "none", category: .usage)
    }
    return total
  }
}
