import Foundation
import PareBacktest
import PareCompression
import PareGraph
import PareMarket
import PareTensor

/// Runs an experiment from data to report.
///
/// Time flows one way: weights, normalizer, calibration and centres see the training part; early stopping, thresholds,
/// frontier and choice the validation part; the test part is only reported. What is judged is the artifact as written:
/// each candidate is read back from its file and decides through the execution plan.
public struct ExperimentRun: Sendable {
  private let file: ExperimentFile
  private let directory: String
  private let latencies: RecordedLatencies?
  private let teachers: String?
  private let observer: any RunObserver

  /// - Parameters:
  ///   - directory: where results, report and artifacts go; made where it does not exist.
  ///   - latencies: taken instead of the clock's, so that a choice that depends on them can be repeated.
  ///   - teachers: a folder that keeps teachers for later runs; by default `teachers` in the run's own.
  public init(
    _ file: ExperimentFile, directory: String, latencies: RecordedLatencies? = nil, teachers: String? = nil,
    observer: any RunObserver = SilentObserver()
  ) {
    self.file = file
    self.directory = directory
    self.latencies = latencies
    self.teachers = teachers
    self.observer = observer
  }

  private var experiment: Experiment { file.experiment }

  /// - Throws: what data, training, techniques or writing meet; nothing is written but into `directory`.
  public func execute() async throws -> Results {
    try experiment.validate()
    try latencies?.require(ModelMaker.names(of: experiment))
    let output = RunFolder(directory)
    try output.prepare(["artifacts"] + (experiment.walkForward.map(WalkForwardRun.folders) ?? []))
    let own = try experiment.model.map { try ModelFile.read(file.resolved($0)) }
    let source = try await MarketSource.load(file, observer: observer)
    let tables = try ExperimentTables(file)
    let data = try ExperimentData(
      source, experiment: experiment, tables: tables, inputName: own?.graph.inputs.first?.name ?? "features")
    let leaks = try data.leakChecks(clip: Float(experiment.features.clip), seed: experiment.seed)
    if let leak = leaks.first(where: { $0.outcome == .leaks }) {
      throw EvaluationError("leak", subject: leak.name, expected: "nothing of the future", found: leak.words, category: .internalFailure)
    }
    let store = TeacherStore(teachers ?? output.path("teachers"))
    let outcome = try ExperimentPass(
      experiment: experiment, data: data, output: output, folder: "artifacts", latencies: latencies, observer: observer, teachers: store,
      resolve: file.resolved
    ).execute(own: own)
    let walk = try experiment.walkForward.map { walk in
      try WalkForwardRun(
        experiment: experiment, walk: walk, source: source, tables: tables, output: output, observer: observer, teachers: store,
        resolve: file.resolved
      ).execute(own: own)
    }
    var results = Results(
      experiment: experiment.name, seed: experiment.seed, data: data.summary,
      configuration: try StrictYAML.encode(experiment), candidates: outcome.candidates, baselines: try baselines(data),
      truth: data.judge.truthSummary(market: source.summary), objectives: experiment.objectives.map(\.rawValue),
      budget: experiment.budget, decision: outcome.decision, margin: experiment.margin, evaluated: outcome.evaluated, leaks: leaks,
      kernels: try .fromEnvironment())
    results.walkForward = walk
    results.teacher = outcome.teacher
    try output.write(try results.json() + "\n", to: "results.json")
    for (name, text) in try Report(results, layers: outcome.layers).files() { try output.write(text, to: name) }
    return results
  }

  private func baselines(_ data: ExperimentData) throws -> [BaselineResult] {
    try [("flat", 0.0), ("buy-and-hold", 1)].map { name, position in
      let test = try data.judge.money(ofAlways: position, on: .test)
      return BaselineResult(
        name: name, validation: try data.judge.money(ofAlways: position, on: .validation).money, test: test.money,
        equity: test.result.equityPoints)
    }
  }
}
