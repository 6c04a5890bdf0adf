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
  /// Path of the artifact, relative to the run's folder; null for a teacher that is several models, or of which only what it said is known.
  @ExplicitNull public var artifact: String?
  /// The paths of the models that a teacher consists of; null where it is not several.
  @ExplicitNull public var parts: [String]?
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
  /// The teacher's artifact bytes over this one's; null where the teacher, or this one, has no artifact.
  @ExplicitNull public var compressionRatio: Double?
  public var validation: Measures
  public var test: Measures
  /// How sure the figures are; null where nobody asked.
  @ExplicitNull public var evidence: EvidenceParts?
  /// What a decision takes; null for a teacher of which only what it said is known.
  @ExplicitNull public var latencyNs: Latency?
  /// Whether no other candidate is at least as good in every objective and better in one, on the validation part.
  public var pareto: Bool
  public var withinBudget: Bool
  /// Test part: cumulative net return at the end of each day.
  public var equity: [EquityPoint]
  /// Which symbol moves what is said of which; null where rows do not see the cross-section.
  @ExplicitNull public var influence: SymbolInfluence?

  public init(
    name: String, role: Role, made: String, artifacts: [String], parameters: Int, bytes: Int, weightBytes: Int,
    planBytes: Int, compressionRatio: Double?, validation: Measures, test: Measures, latencyNs: Latency?, pareto: Bool,
    withinBudget: Bool, equity: [EquityPoint], from: String? = nil, precision: String? = nil, steps: [StepResult]? = nil,
    multiplyAdds: Int? = nil, evidence: EvidenceParts? = nil
  ) {
    self.name = name
    self.role = role
    self.made = made
    self.from = from
    self.precision = precision
    self.steps = steps
    self.artifact = artifacts.count == 1 ? artifacts[0] : nil
    self.parts = artifacts.count > 1 ? artifacts : nil
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

  /// Whether there are files, whose bytes are known.
  public var hasArtifact: Bool { artifact != nil || parts != nil }
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
