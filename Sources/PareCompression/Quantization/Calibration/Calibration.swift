/// How the range of an activation is chosen from what the training part shows.
///
/// In recipes: `{method: min-max}` or `{method: percentile, percentile: 99.9}`.
public enum Calibration: Sendable, Hashable {
  /// From the smallest value to the largest.
  case minMax
  /// Between the quantiles `1 − p` and `p`, p in percent, above 50 and up to 100: what lies beyond saturates.
  case percentile(Double)

  func range(of histogram: StreamingHistogram) -> ClosedRange<Double> {
    switch self {
    case .minMax: histogram.minimum...histogram.maximum
    case .percentile(let percentile):
      histogram.quantile(1 - percentile / 100)...histogram.quantile(percentile / 100)
    }
  }

  func validate(at path: ParameterPath) throws {
    guard case .percentile(let percentile) = self else { return }
    try path.key(Keys.percentile).require(
      percentile > 50 && percentile <= 100, expected: "a percentage above 50 and up to 100", found: percentile)
  }
}

extension Calibration: Codable {
  private enum Keys: String, CodingKey, CaseIterable {
    case method, percentile
  }

  private enum MethodKey: String, CodingKey, CaseIterable {
    case method
  }

  private enum Method: String, RecipeWord {
    case minMax = "min-max"
    case percentile
  }

  public init(from decoder: any Decoder) throws {
    switch try decoder.strictContainer(keyedBy: Keys.self).decode(Method.self, forKey: .method) {
    case .minMax:
      _ = try decoder.strictContainer(keyedBy: MethodKey.self)
      self = .minMax
    case .percentile:
      self = .percentile(try decoder.container(keyedBy: Keys.self).decode(Double.self, forKey: .percentile))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    switch self {
    case .minMax: try container.encode(Method.minMax, forKey: .method)
    case .percentile(let percentile):
      try container.encode(Method.percentile, forKey: .method)
      try container.encode(percentile, forKey: .percentile)
    }
  }
}
