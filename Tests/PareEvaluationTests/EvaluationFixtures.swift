import Foundation
import PareBacktest
import PareCompression
import PareEvaluation
import PareMarket

/// A folder of its own for a test, removed when the test is done with it.
final class ScratchFolder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "pare-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func file(_ name: String) -> String { path + "/" + name }

  func write(_ text: String, to name: String) throws -> String {
    try text.write(toFile: file(name), atomically: true, encoding: .utf8)
    return file(name)
  }
}

enum Small {
  /// A simulated market that takes a fraction of a second.
  static func simulation(candles: Int = 6000) -> MarketSimulation {
    var simulation = MarketSimulation()
    simulation.symbols = 1
    simulation.candles = candles
    simulation.paths = 16
    return simulation
  }

  /// Every technique once on small networks with few epochs.
  static func experiment(_ data: DataSource) -> Experiment {
    let schedule = TrainingSchedule(epochs: 3, batchSize: 256, learningRate: 1e-3, patience: 3)
    var experiment = Experiment(name: "small", data: data)
    experiment.teacher = TeacherConfiguration(model: .mlp(hidden: [16, 8]), training: schedule)
    experiment.candidates = [
      CandidateConfiguration(
        "student",
        recipe: Recipe("student") { Distillation(into: .mlp(hidden: [6]), temperature: 4, hardWeight: 0.3, training: schedule) }),
      CandidateConfiguration("int8", recipe: Recipe("int8") { Quantization(.int8) }),
      CandidateConfiguration("pruned", recipe: Recipe("pruned") { Pruning(sparsity: 0.5) }),
      CandidateConfiguration("svd", recipe: Recipe("svd") { LowRankFactorization(.rank(2)) }),
      CandidateConfiguration("shared", recipe: Recipe("shared") { WeightSharing(bits: 3) }),
      CandidateConfiguration("student-int8", from: "student", recipe: Recipe("student-int8") { Quantization(.int8) }),
    ]
    experiment.latencyDecisions = 1000
    return experiment
  }

  static func run(
    _ experiment: Experiment, in folder: ScratchFolder, as name: String = "run", latencies: RecordedLatencies? = nil
  ) async throws -> Results {
    let file = ExperimentFile(experiment: experiment, directory: folder.path)
    return try await ExperimentRun(file, directory: folder.file(name), latencies: latencies).execute()
  }

  /// A candidate with given validation figures; everything else is of no account.
  static func candidate(
    _ name: String, netReturn: Double = 0, sharpe: Double? = 1, logLoss: Double = 0.6, bytes: Int = 100,
    planBytes: Int = 100, p99: Double = 100, changed: Double = 0, trades: Int = 1, agreement: Double = 1,
    role: CandidateResult.Role = .candidate
  ) -> CandidateResult {
    func measures(_ netReturn: Double) -> Measures {
      let later = FillOneLater(netReturn: netReturn, sharpe: sharpe)
      var scores = ClassificationMetrics.none
      (scores.accuracy, scores.balancedAccuracy, scores.logLoss) = (0.5, 0.5, logLoss)
      var metrics = BacktestMetrics.none
      (metrics.grossReturn, metrics.netReturn, metrics.sharpe, metrics.trades) = (netReturn, netReturn, sharpe, trades)
      return Measures(
        scores: scores, skill: 0, agreement: agreement, flips: Flips(missed: 0, false: 0, reversed: 0, rate: changed),
        money: Money(metrics: metrics, fillOneLater: later), atTeacherThresholds: later)
    }
    return CandidateResult(
      name: name, role: role, made: "by hand", artifacts: ["artifacts/\(name).pare"], parameters: 1, bytes: bytes,
      weightBytes: bytes, planBytes: planBytes, compressionRatio: 1, validation: measures(netReturn),
      test: measures(0), latencyNs: Latency(p50: p99 / 2, p99: p99, p999: p99, max: p99, clock: 20), pareto: false,
      withinBudget: false, equity: [])
  }
}
