import PareGraph
import PareInference

/// How much is taken out. In recipes exactly one of `{ratio: 0.5}`, `{multiply-adds: 0.4}`, `{bytes: 20000}`, `{latency-ns: 500}`.
public enum StructuredTarget: Sendable, Hashable {
  /// The fraction of the selected channels that go, in `0 ..< 1`.
  case ratio(Double)
  /// The fraction of the model's multiply-adds that stay, above 0 and up to 1.
  case multiplyAdds(Double)
  /// Bytes of all parameters as stored, at most.
  case bytes(Int)
  /// Nanoseconds of one decision by the cost table of this processor, at most.
  case latency(nanoseconds: Double)

  func validate(at path: ParameterPath) throws {
    switch self {
    case .ratio(let ratio):
      try path.key(Keys.ratio).require(ratio >= 0 && ratio < 1, expected: "a fraction in 0 ..< 1", found: ratio)
    case .multiplyAdds(let share):
      try path.key(Keys.multiplyAdds).require(share > 0 && share <= 1, expected: "a fraction above 0 and up to 1", found: share)
    case .bytes(let bytes): try path.key(Keys.bytes).require(bytes > 0, expected: "a number above 0", found: bytes)
    case .latency(let nanoseconds):
      try path.key(Keys.latency).require(nanoseconds > 0 && nanoseconds.isFinite, expected: "a number above 0", found: nanoseconds)
    }
  }

  /// What a graph costs in the target's unit; nil for a ratio, which counts channels.
  ///
  /// - Parameter technique: who asks, for the message.
  func cost(of graph: Graph, for technique: String) throws -> Double? {
    switch self {
    case .ratio: nil
    case .multiplyAdds: Double(try graph.multiplyAdds())
    case .bytes: Double(graph.storedByteCount)
    case .latency: try ExecutionPlan.knownEstimate(of: Model(graph: graph), for: "\(technique): target.\(Keys.latency.rawValue)")
    }
  }

  /// The most that it may cost, of a model that cost so much.
  func limit(before: Double) -> Double {
    switch self {
    case .ratio: before
    case .multiplyAdds(let share): share * before
    case .bytes(let bytes): Double(bytes)
    case .latency(let nanoseconds): nanoseconds
    }
  }

  func words(_ cost: Double) -> String {
    switch self {
    case .ratio: "\(Int(cost)) channels"
    case .multiplyAdds: "\(Int(cost)) multiply-adds"
    case .bytes: "\(Int(cost)) bytes of parameters"
    case .latency: "\((cost * 10).rounded() / 10) ns by the cost table"
    }
  }
}

extension StructuredTarget: Codable {
  enum Keys: String, CodingKey, CaseIterable {
    case ratio, bytes
    case multiplyAdds = "multiply-adds"
    case latency = "latency-ns"
  }

  public init(from decoder: any Decoder) throws {
    let (container, key) = try decoder.alternative(keyedBy: Keys.self)
    switch key {
    case .ratio: self = .ratio(try container.decode(Double.self, forKey: key))
    case .multiplyAdds: self = .multiplyAdds(try container.decode(Double.self, forKey: key))
    case .bytes: self = .bytes(try container.decode(Int.self, forKey: key))
    case .latency: self = .latency(nanoseconds: try container.decode(Double.self, forKey: key))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    switch self {
    case .ratio(let ratio): try container.encode(ratio, forKey: .ratio)
    case .multiplyAdds(let share): try container.encode(share, forKey: .multiplyAdds)
    case .bytes(let bytes): try container.encode(bytes, forKey: .bytes)
    case .latency(let nanoseconds): try container.encode(nanoseconds, forKey: .latency)
    }
  }
}
