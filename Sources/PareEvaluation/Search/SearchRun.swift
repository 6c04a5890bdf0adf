import PareArtifact
import PareCompression
import PareGraph
import PareInference
import PareTensor

/// Searches a space of recipes on an experiment's data, and goes on where an earlier search in the same folder ended.
///
/// Trials see the training and the validation part. The test part is read once all trials ended, for the frontier and the choice alone,
/// and changes neither.
public struct SearchRun: Sendable {
  private let file: SearchFile
  private let directory: String
  private let workers: Int
  private let trials: Int?
  private let beginsAnew: Bool
  private let observer: any SearchObserver
  private let stop: SearchStop

  /// - Parameters:
  ///   - directory: where database, artifacts, shared models and reports go; made where it does not exist.
  ///   - workers: trials at a time.
  ///   - trials: in place of the file's.
  ///   - beginsAnew: whether what an earlier search left there is removed first.
  public init(
    _ file: SearchFile, directory: String, workers: Int, trials: Int? = nil, beginsAnew: Bool = false,
    observer: any SearchObserver = SilentObserver(), stop: SearchStop = SearchStop()
  ) {
    self.file = file
    self.directory = directory
    self.workers = workers
    self.trials = trials
    self.beginsAnew = beginsAnew
    self.observer = observer
    self.stop = stop
  }

  /// - Returns: what was found so far where `stop` was requested; ``SearchResults/isComplete`` tells.
  /// - Throws: `evaluation.search-changed` where the folder holds another search; what data, training and writing meet.
  public func execute() async throws -> SearchResults {
    let experiment = file.experiment.experiment
    let output = try SearchFolder(directory)
    if beginsAnew { try output.clear() }
    let store = try SearchStore(path: output.folder.path(SearchFolder.database))
    let kernels = try KernelSelection.fromEnvironment()
    var identity = SearchIdentity(
      specification: try file.search.specification(), experiment: try file.foundation(), data: "", teacher: "",
      costs: kernels.costs.digest, kernels: kernels.instructionSet.rawValue)
    let earlier = try store.search()
    try earlier?.identity.require(matches: identity, path: store.path)

    let own = try experiment.model.map { try ModelFile.read(file.experiment.resolved($0)) }
    let source = try await MarketSource.load(file.experiment, observer: observer)
    let data = try ExperimentData(
      source, experiment: experiment, tables: try ExperimentTables(file.experiment),
      inputName: own?.graph.inputs.first?.name ?? "features")
    identity.data = data.summary.digest
    try earlier?.identity.require(matches: identity, path: store.path)

    let models = SharedModels(output.folder)
    let teacher = try await teacher(own, data, models, identity)
    identity.teacher = try Self.digest(of: teacher)
    try earlier?.identity.require(matches: identity, path: store.path)
    var search = StoredSearch(
      identity: identity, text: file.text, source: data.summary.source,
      uninformedLogLoss: data.judge.uninformedLogLoss(on: .validation), planned: planned)
    try store.begin(search)

    let evaluator = try ExperimentTrials(
      experiment, data: data, teacher: teacher, origin: identity.data + identity.teacher + identity.experiment, folder: output.folder,
      models: models)
    let loop = SearchLoop(
      file.search, store: store, evaluator: evaluator, workers: workers, observer: observer, stop: stop)
    let trials = try await loop.run(teacher: try stored(evaluator.teacherTrial, teacher, in: store), planned: planned)
    if !stop.wasRequested, trials.count - 1 < search.planned {
      // The steps of the others do not go together.
      search.planned = trials.count - 1
      try store.begin(search)
    }
    var results = SearchResults(file.search, stored: search, trials: trials)
    try evaluator.test(&results, keepingIn: store)
    try results.write(to: output.folder)
    return results
  }

  /// What a search that began in a folder has found so far.
  ///
  /// - Throws: `.noInput` where none began there, `.badData` where its database is damaged.
  public static func results(in directory: String) throws -> SearchResults {
    let store = try SearchStore(path: RunFolder(directory).path(SearchFolder.database), mustExist: true)
    let trials = try store.trials()
    guard let stored = try store.search(), !trials.isEmpty else {
      throw EvaluationError("search-store", subject: store.path, expected: "trials", found: "none yet", category: .noInput)
    }
    let search: Search = try StrictYAML.decode(stored.identity.specification, source: store.path)
    return SearchResults(search, stored: stored, trials: trials)
  }

  private var planned: Int { min(trials ?? file.search.plannedTrials, file.search.space.count) }

  /// The own model in the teacher's place, or a teacher trained once and kept.
  private func teacher(
    _ own: Model?, _ data: ExperimentData, _ models: SharedModels, _ identity: SearchIdentity
  ) async throws -> Model {
    let experiment = file.experiment.experiment
    if let own, let path = experiment.model { return try experiment.teacher(own, source: path, data: data) }
    var key = Fingerprint()
    key.add(identity.data + identity.experiment)
    let observer = observer
    return try await models.model(key.digits) {
      observer.began("train \(CandidateConfiguration.teacher)", units: 1000)
      let room = TeacherRoom(
        data, experiment: experiment, name: CandidateConfiguration.teacher, resolve: file.experiment.resolved,
        progress: data.progress(observer))
      guard let model = try experiment.teacher.kind.teach(in: room).model else {
        throw EvaluationError(
          "search-teacher", subject: "teacher", expected: "a teacher that takes the experiment's rows, since recipes start from it",
          found: experiment.teacher.words)
      }
      observer.ended("\(experiment.teacher.words), \(model.graph.learnedElementCount) parameters")
      return model
    }
  }

  /// The teacher as trial 0, stored where it is not yet.
  private func stored(_ judged: EvaluatedTrial, _ teacher: Model, in store: SearchStore) throws -> SearchTrial {
    if let known = try store.trials().first(where: { $0.ordinal == 0 }) { return known }
    let experiment = file.experiment.experiment
    let trial = SearchTrial(
      ordinal: 0, point: nil, made: experiment.model.map { "own model \($0)" } ?? experiment.teacher.words,
      recipe: try Recipe(name: CandidateConfiguration.teacher, steps: []).json(), artifact: judged.artifact, figures: judged.figures)
    try store.record(trial)
    return trial
  }

  private static func digest(of model: Model) throws -> String {
    var fingerprint = Fingerprint()
    for byte in try Artifact.encode(model) { fingerprint.add(byte) }
    return "fnv1a64:" + fingerprint.digits
  }
}

extension ExperimentTrials {
  /// Puts what the test part says of the frontier and the choice into the results and the database, once all trials ended.
  fileprivate func test(_ results: inout SearchResults, keepingIn store: SearchStore) throws {
    let reported = Set(results.reported.map(\.ordinal))
    let indices = results.trials.indices.filter { reported.contains(results.trials[$0].ordinal) }
    let measures = try test(indices.map { Self.artifact(results.trials[$0].name) })
    for (index, measures) in zip(indices, measures) { results.trials[index].test = measures }
    try store.report(Dictionary(uniqueKeysWithValues: zip(indices.map { results.trials[$0].ordinal }, measures)))
  }
}

extension SearchResults {
  fileprivate func write(to folder: RunFolder) throws {
    try folder.write(try json() + "\n", to: "search.json")
    try folder.write(try csv(), to: "frontier.csv")
    try folder.write(try SearchReport(self).html(), to: "search.html")
  }
}
