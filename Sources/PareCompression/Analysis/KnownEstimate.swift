import PareGraph
import PareInference

extension ExecutionPlan {
  /// Nanoseconds of one decision of a model by the cost table of this processor.
  ///
  /// - Parameter subject: who asks, for the message.
  /// - Throws: `compression.no-estimate` where the table does not know a step of the plan.
  static func knownEstimate(of model: Model, for subject: String) throws -> Double {
    let plan = try ExecutionPlan(model)
    guard let estimate = plan.estimate else {
      let unknown = plan.steps.first { $0.estimate == nil && !$0.nodes.isEmpty }
      throw CompressionError(
        "no-estimate", subject: subject, expected: "a model whose steps the cost table knows",
        found: "step '\(unknown?.nodes.joined(separator: " + ") ?? "")'")
    }
    return estimate
  }
}
