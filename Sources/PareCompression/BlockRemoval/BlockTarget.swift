/// How many blocks go. In recipes exactly one of `{blocks: 2}`, `{ratio: 0.5}`, `{multiply-adds: 0.6}`, `{bytes: 20000}`,
/// `{latency-ns: 500}`.
public enum BlockTarget: Sendable, Hashable {
  /// The number of blocks that go at least, from 0.
  case blocks(Int)
  /// The fraction of the selected blocks that go, in `0 ... 1`.
  case ratio(Double)
  /// The fraction of the model's multiply-adds that stay, above 0 and up to 1.
  case multiplyAdds(Double)
  /// Bytes of all parameters as stored, at most.
  case bytes(Int)
  /// Nanoseconds of one decision by the cost table of this processor, at most.
  case latency(nanoseconds: Double)

  func validate(at path: ParameterPath) throws {
    switch self {
    case .blocks(let count): try path.key(Keys.blocks).require(count >= 0, expected: "a number of at least 0", found: count)
    case .ratio(let ratio):
      try path.key(Keys.ratio).require((0...1).contains(ratio), expected: "a fraction in 0 ... 1", found: ratio)
    case .multiplyAdds, .bytes, .latency: try cost?.validate(at: path)
    }
  }

  /// The target of what the whole model costs; nil where blocks count.
  var cost: StructuredTarget? {
    switch self {
    case .blocks, .ratio: nil
    case .multiplyAdds(let share): .multiplyAdds(share)
    case .bytes(let bytes): .bytes(bytes)
    case .latency(let nanoseconds): .latency(nanoseconds: nanoseconds)
    }
  }

  /// How many of so many blocks go; 0 where a cost decides.
  func count(of total: Int) -> Int {
    switch self {
    case .blocks(let count): count
    case .ratio(let ratio): Int((ratio * Double(total)).rounded())
    case .multiplyAdds, .bytes, .latency: 0
    }
  }
}

extension BlockTarget: Codable {
  enum Keys: String, CodingKey, CaseIterable {
    case blocks, ratio, bytes
    case multiplyAdds = "multiply-adds"
    case latency = "latency-ns"
  }

  public init(from decoder: any Decoder) throws {
    let (container, key) = try decoder.alternative(keyedBy: Keys.self)
    switch key {
    case .blocks: self = .blocks(try container.decode(Int.self, forKey: key))
    case .ratio: self = .ratio(try container.decode(Double.self, forKey: key))
    case .multiplyAdds: self = .multiplyAdds(try container.decode(Double.self, forKey: key))
    case .bytes: self = .bytes(try container.decode(Int.self, forKey: key))
    case .latency: self = .latency(nanoseconds: try container.decode(Double.self, forKey: key))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    switch self {
    case .blocks(let count): try container.encode(count, forKey: .blocks)
    case .ratio(let ratio): try container.encode(ratio, forKey: .ratio)
    case .multiplyAdds(let share): try container.encode(share, forKey: .multiplyAdds)
    case .bytes(let bytes): try container.encode(bytes, forKey: .bytes)
    case .latency(let nanoseconds): try container.encode(nanoseconds, forKey: .latency)
    }
  }
}
