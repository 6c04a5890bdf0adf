import PareArtifact
import PareBacktest
import PareCompression
import PareGraph
import PareInference
import PareMarket
import PareTensor

/// Trials on an experiment's data: the training part trains, the validation part judges, and the test part is read when asked for.
struct ExperimentTrials: TrialEvaluator {
  private let experiment: Experiment
  private let data: ExperimentData
  private let teacher: Model
  private let figures: ValidationFigures
  private let folder: RunFolder
  private let models: SharedModels
  /// What the shared models are made of besides their recipes.
  private let origin: String
  /// The teacher as it is deployed.
  private let deployed: DeployedModel
  private let opinion: Judge.Opinion
  let teacherTrial: EvaluatedTrial

  /// Judges the teacher.
  ///
  /// - Parameter origin: tells this teacher and these data from others.
  init(
    _ experiment: Experiment, data: ExperimentData, teacher: Model, origin: String, folder: RunFolder, models: SharedModels
  ) throws {
    (self.experiment, self.data, self.teacher, self.origin, self.folder, self.models) = (experiment, data, teacher, origin, folder, models)
    figures = try ValidationFigures(teacher: teacher, policy: experiment.threshold, data: data)
    let path = Self.artifact(CandidateConfiguration.teacher)
    let (deployed, bytes) = try data.deploy(teacher, deciding: experiment.threshold, as: path, in: folder)
    let opinion = try deployed.opinion(on: data, part: .validation)
    (self.deployed, self.opinion) = (deployed, opinion)
    teacherTrial = EvaluatedTrial(
      figures: try Self.figures(of: deployed, bytes: bytes, opinion, against: opinion, data, isTeacher: true), artifact: path)
  }

  func evaluate(_ recipe: Recipe, name: String) async throws -> EvaluatedTrial {
    let context = data.context(teacher: teacher, seed: experiment.seed, figures: figures, observer: SilentObserver())
    // What its steps make, under the trial's name.
    let model = try Recipe(name: name, steps: []).apply(to: try await model(recipe.steps, context), in: context).model
    let path = Self.artifact(name)
    let (deployed, bytes) = try data.deploy(model, deciding: experiment.threshold, as: path, in: folder)
    let own = try deployed.opinion(on: data, part: .validation)
    return EvaluatedTrial(figures: try Self.figures(of: deployed, bytes: bytes, own, against: opinion, data), artifact: path)
  }

  /// What the test part says of artifacts that were chosen without it.
  func test(_ artifacts: [String]) throws -> [Measures] {
    let reference = try deployed.opinion(on: data, part: .test)
    return try artifacts.map { path in
      let model = try DeployedModel(try Artifact.read(folder.path(path)))
      return try data.judge.judgement(of: try model.opinion(on: data, part: .test), against: reference, on: .test).measures
    }
  }

  /// Applies the last step to what the steps before it make. Recipes that begin alike share these models.
  private func model(_ steps: [any CompressionTechnique], _ context: CompressionContext) async throws -> Model {
    guard !steps.isEmpty else { return teacher }
    let recipe = Recipe(name: "shared", steps: steps)
    var key = Fingerprint()
    key.add(origin)
    key.add(try recipe.json())
    return try await models.model(key.digits) {
      let start = try await model(Array(steps.dropLast()), context)
      return try Recipe(name: recipe.name, steps: Array(steps.suffix(1))).apply(to: start, in: context).model
    }
  }

  /// The path of a trial's artifact, relative to the search's folder.
  static func artifact(_ name: String) -> String { "artifacts/\(name).pare" }

  private static func figures(
    of deployed: DeployedModel, bytes: Int, _ opinion: Judge.Opinion, against teacher: Judge.Opinion, _ data: ExperimentData,
    isTeacher: Bool = false
  ) throws -> TrialFigures {
    let judgement = try data.judge.judgement(of: opinion, against: teacher, on: .validation)
    let measures = judgement.measures
    return TrialFigures(
      validation: measures, bytes: bytes, weightBytes: deployed.model.graph.storedByteCount,
      planBytes: deployed.plan.residentByteCount, parameters: deployed.model.graph.learnedElementCount,
      multiplyAdds: try deployed.model.graph.multiplyAdds(),       estimateNs: deployed.plan.estimate,
      gross: isTeacher ? ReturnIntervals(of: judgement.result.daily, execution: data.judge.trader.plan.execution)[.grossReturn] : nil)
  }
}
