import PareGraph
import PareTensor

/// LinearRegressor: a Gemm and a post-transform.
enum LinearRegressorImport: NodeImport {
  static let operatorName: OperatorName = "ai.onnx.ml.LinearRegressor"
  static let opsets = 1...5

  static func convert(_ node: ONNXNode, in context: inout ImportContext) throws {
    let count = try node.node.int("targets", default: 1)
    let scores = try context.linearScores(count: count, for: node)
    let transformed = try PostTransform(node).apply(scores, count: count, for: node, in: &context)
    try context.finish(transformed, as: 0, of: node)
  }
}

/// LinearClassifier: a Gemm, a post-transform and the label. One score stands for two classes.
enum LinearClassifierImport: NodeImport {
  static let operatorName: OperatorName = "ai.onnx.ml.LinearClassifier"
  static let opsets = 1...5

  static func convert(_ node: ONNXNode, in context: inout ImportContext) throws {
    let labels = try ClassLabels(node, integers: "classlabels_ints")
    let transform = try PostTransform(node)
    let intercepts = try node.floats("intercepts").count
    let count = intercepts == 0 ? labels.count : intercepts
    guard count == labels.count || count == 1 && labels.count == 2 else {
      throw node.attributeError("an intercept for each of \(labels.count) classes, or one for two", found: "\(count)")
    }
    let scores = try context.linearScores(count: count, for: node)
    if count == 1 {
      try labels.writeLabel(context.isAbove(0, scores, for: node), output: 0, of: node, in: &context)
      let both = try transform.applyToOneOfTwo(scores, isProbability: true, for: node, in: &context)
      return try context.finish(both, as: 1, of: node)
    }
    let winner = try context.highest(scores, among: [], count: count, for: node)
    try labels.writeLabel(winner, output: 0, of: node, in: &context)
    try context.finish(transform.apply(scores, count: count, for: node, in: &context), as: 1, of: node)
  }
}

extension ImportContext {
  /// `X · coefficientsᵀ + intercepts`, in Float32.
  fileprivate mutating func linearScores(count: Int, for node: ONNXNode) throws -> String {
    let x = try rows(cast(node.requiredInput(0), to: .float32, for: node), for: node)
    let (coefficients, intercepts) = (try node.floats("coefficients"), try node.floats("intercepts"))
    guard count > 0, !coefficients.isEmpty, coefficients.count.isMultiple(of: count),
      intercepts.isEmpty || intercepts.count == count
    else {
      throw node.attributeError(
        "as many coefficients for each of \(count) scores, and an intercept each",
        found: "\(coefficients.count) coefficients and \(intercepts.count) intercepts")
    }
    let weight = try numbers(
      coefficients, shape: [count, coefficients.count / count], like: x, "coefficients", for: node)
    var inputs = [x, weight]
    if !intercepts.isEmpty { inputs.append(try numbers(intercepts, like: x, "intercepts", for: node)) }
    return try apply("Gemm", inputs, ["transB": .int(1)], for: node)
  }

  /// A vector as a single row.
  private mutating func rows(_ x: String, for node: ONNXNode) throws -> String {
    try builder.type(of: x).rank == 1 ? apply("Unsqueeze", [x, axes(0, for: node)], for: node) : x
  }
}
