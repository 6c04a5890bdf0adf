import Foundation
import PareArtifact
import PareBacktest
import PareCompression
import PareGraph
import PareMarket
import PareModels
import PareONNX
import PareTensor
import PareTraining

/// Runs an experiment from data to report.
///
/// Time flows one way: weights, normalizer, calibration and centres see the training part; early stopping, thresholds,
/// frontier and choice the validation part; the test part is only reported. What is judged is the artifact as written:
/// each candidate is read back from its file and decides through the execution plan.
public struct ExperimentRun: Sendable {
  private let file: ExperimentFile
  private let directory: String
  private let latencies: RecordedLatencies?
  private let observer: any RunObserver

  /// - Parameters:
  ///   - directory: where results, report and artifacts go; made where it does not exist.
  ///   - latencies: taken instead of the clock's, so that a choice that depends on them can be repeated.
  public init(
    _ file: ExperimentFile, directory: String, latencies: RecordedLatencies? = nil,
    observer: any RunObserver = SilentObserver()
  ) {
    self.file = file
    self.directory = directory
    self.latencies = latencies
    self.observer = observer
  }

  private var experiment: Experiment { file.experiment }

  /// - Throws: what data, training, techniques or writing meet; nothing is written but into `directory`.
  public func execute() async throws -> Results {
    try experiment.validate()
    try latencies?.require(modelNames)
    let output = RunFolder(directory)
    try output.prepare()
    let own = try experiment.model.map { try ModelFile.read(file.resolved($0)) }
    let source = try await MarketSource.load(file, observer: observer)
    let data = try ExperimentData(
      source, experiment: experiment, tables: try ExperimentTables(file),
      inputName: own?.graph.inputs.first?.name ?? "features")
    let models = try makeModels(data, own: own)
    var candidates = try judge(models, data, output)
    let choice = Choice(
      objectives: experiment.objectives, budget: experiment.budget, tolerance: experiment.tolerance,
      uninformedLogLoss: data.judge.uninformedLogLoss(on: .validation))
    let (chosen, reason) = choice.decide(&candidates)
    let results = Results(
      experiment: experiment.name, seed: experiment.seed, data: data.summary,
      configuration: try StrictYAML.encode(experiment), candidates: candidates, baselines: try baselines(data),
      truth: data.judge.truthSummary(market: source.summary), objectives: experiment.objectives.map(\.rawValue),
      budget: experiment.budget, chosen: chosen, reason: reason, kernels: try .fromEnvironment())
    try output.write(try results.json() + "\n", to: "results.json")
    try output.write(try Report(results).html(), to: "report.html")
    return results
  }

  // MARK: Making

  /// The names of all models that will be made, in order.
  private var modelNames: [String] {
    [CandidateConfiguration.teacher] + experiment.candidates.map(\.name) + [Baseline.logistic]
      + (Baseline.untaughtStudent(of: experiment).map { [$0.name] } ?? [])
  }

  /// A model with what the results say of it.
  private struct MadeModel {
    let name: String
    let role: CandidateResult.Role
    let made: String
    let model: Model
  }

  /// - Parameter own: the user's model, which takes the teacher's place.
  private func makeModels(_ data: ExperimentData, own: Model?) throws -> [MadeModel] {
    var made: [MadeModel] = []
    if let own, let path = experiment.model {
      let model = try experiment.teacher(own, source: path, data: data)
      made.append(MadeModel(name: CandidateConfiguration.teacher, role: .teacher, made: "own model \(path)", model: model))
    } else {
      made.append(try train(experiment.teacher, name: CandidateConfiguration.teacher, role: .teacher, data: data))
    }
    for candidate in experiment.candidates {
      made.append(try pare(candidate, role: .candidate, from: made, data))
    }
    // What every run is judged against: a linear model, and the first student as it is without a teacher.
    let linear = TeacherConfiguration(model: .mlp(hidden: []), training: experiment.teacher.training)
    made.append(try train(linear, name: Baseline.logistic, role: .baseline, data: data))
    if let untaught = Baseline.untaughtStudent(of: experiment) {
      made.append(try pare(untaught, role: .baseline, from: made, data))
    }
    return made
  }

  private func pare(
    _ candidate: CandidateConfiguration, role: CandidateResult.Role, from made: [MadeModel], _ data: ExperimentData
  ) throws -> MadeModel {
    guard let start = made.first(where: { $0.name == candidate.from }), let teacher = made.first else {
      throw EvaluationError(
        "candidate", subject: "candidate '\(candidate.name)'", expected: "a model made before it", found: "'\(candidate.from)'")
    }
    observer.began("make \(candidate.name)", units: 1000)
    let context = data.context(teacher: teacher.model, seed: experiment.seed, observer: observer)
    let compressed = try candidate.recipe.apply(to: start.model, in: context)
    observer.ended(compressed.steps.last.map(Self.words) ?? "no steps")
    return MadeModel(name: candidate.name, role: role, made: Self.words(candidate), model: compressed.model)
  }

  private func train(
    _ configuration: TeacherConfiguration, name: String, role: CandidateResult.Role, data: ExperimentData
  ) throws -> MadeModel {
    observer.began("train \(name)", units: 1000)
    let model = try configuration.train(
      data, seed: experiment.seed, name: name, progress: data.progress(observer))
    observer.ended("\(configuration.words), \(model.graph.learnedElementCount) parameters")
    return MadeModel(name: name, role: role, made: configuration.words, model: model)
  }

  /// What a step did, in a few words.
  private static func words(_ step: StepReport) -> String {
    let change = "\(step.bytes.before) to \(step.bytes.after) bytes of parameters"
    guard let error = step.weightError else { return change }
    return change + ", weights at \(figure(error.signalToNoiseDecibels ?? .infinity)) dB"
  }

  private static func words(_ candidate: CandidateConfiguration) -> String {
    let steps = candidate.recipe.steps.map { type(of: $0).name }.joined(separator: ", then ")
    return candidate.from == CandidateConfiguration.teacher ? steps : "\(candidate.from), then \(steps)"
  }

  // MARK: Judging

  private func judge(
    _ models: [MadeModel], _ data: ExperimentData, _ output: RunFolder
  ) throws -> [CandidateResult] {
    observer.began("judge", units: models.count)
    var results: [CandidateResult] = []
    var teacher: DeployedModel?
    var teacherBytes = 0
    for (index, made) in models.enumerated() {
      let path = "artifacts/\(made.name).pare"
      var model = made.model
      model.sections["provenance"] = try data.provenance(experiment)
      let threshold = try data.judge.threshold(
        experiment.threshold, of: try DeployedModel(model).probabilities(of: data, part: .validation))
      model.graph = try model.graph.decided(
        by: DecisionThresholds(short: threshold.threshold, long: threshold.threshold)
      ).pruned()
      let bytes = try output.write(model, to: path)
      do {
        try ModelFile.write(model, to: output.path("artifacts/\(made.name).onnx"))
      } catch let error as ONNXError where error.code == "onnx.no-standard-form" {
        // Recurrent layers on integers have no form in ONNX; the artifact is the .pare file alone.
      }

      let deployed = try DeployedModel(try Artifact.read(output.path(path)))
      let reference = teacher ?? deployed
      if teacher == nil { (teacher, teacherBytes) = (deployed, bytes) }
      let validation = try measures(of: deployed, against: reference, on: .validation, data)
      let test = try measures(of: deployed, against: reference, on: .test, data)
      let latency =
        try latencies?.latency(of: made.name)
        ?? LatencyMeasurement(deployed.plan, features: data.features(.test)).measure(
          decisions: experiment.latencyDecisions)
      results.append(
        CandidateResult(
          name: made.name, role: made.role, made: made.made, artifact: path,
          parameters: deployed.model.graph.learnedElementCount, bytes: bytes,
          weightBytes: deployed.model.graph.storedByteCount, planBytes: deployed.plan.residentByteCount,
          compressionRatio: Double(teacherBytes) / Double(bytes), validation: validation.measures, test: test.measures,
          latencyNs: latency, pareto: false, withinBudget: false, equity: test.equity))
      observer.advanced(to: index + 1, note: made.name)
    }
    observer.ended("\(models.count) models on \(data.summary.validation.rows) + \(data.summary.test.rows) decisions")
    return results
  }

  private func measures(
    of deployed: DeployedModel, against teacher: DeployedModel, on part: DatasetPart, _ data: ExperimentData
  ) throws -> (measures: Measures, equity: [EquityPoint]) {
    try data.judge.measures(
      of: try deployed.opinion(on: data, part: part), against: try teacher.opinion(on: data, part: part), on: part)
  }

  private func baselines(_ data: ExperimentData) throws -> [BaselineResult] {
    try [("flat", ConstantPosition.flat), ("buy-and-hold", .buyAndHold)].map { name, position in
      let test = try data.judge.money(of: position, on: .test)
      return BaselineResult(
        name: name, validation: try data.judge.money(of: position, on: .validation).money, test: test.money,
        equity: test.equity)
    }
  }
}

/// The models that every run makes besides those it is asked for.
enum Baseline {
  static let logistic = "logistic"
  static let untaught = "student-untaught"

  /// The first student of the experiment trained on the labels alone, which shows what the teacher was good for; nil
  /// where no candidate is distilled.
  static func untaughtStudent(of experiment: Experiment) -> CandidateConfiguration? {
    let distillations = experiment.candidates.flatMap(\.recipe.steps).compactMap { $0 as? Distillation }
    return distillations.first.map { student in
      CandidateConfiguration(untaught, recipe: Recipe(name: untaught, steps: [student.withoutTeacher]))
    }
  }
}
