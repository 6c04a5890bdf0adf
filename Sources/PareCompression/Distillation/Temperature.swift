import PareTraining

/// How far teacher and student are softened: `4`, `{from: 8, to: 1}`, `{learned: [1, 20]}`.
public enum Temperature: Sendable, Hashable {
  /// A number, or one that moves while training goes on.
  case scheduled(Scheduled)
  /// Learned against the student within these bounds, from their geometric mean on (Li et al. 2023, arXiv:2211.16231).
  case learned(ClosedRange<Double>)

  func validate(at path: ParameterPath) throws {
    switch self {
    case .scheduled(let schedule): try schedule.require(at: path, expected: "a number above 0") { $0 > 0 && $0.isFinite }
    case .learned(let bounds):
      try path.key(Keys.learned).require(
        bounds.lowerBound > 0 && bounds.upperBound.isFinite && bounds.lowerBound < bounds.upperBound,
        expected: "two numbers above 0, the smaller first", found: "\(bounds.lowerBound) and \(bounds.upperBound)")
    }
  }

  /// In the end; of one that is learned, where it begins.
  var last: Double {
    switch self {
    case .scheduled(let schedule): schedule.value(at: 1)
    case .learned(let bounds): (bounds.lowerBound * bounds.upperBound).squareRoot()
    }
  }
}

extension Temperature: Codable {
  private enum Keys: String, CodingKey, CaseIterable {
    case learned
  }

  public init(from decoder: any Decoder) throws {
    guard let container = try? decoder.container(keyedBy: Keys.self), container.contains(.learned) else {
      self = .scheduled(try ScheduledNumber(from: decoder).value)
      return
    }
    let bounds = try decoder.strictContainer(keyedBy: Keys.self).decode([Double].self, forKey: .learned)
    try ParameterPath(decoder.codingPath).key(Keys.learned).require(
      bounds.count == 2 && bounds[0] <= bounds[1], expected: "two numbers, the smaller first", found: bounds)
    self = .learned(bounds[0]...bounds[1])
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .scheduled(let schedule): try ScheduledNumber(value: schedule).encode(to: encoder)
    case .learned(let bounds):
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode([bounds.lowerBound, bounds.upperBound], forKey: .learned)
    }
  }
}

/// A scheduled number as recipes spell it: `4`, or `{from: 8, to: 1, shape: linear, by: 0.5}`.
struct ScheduledNumber: Codable, Hashable {
  enum Shape: String, RecipeWord {
    /// Evenly, there after the share `by` of training.
    case linear
    /// Along half a wave of the cosine, there after the share `by`.
    case cosine
    /// At once, after the share `by`.
    case step
  }

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case from, to, shape, by
  }

  let value: Scheduled

  init(value: Scheduled) {
    self.value = value
  }

  init(from decoder: any Decoder) throws {
    if let number = try? decoder.singleValueContainer().decode(Double.self) {
      value = .constant(number)
      return
    }
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let (from, to) = (try container.decode(Double.self, forKey: .from), try container.decode(Double.self, forKey: .to))
    let by = try container.decodeIfPresent(Double.self, forKey: .by) ?? 1
    try ParameterPath(decoder.codingPath).key(CodingKeys.by).require(
      by > 0 && by <= 1, expected: "a share of training above 0, at most 1", found: by)
    switch try container.decodeIfPresent(Shape.self, forKey: .shape) ?? .linear {
    case .linear: value = .linear(from: from, to: to, by: by)
    case .cosine: value = .cosine(from: from, to: to, by: by)
    case .step: value = .step(from: from, to: to, at: by)
    }
  }

  func encode(to encoder: any Encoder) throws {
    func encode(_ from: Double, _ to: Double, _ shape: Shape, _ by: Double) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(from, forKey: .from)
      try container.encode(to, forKey: .to)
      try container.encode(shape, forKey: .shape)
      try container.encode(by, forKey: .by)
    }
    switch value {
    case .constant(let number):
      var container = encoder.singleValueContainer()
      try container.encode(number)
    case .linear(let from, let to, let by): try encode(from, to, .linear, by)
    case .cosine(let from, let to, let by): try encode(from, to, .cosine, by)
    case .step(let from, let to, let at): try encode(from, to, .step, at)
    }
  }
}

extension Scheduled {
  /// Throws `compression.range` unless the first and the last value, between which all others lie, are as expected.
  func require(at path: ParameterPath, expected: String, _ isValid: (Double) -> Bool) throws {
    for progress in [0.0, 1] {
      let value = value(at: progress)
      try path.require(isValid(value), expected: expected, found: value)
    }
  }
}
