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
    if let limit = effectiveLatencyNs, let latency = candidate.latencyNs, latency.p99 > limit {
      return "p99 \(figure(latency.p99)) ns above \(figure(limit)) ns"
    }
    if let limit = memoryBytes, candidate.planBytes > limit {
      return "\(candidate.planBytes) bytes resident above \(limit)"
    }
    return nil
  }
}
