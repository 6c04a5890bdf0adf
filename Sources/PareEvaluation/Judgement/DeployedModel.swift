import PareBacktest
import PareGraph
import PareInference
import PareMarket
import PareModels
import PareTensor

/// A model as it runs when deployed: what is judged is the execution plan of the artifact, not a relative of it.
struct DeployedModel: Sendable {
  let model: Model
  let plan: ExecutionPlan

  init(_ model: Model) throws {
    self.model = model
    plan = try ExecutionPlan(model)
  }

  /// Probabilities of every row of a part, decided one by one.
  ///
  /// - Throws: an error that names what the plan lacks.
  func probabilities(of data: ExperimentData, part: DatasetPart) throws -> ClassProbabilities {
    let rows = data.features(part)
    let width = data.dataset.width
    let context = plan.makeContext()
    var values: [Float] = []
    values.reserveCapacity(rows.count / width * data.classCount)
    try rows.withUnsafeBufferPointer { rows in
      guard let base = rows.baseAddress else { return }
      for row in stride(from: 0, to: rows.count, by: width) {
        _ = try context.run(features: base + row)
        guard let output = context.output("probabilities", as: Float.self), output.count == data.classCount else {
          throw EvaluationError(
            "model", subject: model.graph.name, expected: "an output 'probabilities' of \(data.classCount) classes",
            found: plan.outputs.map(\.name).joined(separator: ", "))
        }
        values.append(contentsOf: output)
      }
    }
    return try ClassProbabilities(values, classCount: data.classCount)
  }

  /// Probabilities together with the threshold that the artifact carries.
  func opinion(on data: ExperimentData, part: DatasetPart) throws -> Judge.Opinion {
    guard let thresholds = model.graph.decisionThresholds, thresholds.short == thresholds.long else {
      throw EvaluationError(
        "model", subject: model.graph.name, expected: "one decision threshold for both sides", found: "none")
    }
    return Judge.Opinion(
      probabilities: try probabilities(of: data, part: part), threshold: try DecisionThreshold(thresholds.long))
  }
}
