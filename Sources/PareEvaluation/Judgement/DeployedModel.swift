import PareArtifact
import PareBacktest
import PareCompression
import PareGraph
import PareInference
import PareMarket
import PareModels
import PareTensor

/// A model as it runs when deployed: what is judged is the execution plan of the artifact, not a relative of it.
struct DeployedModel: Sendable {
  let model: Model
  let plan: ExecutionPlan
  /// Of a student whose state goes on from row to row; nil for one that answers each row by itself.
  private let stream: SequencePlan?

  init(_ model: Model) throws {
    self.model = model
    plan = try ExecutionPlan(model)
    stream = try model.sections[AlongTime.section] == nil ? nil : SequencePlan(model)
  }

  /// What a model says of the rows of a part.
  struct Scores: Sendable {
    let probabilities: ClassProbabilities
    /// As many as there are probabilities, row by row; none where the model does not yield any.
    let logits: [Float]
  }

  /// Scores of every row of a part, one by one.
  ///
  /// - Throws: an error that names what the plan lacks.
  func scores(of data: ExperimentData, part: DatasetPart) throws -> Scores {
    try scores(of: data.features(part), width: data.dataset.width, classCount: data.classCount)
  }

  /// Scores of rows, one by one.
  func scores(of rows: [Float], width: Int, classCount: Int) throws -> Scores {
    let context: any RowAnswers = try stream.map { try StreamedRows($0, width: width) } ?? plan.makeContext()
    var values: [Float] = []
    var logits: [Float] = []
    values.reserveCapacity(rows.count / width * classCount)
    try rows.withUnsafeBufferPointer { rows in
      guard let base = rows.baseAddress else { return }
      for row in stride(from: 0, to: rows.count, by: width) {
        try context.take(base + row)
        guard let output = context.numbers("probabilities"), output.count == classCount else {
          throw EvaluationError(
            "model", subject: model.graph.name, expected: "an output 'probabilities' of \(classCount) classes",
            found: plan.outputs.map(\.name).joined(separator: ", "))
        }
        values.append(contentsOf: output)
        if let output = context.numbers("logits") { logits.append(contentsOf: output) }
      }
    }
    return Scores(
      probabilities: try ClassProbabilities(values, classCount: classCount),
      logits: logits.count == values.count ? logits : [])
  }

  /// What a decision takes.
  ///
  /// - Parameter features: rows of the plan's input; a stream is timed on rows of its own.
  func latency(features: [Float], decisions: Int) throws -> Latency {
    guard let stream else { return try LatencyMeasurement(plan, features: features).measure(decisions: decisions) }
    return try RowSubject(stream, mode: .streaming, seed: 0).sample(decisions) {}.latency
  }

  /// Probabilities together with the threshold that the artifact carries.
  func opinion(on data: ExperimentData, part: DatasetPart) throws -> Judge.Opinion {
    Judge.Opinion(probabilities: try scores(of: data, part: part).probabilities, threshold: try threshold)
  }

  /// The threshold that the artifact carries.
  var threshold: DecisionThreshold {
    get throws {
      guard let thresholds = model.graph.decisionThresholds, thresholds.short == thresholds.long else {
        throw EvaluationError(
          "model", subject: model.graph.name, expected: "one decision threshold for both sides", found: "none")
      }
      return try DecisionThreshold(thresholds.long)
    }
  }
}

extension Model {
  /// The model as an artifact holds it: deciding at a threshold, without what no output needs, saying where it comes from.
  func deciding(at threshold: DecisionThreshold, provenance: String) throws -> Model {
    var model = self
    model.sections["provenance"] = provenance
    model.graph = try graph.decided(
      by: DecisionThresholds(short: threshold.threshold, long: threshold.threshold)
    ).pruned()
    return model
  }
}

extension ExperimentData {
  /// Finds a model's threshold on the validation part, writes the model, and reads it back: what is judged is the file.
  ///
  /// - Parameter path: within the folder.
  func deploy(
    _ model: Model, deciding policy: ThresholdPolicy, as path: String, in folder: RunFolder
  ) throws -> (model: DeployedModel, bytes: Int) {
    let scores = try DeployedModel(model).scores(of: self, part: .validation)
    let threshold = try judge.threshold(policy, of: scores.probabilities)
    let bytes = try folder.write(try model.deciding(at: threshold, provenance: provenance), to: path)
    return (try DeployedModel(try Artifact.read(folder.path(path))), bytes)
  }
}
