import PareTensor

/// A figure that candidates are compared by, on the validation part, and whether more of it is better.
public enum Objective: String, Codable, Sendable, CaseIterable {
  case netReturn = "net-return"
  case sharpe
  case accuracy
  case skill
  case logLoss = "log-loss"
  case agreement
  case decisionsChanged = "decisions-changed"
  case maxDrawdown = "max-drawdown"
  case bytes
  case planBytes = "plan-bytes"
  case parameters
  case latency

  /// The figure, turned so that less is better. Undefined figures are worst.
  public func cost(of candidate: some JudgedModel) -> Double {
    let cost: Double? =
      switch self {
      case .netReturn: -candidate.validation.netReturn
      case .sharpe: candidate.validation.sharpe.map { -$0 }
      case .accuracy: -candidate.validation.accuracy
      case .skill: -candidate.validation.skill
      case .logLoss: candidate.validation.logLoss
      case .agreement: -candidate.validation.agreement
      case .decisionsChanged: candidate.validation.flips.rate
      case .maxDrawdown: candidate.validation.maxDrawdown
      case .bytes: Double(candidate.bytes)
      case .planBytes: Double(candidate.planBytes)
      case .parameters: Double(candidate.parameters)
      case .latency: candidate.decisionNanoseconds
      }
    guard let cost, !cost.isNaN else { return .infinity }
    return cost
  }

  /// Whether the figure says how well a candidate does, not what it takes to run.
  public var isQuality: Bool {
    switch self {
    case .bytes, .planBytes, .parameters, .latency: false
    default: true
    }
  }
}

/// What a strategy can afford. Absent means any.
public struct Budget: Codable, Sendable, Equatable {
  /// A class of strategy with the latency that is usual for it.
  public enum Tier: String, Codable, Sendable, CaseIterable {
    case highFrequency = "high-frequency"
    case marketMaking = "market-making"
    case statisticalArbitrage = "statistical-arbitrage"
    case swing

    /// Nanoseconds from features to decision at the 99th percentile: 1 µs, 100 µs, 10 ms, 1 s.
    public var latencyNanoseconds: Double {
      switch self {
      case .highFrequency: 1_000
      case .marketMaking: 100_000
      case .statisticalArbitrage: 10_000_000
      case .swing: 1_000_000_000
      }
    }
  }

  @ExplicitNull public var tier: Tier?
  /// Nanoseconds of one decision at the 99th percentile. Overrides the tier's.
  @ExplicitNull public var latencyNs: Double?
  /// Bytes resident in the plan.
  @ExplicitNull public var memoryBytes: Int?

  public init(tier: Tier? = nil, latencyNs: Double? = nil, memoryBytes: Int? = nil) {
    self.tier = tier
    self.latencyNs = latencyNs
    self.memoryBytes = memoryBytes
  }

  /// The latency that counts, if any does.
  public var effectiveLatencyNs: Double? { latencyNs ?? tier?.latencyNanoseconds }

  /// Why a candidate does not fit, or nil where it does.
  public func violation(of candidate: CandidateResult) -> String? {
    if let limit = effectiveLatencyNs, candidate.latencyNs.p99 > limit {
      return "p99 \(figure(candidate.latencyNs.p99)) ns above \(figure(limit)) ns"
    }
    if let limit = memoryBytes, candidate.planBytes > limit {
      return "\(candidate.planBytes) bytes resident above \(limit)"
    }
    return nil
  }
}
