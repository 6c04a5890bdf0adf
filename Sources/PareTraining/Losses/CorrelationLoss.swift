import PareGraph

/// `1 − r`, with Pearson's correlation `r` of prediction and target over the rows of a batch; of several columns the mean
/// of their correlations.
///
/// `r = m(x'y') / (√(m(x'x') + ε) · √(m(y'y') + ε))` with `x' = x − m(x)` and means `m` over the rows. Where one of the two
/// does not vary, `r` is 0 and the gradient finite.
///
/// - Shapes: prediction and target alike, `[batch]` or `[batch, …]`.
/// - Bound: `0 ... 2`.
public struct CorrelationLoss: Loss {
  /// The value that holds the prediction.
  public var prediction: String
  /// The input that holds the target; added to the graph.
  public var target: String
  /// ε, above 0, in squares of the units of both: far below any variance that counts.
  public var epsilon: Double

  public init(prediction: String, target: String = "target", epsilon: Double = 1e-12) {
    self.prediction = prediction
    self.target = target
    self.epsilon = epsilon
  }

  public var mixesRows: Bool { true }

  public func append(to builder: inout GraphBuilder) throws -> String {
    guard epsilon > 0, epsilon.isFinite else {
      throw TrainingError("epsilon", subject: "correlation's ε", expected: "a positive number", found: "\(epsilon)", category: .usage)
    }
    let target = try builder.requiredInput(target, builder.type(of: prediction))
    let rows = try builder.axes(0)
    func centred(_ value: String) throws -> String {
      let columns = try builder.flattenedRows(value)
      return try builder.difference(of: columns, and: builder.mean(columns, along: rows, keeps: true))
    }
    let (x, y) = (try centred(prediction), try centred(target))
    func deviation(_ centred: String) throws -> String {
      let variance = try builder.mean(builder.product(centred, centred), along: rows)
      return try builder.apply("Sqrt", [builder.shifted(variance, by: epsilon)])
    }
    let covariance = try builder.mean(builder.product(x, y), along: rows)
    let scale = try builder.product(deviation(x), deviation(y))
    let correlation = try builder.mean(builder.quotient(covariance, scale))
    return try builder.difference(of: builder.number(1, like: correlation), and: correlation)
  }
}
