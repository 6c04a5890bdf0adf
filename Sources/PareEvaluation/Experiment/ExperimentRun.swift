import Foundation
import PareBacktest
import PareCompression
import PareGraph
import PareMarket
import PareONNX
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
    try latencies?.require(ModelMaker.names(of: experiment))
    let output = RunFolder(directory)
    try output.prepare()
    let own = try experiment.model.map { try ModelFile.read(file.resolved($0)) }
    let source = try await MarketSource.load(file, observer: observer)
    let data = try ExperimentData(
      source, experiment: experiment, tables: try ExperimentTables(file),
      inputName: own?.graph.inputs.first?.name ?? "features")
    let models = try ModelMaker(experiment: experiment, data: data, latencies: latencies, observer: observer)
      .makeModels(own: own)
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
    let layers = models.filter { !$0.layers.isEmpty }.map { CandidateLayers(candidate: $0.name, layers: $0.layers) }
    try output.write(try Report(results, layers: layers).html(), to: "report.html")
    return results
  }

  private func judge(
    _ models: [MadeModel], _ data: ExperimentData, _ output: RunFolder
  ) throws -> [CandidateResult] {
    observer.began("judge", units: models.count)
    var results: [CandidateResult] = []
    var teacher: (bytes: Int, validation: Judge.Opinion, test: Judge.Opinion)?
    for (index, made) in models.enumerated() {
      let path = "artifacts/\(made.name).pare"
      let (deployed, bytes) = try data.deploy(made.model, deciding: experiment.threshold, as: path, in: output)
      do {
        try ModelFile.write(deployed.model, to: output.path("artifacts/\(made.name).onnx"))
      } catch let error as ONNXError where error.code == "onnx.no-standard-form" {
        // Recurrent layers on integers have no form in ONNX; the artifact is the .pare file alone.
      }

      let opinions = (
        validation: try deployed.opinion(on: data, part: .validation), test: try deployed.opinion(on: data, part: .test)
      )
      let reference = teacher ?? (bytes, opinions.validation, opinions.test)
      teacher = reference
      let validation = try data.judge.measures(of: opinions.validation, against: reference.validation, on: .validation)
      let test = try data.judge.measures(of: opinions.test, against: reference.test, on: .test)
      let latency =
        try latencies?.latency(of: made.name)
        ?? LatencyMeasurement(deployed.plan, features: data.features(.test)).measure(
          decisions: experiment.latencyDecisions)
      results.append(
        CandidateResult(
          name: made.name, role: made.role, made: made.made, artifact: path,
          parameters: deployed.model.graph.learnedElementCount, bytes: bytes,
          weightBytes: deployed.model.graph.storedByteCount, planBytes: deployed.plan.residentByteCount,
          compressionRatio: Double(reference.bytes) / Double(bytes), validation: validation.measures, test: test.measures,
          latencyNs: latency, pareto: false, withinBudget: false, equity: test.equity, from: made.from, precision: made.precision,
          steps: made.steps))
      observer.advanced(to: index + 1, note: made.name)
    }
    observer.ended("\(models.count) models on \(data.summary.validation.rows) + \(data.summary.test.rows) decisions")
    return results
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
