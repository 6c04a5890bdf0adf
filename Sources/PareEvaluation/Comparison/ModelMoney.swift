import PareBacktest
import PareCompression
import PareGraph
import PareMarket
import PareTensor

/// An experiment's data, on which models decide that it did not make.
struct ComparedData {
  fileprivate let experiment: Experiment
  fileprivate let data: ExperimentData
  /// The features of the validation part.
  let rows: ComparedRows

  init(_ file: ExperimentFile, observer: any RunObserver) async throws {
    experiment = file.experiment
    try experiment.validate()
    data = try ExperimentData(
      await MarketSource.load(file, observer: observer), experiment: experiment, tables: try ExperimentTables(file))
    let count = data.dataset.parts.validation.count
    rows = ComparedRows(
      ["": Tensor(data.features(.validation), shape: Shape([count] + data.dataset.rowShape))],
      source: "the validation part of \(experiment.name)")
  }
}

/// What two models earn and decide on an experiment's validation and test parts.
///
/// Each decides at its own threshold, or where it has none at one that the experiment's policy finds on the validation part. `a` stands
/// in the teacher's place: agreement and decisions changed compare with it, at its threshold.
public struct ModelMoney: Sendable, Encodable {
  public let experiment: String
  public let dataDigest: String
  /// The measures of `results.json` by part and key path, and `threshold`.
  public let figures: [FigureComparison]

  /// - Parameters:
  ///   - a: a model, and what messages call it.
  /// - Throws: an error that says what features or labels the model was made for, or expects.
  init(_ a: (model: Model, path: String), _ b: (model: Model, path: String), on compared: ComparedData) throws {
    let data = compared.data
    let (left, right) = (try Judged(a.model, path: a.path, on: compared), try Judged(b.model, path: b.path, on: compared))
    var figures: (a: [RunFigure], b: [RunFigure]) = ([left.threshold], [right.threshold])
    for (part, opinions) in [
      (DatasetPart.validation, (a: left.validation, b: right.validation)), (.test, (a: left.test, b: right.test)),
    ] {
      func measured(_ opinion: Judge.Opinion) throws -> [RunFigure] {
        try RunFigure.all(of: data.judge.judgement(of: opinion, against: opinions.a, on: part).measures, part: part.rawValue)
      }
      figures.a += try measured(opinions.a)
      figures.b += try measured(opinions.b)
    }
    experiment = compared.experiment.name
    dataDigest = data.summary.digest
    self.figures = [FigureComparison](figures.a, figures.b)
  }
}

/// What a model says of both parts.
private struct Judged {
  let validation: Judge.Opinion
  let test: Judge.Opinion

  var threshold: RunFigure { RunFigure(name: "threshold", value: Double(validation.threshold.threshold)) }

  init(_ model: Model, path: String, on compared: ComparedData) throws {
    let (data, experiment) = (compared.data, compared.experiment)
    for section in try data.sections() {
      guard let own = model.sections[section.name], own != section.text else { continue }
      throw EvaluationError(
        "compare-\(section.name)", subject: path, expected: "a model made for the experiment's \(section.name), \(section.text)",
        found: own)
    }
    let deployed = try DeployedModel(Self.isJudgeable(model, experiment) ? model : experiment.teacher(model, source: path, data: data))
    guard let input = deployed.plan.inputs.first, deployed.plan.inputs.count == 1, input.type.elementType == .float32,
      input.type.shape.elementCount == data.dataset.width
    else {
      throw EvaluationError(
        "compare-input", subject: path, expected: "one float32 input of \(data.dataset.width) features",
        found: deployed.plan.inputs.map { "\($0.name): \($0.type.elementType.rawValue)\($0.type.shape)" }.joined(separator: ", "))
    }
    let scores = try deployed.scores(of: data, part: .validation).probabilities
    let own = model.graph.decisionThresholds.flatMap { $0.short == $0.long ? $0.long : nil }
    let threshold = try own.map { try DecisionThreshold($0) } ?? data.judge.threshold(experiment.threshold, of: scores)
    validation = Judge.Opinion(probabilities: scores, threshold: threshold)
    test = Judge.Opinion(probabilities: try deployed.scores(of: data, part: .test).probabilities, threshold: threshold)
  }

  /// Whether it yields probabilities of the label's classes as it is; another is brought into that form as an experiment's own model is.
  private static func isJudgeable(_ model: Model, _ experiment: Experiment) -> Bool {
    model.graph.outputs.contains { $0.name == "probabilities" }
      && (model.sections["label"] != nil || experiment.output == OwnModelOutput())
  }
}
