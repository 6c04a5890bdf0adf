import PareMarket

/// A figure with the interval that its resamples give.
public struct ConfidenceInterval: Codable, Sendable, Hashable {
  /// Of the series itself; nil where it is undefined.
  public let estimate: Double?
  /// Nil where the estimate is, or where more than a tenth of the resamples have none.
  public let lower: Double?
  public let upper: Double?
  /// The share of resamples within: 0.95 unless told otherwise.
  public let level: Double

  /// The percentile interval: quantiles `(1 ± level) / 2` of the resamples, interpolated linearly between neighbours.
  ///
  /// - Parameters:
  ///   - resamples: the figure of each; NaN where it is undefined, which is left out.
  ///   - level: in 0 ..< 1.
  /// - Source: Efron 1979; quantiles by Hyndman and Fan 1996, definition 7.
  public init(_ estimate: Double?, resamples: [Double], level: Double = 0.95) {
    precondition(level >= 0 && level < 1, "a level in 0 ..< 1")
    self.estimate = estimate
    self.level = level
    let defined = resamples.filter { !$0.isNaN }.sorted()
    guard estimate != nil, !defined.isEmpty, 10 * defined.count >= 9 * resamples.count else {
      (lower, upper) = (nil, nil)
      return
    }
    lower = Quantile.interpolated((1 - level) / 2, of: defined)
    upper = Quantile.interpolated((1 + level) / 2, of: defined)
  }

  /// An interval that something else than resampling gave; without bounds where it gave none.
  init(estimate: Double?, lower: Double?, upper: Double?, level: Double) {
    (self.estimate, self.lower, self.upper, self.level) = (estimate, lower, upper, level)
  }

  /// Whether the interval lies wholly above or wholly below a value; false where there is none.
  public func excludes(_ value: Double) -> Bool {
    guard let lower, let upper else { return false }
    return value < lower || value > upper
  }

  private enum CodingKeys: String, CodingKey {
    case estimate, lower, upper, level
  }

  /// Writes a bound that does not exist as null, so that every key is there.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(estimate, forKey: .estimate)
    try container.encode(lower, forKey: .lower)
    try container.encode(upper, forKey: .upper)
    try container.encode(level, forKey: .level)
  }
}
