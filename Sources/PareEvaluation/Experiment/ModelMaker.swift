import PareBacktest
import PareCompression
import PareGraph
import PareMarket
import PareTensor

/// A model of an experiment with what the results say of how it came about.
struct MadeModel: Sendable {
  let name: String
  let role: CandidateResult.Role
  /// In words.
  let made: String
  /// Of a teacher that cannot take the experiment's rows: what a student of it starts from.
  let model: Model
  /// A teacher that cannot take the experiment's rows.
  var outsider: TrainedTeacher?
  var from: String?
  var precision: String?
  var steps: [StepResult]?
  /// Layers that a step quantized, against what they were before it; of the last such step.
  var layers: [QuantizationAnalysis] = []
  fileprivate let measured: MeasuredModel
}

/// Makes an experiment's teacher, candidates and baselines, and measures on the validation part what each step costs.
struct ModelMaker: Sendable {
  let experiment: Experiment
  /// With what the teacher says of the rows, once there is one.
  private(set) var data: ExperimentData
  let teachers: TeacherMaker
  /// Taken instead of the clock's.
  let latencies: RecordedLatencies?
  let observer: any RunObserver

  init(
    experiment: Experiment, data: ExperimentData, teachers: TeacherMaker, latencies: RecordedLatencies?, observer: any RunObserver
  ) {
    (self.experiment, self.data, self.teachers, self.latencies, self.observer) = (experiment, data, teachers, latencies, observer)
  }

  /// Decisions timed after a step: enough for a median.
  private static let timedDecisions = 2000
  /// Rows of the validation part, the first ones, on which layers are analysed.
  private static let analysedRows = 4096

  /// The names of all models that will be made, in order.
  static func names(of experiment: Experiment) -> [String] {
    [CandidateConfiguration.teacher] + experiment.candidates.map(\.name) + [Baseline.logistic]
      + (Baseline.untaughtStudent(of: experiment).map { [$0.name] } ?? [])
  }

  /// - Parameter own: the user's model, which takes the teacher's place.
  /// - Throws: what training and techniques meet.
  /// - Returns: the models, the teacher first, and what the results say of that.
  func makeModels(own: Model?) throws -> (models: [MadeModel], teacher: TeacherSummary) {
    let teacher = try own.map(teachers.teacher) ?? teachers.teacher()
    var maker = self
    maker.data = try data.taught(by: teacher.outputs)
    let words = own == nil ? experiment.teacher.words : "own model \(experiment.model ?? "")"
    return (try maker.makeModels(of: teacher, words: words), try TeacherSummary(teacher, words: words, on: data.dataset))
  }

  private func makeModels(of teacher: TrainedTeacher, words: String) throws -> [MadeModel] {
    let figures: ValidationFigures
    let original: MadeModel
    if let model = teacher.model {
      figures = try ValidationFigures(teacher: model, policy: experiment.threshold, data: data)
      original = MadeModel(
        name: CandidateConfiguration.teacher, role: .teacher, made: words, model: model, measured: try measure(model, figures))
    } else {
      let scores = try teacher.outputs.scores(of: data.dataset.parts[.validation])
      figures = try ValidationFigures(scores: scores, policy: experiment.threshold, data: data)
      original = MadeModel(
        name: CandidateConfiguration.teacher, role: .teacher, made: words, model: try data.shell(named: CandidateConfiguration.teacher),
        outsider: teacher, measured: try figures.measured(scores, costs: try teacher.costs(), deployed: nil))
    }
    func trained(_ name: String, _ role: CandidateResult.Role, _ made: String, _ model: Model) throws -> MadeModel {
      MadeModel(name: name, role: role, made: made, model: model, measured: try measure(model, figures))
    }
    var made = [original]
    for candidate in experiment.candidates {
      made.append(try pare(candidate, role: .candidate, from: made, figures))
    }
    // What every run is judged against: a linear model, and the first student as it is without a teacher.
    let linear = NetworkTeacher(model: .mlp(hidden: []), training: experiment.teacher.baselineTraining)
    made.append(try trained(Baseline.logistic, .baseline, linear.words, try train(linear, name: Baseline.logistic)))
    if let untaught = Baseline.untaughtStudent(of: experiment) {
      made.append(try pare(untaught, role: .baseline, from: made, figures))
    }
    return made
  }

  private func train(_ network: NetworkTeacher, name: String) throws -> Model {
    observer.began("train \(name)", units: 1000)
    let model = try network.train(data.view, seed: experiment.seed, name: name, progress: data.progress(observer))
    observer.ended("\(network.words), \(model.graph.learnedElementCount) parameters")
    return model
  }

  /// Applies a recipe step by step.
  private func pare(
    _ candidate: CandidateConfiguration, role: CandidateResult.Role, from made: [MadeModel], _ figures: ValidationFigures
  ) throws -> MadeModel {
    guard let start = made.first(where: { $0.name == candidate.from }), let teacher = made.first else {
      throw EvaluationError(
        "candidate", subject: "candidate '\(candidate.name)'", expected: "a model made before it", found: "'\(candidate.from)'")
    }
    if start.outsider != nil, candidate.recipe.steps.first?.effects.renews != true {
      throw EvaluationError(
        "candidate", subject: "candidate '\(candidate.name)'",
        expected: "a recipe that begins with a student, since the teacher (\(start.made)) cannot take the experiment's rows itself",
        found: candidate.recipe.steps.first.map { type(of: $0).name } ?? "no step")
    }
    observer.began("make \(candidate.name)", units: 1000)
    let context = data.context(teacher: teacher.outsider == nil ? teacher.model : nil, seed: experiment.seed, figures: figures, observer: observer)
    let recipe = candidate.recipe
    // A recipe without steps still leaves its name in the model.
    let pieces = recipe.steps.isEmpty ? [recipe] : recipe.steps.map { Recipe(name: recipe.name, steps: [$0]) }
    var (model, measured) = (start.model, start.measured)
    var steps: [StepResult] = []
    var layers = start.layers
    let rows = data.validation.rows(0..<min(Self.analysedRows, data.validation.rowCount))
    for piece in pieces {
      let compressed = try piece.apply(to: model, in: context)
      let after = try measure(compressed.model, figures)
      for report in compressed.steps {
        var step = StepResult(
          report, before: measured.figures, figures: after.figures,
          flips: Flips(try DecisionChanges(from: measured.decisions, to: after.decisions)))
        latencies?.restore(in: &step, number: steps.count, of: candidate.name)
        steps.append(step)
      }
      let analyses = try QuantizationAnalysis.layers(of: compressed.model.graph, against: model.graph, rows: rows)
      if !analyses.isEmpty { layers = analyses }
      (model, measured) = (compressed.model, after)
    }
    observer.ended((steps.last.map(Self.words) ?? "no steps") + recipe.warnings.map { "; warning: \($0)" }.joined())
    return MadeModel(
      name: candidate.name, role: role, made: Self.words(candidate), model: model, from: start.name,
      precision: recipe.precision ?? start.precision, steps: steps, layers: layers, measured: measured)
  }

  /// The figures of a model, and what a decision takes it; the clock is left alone where latencies come from an earlier run.
  private func measure(_ model: Model, _ figures: ValidationFigures) throws -> MeasuredModel {
    var measured = try figures.measure(model)
    guard latencies == nil, let deployed = measured.deployed else { return measured }
    measured.figures[Figure.latency] = try deployed.latency(
      features: data.features(.validation), decisions: min(Self.timedDecisions, experiment.latencyDecisions)).p50
    return measured
  }

  /// What a step did, in a few words.
  private static func words(_ step: StepResult) -> String {
    let change = "\(step.bytes.before) to \(step.bytes.after) bytes of parameters"
    guard let error = step.weightError else { return change }
    return change + ", weights at \(figure(error.snrDb ?? .infinity)) dB"
  }

  private static func words(_ candidate: CandidateConfiguration) -> String {
    let steps = candidate.recipe.steps.map { type(of: $0).name }.joined(separator: ", then ")
    return candidate.from == CandidateConfiguration.teacher ? steps : "\(candidate.from), then \(steps)"
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
