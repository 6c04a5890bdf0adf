import PareInference
import PareTensor

/// Everything that a run found, as `results.json` holds it: keys in snake case, an absent figure as `null`.
///
/// The same experiment and seed give the same values, apart from `latency_ns` and what is decided by it.
public struct Results: Codable, Sendable {
  public static let schemaVersion = 1

  public var schema = Results.schemaVersion
  public var experiment: String
  public var seed: UInt64
  public var data: DataSummary
  /// What it takes to say the run again: the resolved experiment, as YAML.
  public var configuration: String
  public var candidates: [CandidateResult]
  /// The instruction set of the kernels, and the digest of the cost table by which plans chose forms of weights.
  @ExplicitNull public var kernels: String?
  @ExplicitNull public var costs: String?
  /// Positions that need no model: flat, buy-and-hold.
  public var baselines: [BaselineResult]
  /// The market's truth, where it is known because the market is simulated.
  @ExplicitNull public var truth: TruthSummary?
  public var objectives: [String]
  public var budget: Budget
  /// The name of the chosen candidate; null where none is within the budget.
  @ExplicitNull public var chosen: String?
  /// Why it was chosen, in words with figures.
  public var reason: String
  /// What would have to be true for another to be chosen, a sentence each.
  public var alternatives: [String]
  /// Of the box from the best figures to a tenth beyond the worst, the share that the frontier dominates.
  public var hypervolume: Double
  /// The share of the original's gross return that a candidate may earn less and still keep it.
  public var margin: Double
  /// Models and steps of recipes that were judged on the validation part, here and before: how often the best had the
  /// chance to be so by luck.
  public var evaluated: Int
  /// Where the future could have come in, and what was found.
  public var leaks: [LeakCheck]
  /// What windows that move through the data say; null where none were asked for.
  @ExplicitNull public var walkForward: WalkForwardResult?
  /// Whom the students learned from.
  @ExplicitNull public var teacher: TeacherSummary?

  public init(
    experiment: String, seed: UInt64, data: DataSummary, configuration: String, candidates: [CandidateResult],
    baselines: [BaselineResult], truth: TruthSummary?, objectives: [String], budget: Budget, decision: Decision,
    margin: Double = 0.1, evaluated: Int = 0, leaks: [LeakCheck] = [], kernels: KernelSelection? = nil
  ) {
    self.experiment = experiment
    self.seed = seed
    self.data = data
    self.configuration = configuration
    self.candidates = candidates
    self.baselines = baselines
    self.truth = truth
    self.objectives = objectives
    self.budget = budget
    chosen = decision.chosen
    reason = decision.reason
    alternatives = decision.alternatives
    hypervolume = decision.hypervolume
    self.margin = margin
    self.evaluated = evaluated
    self.leaks = leaks
    self.kernels = kernels?.instructionSet.rawValue
    costs = kernels?.costs.digest
  }
}
