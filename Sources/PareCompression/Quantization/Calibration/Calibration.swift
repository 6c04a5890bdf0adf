/// How the range of an activation is chosen from what the training part shows.
///
/// In recipes `{method: min-max}`, `{method: percentile, percentile: 99.9}`, `{method: moving-average, momentum: 0.9}`,
/// `{method: mse}` or `{method: entropy}`, each with `regimes: name` where ranges are found for each regime by itself.
public struct Calibration: Sendable, Hashable {
  public enum Method: Sendable, Hashable {
    /// From the smallest value to the largest.
    case minMax
    /// Between the quantiles `1 − p` and `p`, p in percent, above 50 and up to 100: what lies beyond saturates.
    case percentile(Double)
    /// The smallest and largest values of batches of 64 rows, each mixed into those before: `r ← m·r + (1 − m)·batch`, m in
    /// `0 ..< 1`. Depends on the order of the rows.
    ///
    /// - Source: Jacob et al. 2018, arXiv:1712.05877, §3.1.
    case movingAverage(momentum: Double)
    /// The range with the least mean squared error of rounding and saturation, over the histogram (`RangeSearch`).
    case meanSquaredError
    /// The range whose integers keep most of the distribution: least Kullback–Leibler divergence (`RangeSearch`).
    case entropy
  }

  public var method: Method
  /// A column of whole numbers that stands beside the training rows and says which regime each belongs to. Ranges are found
  /// for each and reported; what is used covers all of them, so that a rare regime does not saturate.
  public var regimes: String?

  public init(_ method: Method, regimes: String? = nil) {
    self.method = method
    self.regimes = regimes
  }

  public static let minMax = Calibration(.minMax)
  public static func percentile(_ percentile: Double) -> Calibration { Calibration(.percentile(percentile)) }
  public static func movingAverage(momentum: Double = 0.9) -> Calibration { Calibration(.movingAverage(momentum: momentum)) }
  public static let meanSquaredError = Calibration(.meanSquaredError)
  public static let entropy = Calibration(.entropy)

  func validate(at path: ParameterPath) throws {
    switch method {
    case .percentile(let percentile):
      try path.key(Keys.percentile).require(
        percentile > 50 && percentile <= 100, expected: "a percentage above 50 and up to 100", found: percentile)
    case .movingAverage(let momentum):
      try path.key(Keys.momentum).require(
        (0..<1).contains(momentum), expected: "a fraction in 0 ..< 1", found: momentum)
    case .minMax, .meanSquaredError, .entropy: break
    }
    try path.key(Keys.regimes).require(regimes != "", expected: "the name of a column", found: "an empty text")
  }
}

// MARK: - Ranges

/// What an activation is to be mapped onto.
struct ActivationGrid: Sendable, Hashable {
  var format: IntegerFormat
  var symmetry: TensorScheme.Symmetry

  /// Of a scheme's activations, in 8 bits.
  init(_ scheme: TensorScheme) {
    format = scheme.integers(bits: 8, usual: .unsigned)
    symmetry = scheme.symmetry
  }

  func map(covering range: ClosedRange<Double>) -> AffineMap {
    AffineMap(covering: range, symmetry: symmetry, onto: format)
  }
}

extension Calibration.Method {
  /// The range of some observed numbers; 0 alone without any.
  func range(of sample: CalibrationSample, onto grid: ActivationGrid) -> ClosedRange<Double> {
    let histogram = sample.histogram
    switch self {
    case .minMax: return histogram.minimum...histogram.maximum
    case .percentile(let percentile):
      return histogram.quantile(1 - percentile / 100)...histogram.quantile(percentile / 100)
    case .movingAverage(let momentum):
      guard var range = sample.batches.first else { return 0...0 }
      for batch in sample.batches.dropFirst() {
        range = momentum * range.lowerBound + (1 - momentum) * batch.lowerBound
          ... momentum * range.upperBound + (1 - momentum) * batch.upperBound
      }
      return range
    case .meanSquaredError: return RangeSearch.leastSquaredError(of: histogram, onto: grid)
    case .entropy: return RangeSearch.leastDivergence(of: histogram, onto: grid)
    }
  }
}

// MARK: - Spelling

extension Calibration: Codable {
  private enum Keys: String, CodingKey, CaseIterable {
    case method, percentile, momentum, regimes
  }

  private enum PlainKeys: String, CodingKey, CaseIterable {
    case method, regimes
  }

  private enum PercentileKeys: String, CodingKey, CaseIterable {
    case method, percentile, regimes
  }

  private enum MovingAverageKeys: String, CodingKey, CaseIterable {
    case method, momentum, regimes
  }

  private enum Word: String, RecipeWord {
    case minMax = "min-max"
    case percentile
    case movingAverage = "moving-average"
    case meanSquaredError = "mse"
    case entropy
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: Keys.self)
    regimes = try container.decodeIfPresent(String.self, forKey: .regimes)
    let word = try container.decode(Word.self, forKey: .method)
    switch word {
    case .percentile:
      _ = try decoder.strictContainer(keyedBy: PercentileKeys.self)
      method = .percentile(try container.decode(Double.self, forKey: .percentile))
    case .movingAverage:
      _ = try decoder.strictContainer(keyedBy: MovingAverageKeys.self)
      method = .movingAverage(momentum: try container.decodeIfPresent(Double.self, forKey: .momentum) ?? 0.9)
    case .minMax, .meanSquaredError, .entropy:
      _ = try decoder.strictContainer(keyedBy: PlainKeys.self)
      method = word == .minMax ? .minMax : word == .entropy ? .entropy : .meanSquaredError
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    switch method {
    case .minMax: try container.encode(Word.minMax, forKey: .method)
    case .percentile(let percentile):
      try container.encode(Word.percentile, forKey: .method)
      try container.encode(percentile, forKey: .percentile)
    case .movingAverage(let momentum):
      try container.encode(Word.movingAverage, forKey: .method)
      try container.encode(momentum, forKey: .momentum)
    case .meanSquaredError: try container.encode(Word.meanSquaredError, forKey: .method)
    case .entropy: try container.encode(Word.entropy, forKey: .method)
    }
    try container.encodeIfPresent(regimes, forKey: .regimes)
  }
}
