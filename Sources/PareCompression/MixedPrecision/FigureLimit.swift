/// How far a figure of the context's (`CompressionContext.measure`) may go. In recipes `{figure: accuracy, falls-by-at-most: 0.005}`,
/// with one of `at-least`, `at-most`, `falls-by-at-most`, `rises-by-at-most`; the last two count from the model before.
public struct FigureLimit: Sendable, Hashable {
  public enum Bound: Sendable, Hashable {
    case atLeast(Double)
    case atMost(Double)
    case fallsByAtMost(Double)
    case risesByAtMost(Double)
  }

  public var figure: String
  public var bound: Bound

  public init(_ figure: String, _ bound: Bound) {
    self.figure = figure
    self.bound = bound
  }

  /// Whether a model with these figures keeps to it. A figure that is not a number does not.
  package func holds(for figures: [String: Double], before: [String: Double]) -> Bool {
    guard let value = figures[figure] else { return false }
    switch bound {
    case .atLeast(let least): return value >= least
    case .atMost(let most): return value <= most
    case .fallsByAtMost(let fall): return before[figure].map { value >= $0 - fall } ?? false
    case .risesByAtMost(let rise): return before[figure].map { value <= $0 + rise } ?? false
    }
  }

  /// As in `accuracy at least 0.52`.
  package func words(before: [String: Double]) -> String {
    let start = before[figure] ?? .nan
    return switch bound {
    case .atLeast(let least): "\(figure) at least \(least)"
    case .atMost(let most): "\(figure) at most \(most)"
    case .fallsByAtMost(let fall): "\(figure) at least \(Float(start - fall))"
    case .risesByAtMost(let rise): "\(figure) at most \(Float(start + rise))"
    }
  }

  package func validate(at path: ParameterPath) throws {
    try path.key(Keys.figure).require(!figure.isEmpty, expected: "the name of a figure", found: "an empty text")
    let (key, value) = keyed
    let isDifference = key == .fallsByAtMost || key == .risesByAtMost
    try path.key(key).require(
      value.isFinite && (value >= 0 || !isDifference), expected: isDifference ? "a number of at least 0" : "a finite number", found: value)
  }
}

extension FigureLimit: Codable {
  private enum Keys: String, CodingKey, CaseIterable {
    case figure
    case atLeast = "at-least"
    case atMost = "at-most"
    case fallsByAtMost = "falls-by-at-most"
    case risesByAtMost = "rises-by-at-most"
  }

  private var keyed: (Keys, Double) {
    switch bound {
    case .atLeast(let value): (.atLeast, value)
    case .atMost(let value): (.atMost, value)
    case .fallsByAtMost(let value): (.fallsByAtMost, value)
    case .risesByAtMost(let value): (.risesByAtMost, value)
    }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: Keys.self)
    figure = try container.decode(String.self, forKey: .figure)
    let bounds = container.allKeys.filter { $0 != .figure }
    guard let key = bounds.first, bounds.count == 1 else {
      throw CompressionError(
        "wrong-type", subject: ParameterPath(decoder.codingPath).description,
        expected: "exactly one of " + Keys.allCases.dropFirst().map(\.rawValue).joined(separator: ", "),
        found: bounds.isEmpty ? "none" : bounds.map(\.rawValue).sorted().joined(separator: " and "))
    }
    let value = try container.decode(Double.self, forKey: key)
    switch key {
    case .atLeast: bound = .atLeast(value)
    case .fallsByAtMost: bound = .fallsByAtMost(value)
    case .risesByAtMost: bound = .risesByAtMost(value)
    case .atMost, .figure: bound = .atMost(value)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(figure, forKey: .figure)
    let (key, value) = keyed
    try container.encode(value, forKey: key)
  }
}
