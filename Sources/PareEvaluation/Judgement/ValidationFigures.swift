import PareBacktest
import PareCompression
import PareGraph
import PareInference

/// What models are worth on the validation part, figure by figure (`Figure`): what the steps of recipes report, and what
/// techniques that search compare.
///
/// Each figure is of the model's execution plan, in one pass over the part. Decisions are made at the teacher's threshold,
/// so that they, and the money they earn, differ by the model alone.
struct ValidationFigures: Sendable {
  private let data: ExperimentData
  private let teacher: Judge.Opinion
  private let logits: [Double]

  /// - Parameters:
  ///   - teacher: what models are compared with; measured once.
  ///   - policy: by which the teacher's threshold is found, on the validation part.
  init(teacher: Model, policy: ThresholdPolicy, data: ExperimentData) throws {
    try self.init(scores: try DeployedModel(teacher).scores(of: data, part: .validation), policy: policy, data: data)
  }

  /// - Parameter scores: what the teacher says of the validation part.
  init(scores: DeployedModel.Scores, policy: ThresholdPolicy, data: ExperimentData) throws {
    self.data = data
    self.teacher = Judge.Opinion(
      probabilities: scores.probabilities, threshold: try data.judge.threshold(policy, of: scores.probabilities))
    logits = scores.logits.map { Double($0) }
  }

  func measure(_ model: Model) throws -> MeasuredModel {
    let deployed = try DeployedModel(model.deciding(at: teacher.threshold, provenance: data.provenance))
    return try measured(
      try deployed.scores(of: data, part: .validation), costs: try deployed.model.costs(deployed.plan), deployed: deployed)
  }

  /// The figures of what is no single model that could take the rows.
  ///
  /// - Parameter scores: what it says of the validation part.
  func measured(_ scores: DeployedModel.Scores, costs: [String: Double], deployed: DeployedModel?) throws -> MeasuredModel {
    let opinion = Judge.Opinion(probabilities: scores.probabilities, threshold: teacher.threshold)
    let measures = try data.judge.judgement(of: opinion, against: teacher, on: .validation).measures
    var figures = costs
    figures.merge(measures.figures) { $1 }
    if scores.logits.count == logits.count {
      figures[Figure.outputSNR] = ErrorMeasure(
        ofOutputs: scores.logits.map { Double($0) }, against: logits, columns: data.classCount
      ).comparableDecibels
    }
    return MeasuredModel(figures: figures, decisions: opinion.decisions, deployed: deployed)
  }
}

/// A model with its figures on the validation part.
struct MeasuredModel: Sendable {
  var figures: [String: Double]
  /// At the teacher's threshold, a row each.
  let decisions: [Int8]
  /// Nil where there is no single one.
  let deployed: DeployedModel?
}

extension Measures {
  fileprivate var figures: [String: Double] {
    var figures = [
      Figure.accuracy: scores.accuracy, Figure.skill: skill, Figure.logLoss: scores.logLoss, Figure.agreement: agreement,
      Figure.decisionsChanged: flips.rate, Figure.missed: Double(flips.missed), Figure.false: Double(flips.false),
      Figure.reversed: Double(flips.reversed), Figure.netReturn: money.metrics.netReturn,
    ]
    figures[Figure.sharpe] = money.metrics.sharpe
    return figures
  }
}
