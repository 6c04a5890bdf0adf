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

/// What the run was fed.
public struct DataSummary: Codable, Sendable {
  /// One part of the chronological split.
  public struct Part: Codable, Sendable {
    public var rows: Int
    /// First and last decision, ISO 8601, UTC.
    public var first: String
    public var last: String

    public init(rows: Int, first: String, last: String) {
      self.rows = rows
      self.first = first
      self.last = last
    }
  }

  /// Where the candles come from, in words; starts with "simulated" where they are.
  public var source: String
  /// Digest of candles, features, labels and split together.
  public var digest: String
  public var symbols: [String]
  public var interval: String
  public var candles: Int
  /// Candles that are missing within the span.
  public var missingCandles: Int
  public var features: [String]
  /// Classes, in the order of the logits.
  public var classes: [String]
  public var horizon: Int
  /// Rows that can be learnt from, all parts together.
  public var rows: Int
  public var train: Part
  public var validation: Part
  public var test: Part
  /// Share of feature values that the normalizer clipped, per part.
  public var clipped: [String: Double]

  public init(
    source: String, digest: String, symbols: [String], interval: String, candles: Int, missingCandles: Int,
    features: [String], classes: [String], horizon: Int, rows: Int, train: Part, validation: Part, test: Part,
    clipped: [String: Double]
  ) {
    self.source = source
    self.digest = digest
    self.symbols = symbols
    self.interval = interval
    self.candles = candles
    self.missingCandles = missingCandles
    self.features = features
    self.classes = classes
    self.horizon = horizon
    self.rows = rows
    self.train = train
    self.validation = validation
    self.test = test
    self.clipped = clipped
  }
}

/// One model that was judged.
public struct CandidateResult: Codable, Sendable {
  /// What a candidate is in the run.
  public enum Role: String, Codable, Sendable {
    case teacher, candidate, baseline
  }

  public var name: String
  public var role: Role
  /// How it was made: the recipe in one line.
  public var made: String
  /// The model that its recipe started from; null where it was trained or is the user's own.
  @ExplicitNull public var from: String?
  /// The numbers that stand for weights, where a step of the recipe, or of what it started from, quantized them.
  @ExplicitNull public var precision: String?
  /// What each step of the recipe did; null where there is no recipe.
  @ExplicitNull public var steps: [StepResult]?
  /// Path of the artifact, relative to the run's folder.
  public var artifact: String
  /// Trainable numbers, zeros included.
  public var parameters: Int
  /// Multiply-adds of one decision.
  @ExplicitNull public var multiplyAdds: Int?
  /// Bytes of the artifact, everything included.
  public var bytes: Int
  /// Bytes of the parameters' sections within it.
  public var weightBytes: Int
  /// Bytes resident in the execution plan: packed weights, tables and arena.
  public var planBytes: Int
  /// The teacher's artifact bytes over this one's.
  public var compressionRatio: Double
  public var validation: Measures
  public var test: Measures
  /// How sure the figures are; null where nobody asked.
  @ExplicitNull public var evidence: EvidenceParts?
  public var latencyNs: Latency
  /// Whether no other candidate is at least as good in every objective and better in one, on the validation part.
  public var pareto: Bool
  public var withinBudget: Bool
  /// Test part: cumulative net return at the end of each day.
  public var equity: [EquityPoint]

  public init(
    name: String, role: Role, made: String, artifact: String, parameters: Int, bytes: Int, weightBytes: Int,
    planBytes: Int, compressionRatio: Double, validation: Measures, test: Measures, latencyNs: Latency, pareto: Bool,
    withinBudget: Bool, equity: [EquityPoint], from: String? = nil, precision: String? = nil, steps: [StepResult]? = nil,
    multiplyAdds: Int? = nil, evidence: EvidenceParts? = nil
  ) {
    self.name = name
    self.role = role
    self.made = made
    self.from = from
    self.precision = precision
    self.steps = steps
    self.artifact = artifact
    self.parameters = parameters
    self.multiplyAdds = multiplyAdds
    self.bytes = bytes
    self.weightBytes = weightBytes
    self.planBytes = planBytes
    self.compressionRatio = compressionRatio
    self.validation = validation
    self.test = test
    self.evidence = evidence
    self.latencyNs = latencyNs
    self.pareto = pareto
    self.withinBudget = withinBudget
    self.equity = equity
  }
}

/// A point of an equity curve.
public struct EquityPoint: Codable, Sendable, Equatable {
  /// Unix milliseconds, UTC.
  public var time: Int64
  /// Cumulative net and gross return on fixed notional.
  public var net: Double
  public var gross: Double

  public init(time: Int64, net: Double, gross: Double) {
    self.time = time
    self.net = net
    self.gross = gross
  }
}

/// A position that needs no model, judged as the models are.
public struct BaselineResult: Codable, Sendable {
  public var name: String
  public var validation: Money
  public var test: Money
  public var equity: [EquityPoint]

  public init(name: String, validation: Money, test: Money, equity: [EquityPoint]) {
    self.name = name
    self.validation = validation
    self.test = test
    self.equity = equity
  }
}

/// What one decision takes, in nanoseconds, features in memory to decision out.
public struct Latency: Codable, Sendable, Equatable {
  public var p50: Double
  public var p99: Double
  public var p999: Double
  public var max: Double
  /// The clock's own cost within p99, p99.9 and max; not subtracted.
  public var clock: Double

  public init(p50: Double, p99: Double, p999: Double, max: Double, clock: Double) {
    self.p50 = p50
    self.p99 = p99
    self.p999 = p999
    self.max = max
    self.clock = clock
  }
}
