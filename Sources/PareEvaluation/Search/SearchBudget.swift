import PareCompression

/// What a model of a search may cost and must keep. Absent means any.
public struct SearchBudget: Sendable, Hashable {
  public var tier: Budget.Tier?
  /// Nanoseconds of one decision by the cost table. Overrides the tier's.
  public var latencyNs: Double?
  /// Bytes resident in the plan.
  public var memoryBytes: Int?
  /// Bytes of the artifact.
  public var bytes: Int?
  /// How far objectives may go on the validation part; falls and rises count from the teacher.
  public var limits: [FigureLimit]

  public init(
    tier: Budget.Tier? = nil, latencyNs: Double? = nil, memoryBytes: Int? = nil, bytes: Int? = nil, limits: [FigureLimit] = []
  ) {
    self.tier = tier
    self.latencyNs = latencyNs
    self.memoryBytes = memoryBytes
    self.bytes = bytes
    self.limits = limits
  }

  /// Why a model does not fit, or nil where it does.
  package func violation(of model: TrialFigures, teacher: TrialFigures) -> String? {
    if let limit = latencyNs ?? tier?.latencyNanoseconds {
      guard let estimate = model.estimateNs else { return "no estimate by the cost table" }
      if estimate > limit { return "\(figure(estimate)) ns by the cost table above \(figure(limit))" }
    }
    if let limit = memoryBytes, model.planBytes > limit { return "\(model.planBytes) bytes resident above \(limit)" }
    if let limit = bytes, model.bytes > limit { return "\(model.bytes) bytes above \(limit)" }
    let (figures, before) = (model.byObjective, teacher.byObjective)
    return limits.first { !$0.holds(for: figures, before: before) }.map { limit in
      "\(limit.figure) \(figure(figures[limit.figure] ?? .nan)), not \(limit.words(before: before))"
    }
  }
}

extension SearchBudget: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case tier, bytes, limits
    case latency = "latency-ns"
    case memory = "memory-bytes"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let path = ParameterPath(decoder.codingPath)
    self.init(
      tier: try container.wordIfPresent(forKey: .tier), latencyNs: try container.decodeIfPresent(Double.self, forKey: .latency),
      memoryBytes: try container.decodeIfPresent(Int.self, forKey: .memory),
      bytes: try container.decodeIfPresent(Int.self, forKey: .bytes),
      limits: try container.decodeIfPresent([FigureLimit].self, forKey: .limits) ?? [])
    try path.key(CodingKeys.latency).require(
      (latencyNs ?? 1) > 0, expected: "a positive number of nanoseconds", found: latencyNs ?? 0)
    for (key, bytes) in [(CodingKeys.memory, memoryBytes), (.bytes, bytes)] {
      try path.key(key).require((bytes ?? 1) > 0, expected: "a positive number of bytes", found: bytes ?? 0)
    }
    for (index, limit) in limits.enumerated() {
      let place = path.key(CodingKeys.limits).index(index)
      try limit.validate(at: place)
      try place.key("figure").require(
        Objective(rawValue: limit.figure) != nil,
        expected: NearestWord.expectation(limit.figure, among: Objective.allCases.map(\.rawValue)), found: "'\(limit.figure)'")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(tier, forKey: .tier)
    try container.encodeIfPresent(latencyNs, forKey: .latency)
    try container.encodeIfPresent(memoryBytes, forKey: .memory)
    try container.encodeIfPresent(bytes, forKey: .bytes)
    try container.encode(limits, forKey: .limits)
  }
}
