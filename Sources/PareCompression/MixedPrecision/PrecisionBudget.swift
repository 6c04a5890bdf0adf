/// What the layers together may cost. In recipes exactly one of `{bytes: 4096}`, `{ratio: 0.2}`, `{latency-ns: 150}`,
/// `{output-snr-db: 30}`, `{loss-increase: 0.01}`.
public enum PrecisionBudget: Sendable, Hashable {
  /// Bytes of all parameters as stored, those of layers that are not selected included.
  case bytes(Int)
  /// The same as a fraction of what they weigh before, above 0 and up to 1.
  case ratio(Double)
  /// Nanoseconds of one decision by the cost table of this processor.
  case latency(nanoseconds: Double)
  /// The least signal-to-noise ratio of the scores on the training part, in dB, each column's mean removed: the fewest bytes that
  /// keep it.
  case outputSignalToNoise(decibels: Double)
  /// By how much the loss on the training part may grow, as a fraction of it: the fewest bytes that keep it.
  case lossIncrease(Double)

  func validate(at path: ParameterPath) throws {
    switch self {
    case .bytes(let bytes): try path.key(Keys.bytes).require(bytes > 0, expected: "a number above 0", found: bytes)
    case .ratio(let ratio):
      try path.key(Keys.ratio).require(ratio > 0 && ratio <= 1, expected: "a fraction above 0 and up to 1", found: ratio)
    case .latency(let nanoseconds):
      try path.key(Keys.latency).require(
        nanoseconds > 0 && nanoseconds.isFinite, expected: "a number above 0", found: nanoseconds)
    case .outputSignalToNoise(let decibels):
      try path.key(Keys.outputSignalToNoise).require(decibels.isFinite, expected: "a finite number", found: decibels)
    case .lossIncrease(let increase):
      try path.key(Keys.lossIncrease).require(
        increase >= 0 && increase.isFinite, expected: "a number of at least 0", found: increase)
    }
  }
}

extension PrecisionBudget: Codable {
  enum Keys: String, CodingKey, CaseIterable {
    case bytes, ratio
    case latency = "latency-ns"
    case outputSignalToNoise = "output-snr-db"
    case lossIncrease = "loss-increase"
  }

  public init(from decoder: any Decoder) throws {
    let (container, key) = try decoder.alternative(keyedBy: Keys.self)
    switch key {
    case .bytes: self = .bytes(try container.decode(Int.self, forKey: key))
    case .ratio: self = .ratio(try container.decode(Double.self, forKey: key))
    case .latency: self = .latency(nanoseconds: try container.decode(Double.self, forKey: key))
    case .outputSignalToNoise: self = .outputSignalToNoise(decibels: try container.decode(Double.self, forKey: key))
    case .lossIncrease: self = .lossIncrease(try container.decode(Double.self, forKey: key))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    switch self {
    case .bytes(let bytes): try container.encode(bytes, forKey: .bytes)
    case .ratio(let ratio): try container.encode(ratio, forKey: .ratio)
    case .latency(let nanoseconds): try container.encode(nanoseconds, forKey: .latency)
    case .outputSignalToNoise(let decibels): try container.encode(decibels, forKey: .outputSignalToNoise)
    case .lossIncrease(let increase): try container.encode(increase, forKey: .lossIncrease)
    }
  }
}
