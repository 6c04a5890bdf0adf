/// A mean, how sure it is, and what may be said of it by Student's t.
public struct MeanEstimate: Codable, Sendable, Hashable {
  public let mean: Double
  public let standardError: Double
  /// Of Student's t; need not be whole.
  public let degreesOfFreedom: Double

  /// Of values that do not hang together, as results of several seeds: sample deviation over `√n`, `n − 1` degrees of freedom.
  ///
  /// - Returns: nil with fewer than 2 values, or one that is not finite.
  public init?(ofIndependent values: [Double]) {
    guard values.count > 1, values.allSatisfy(\.isFinite) else { return nil }
    let count = Double(values.count)
    mean = values.reduce(0, +) / count
    standardError = (LongRunVariance.bartlett(of: values, lag: 0) / count).squareRoot()
    degreesOfFreedom = count - 1
  }

  /// Of the days of several seeds, which see the same days: the error is that of a draw of seeds and of a draw of days.
  ///
  /// The variance is `Vₛ + V_d`: the sample variance of the seeds' means over their number, and the long-run variance of the days'
  /// means (over seeds) over theirs. What is peculiar to one seed on one day is in both, so the error is rather too large than too
  /// small. One seed has `V_d` alone, which says nothing of other seeds. Degrees of freedom by Satterthwaite,
  /// `(Vₛ + V_d)² / (Vₛ² / (S − 1) + V_d² / ν)`, so that few seeds make wide intervals.
  ///
  /// - Parameters:
  ///   - seeds: by seed, its days in order; equally many days of each, the same ones.
  ///   - lag: up to which days hang together.
  /// - Returns: nil with fewer than 20 days, without seeds, or with a value that is not finite.
  /// - Source: Cameron, Gelbach and Miller 2011, "Robust inference with multiway clustering", J. Bus. Econ. Stat. 29, §2, without the
  ///   term that is taken off there; Newey and West 1987; Satterthwaite 1946, Biometrics Bulletin 2.
  public init?(seeds: [[Double]], lag: Int) {
    let days = seeds.first?.count ?? 0
    guard days >= RiskRatios.fewestDays, seeds.allSatisfy({ $0.count == days && $0.allSatisfy(\.isFinite) }) else { return nil }
    let count = Double(seeds.count)
    let daily = (0..<days).map { day in seeds.reduce(0) { $0 + $1[day] } / count }
    let lag = min(max(lag, 0), days - 1)
    let ofDays = LongRunVariance.bartlett(of: daily, lag: lag) / Double(days)
    let ofSeeds = LongRunVariance.bartlett(of: seeds.map { $0.reduce(0, +) / Double(days) }, lag: 0) / count
    let free = LongRunVariance.degreesOfFreedom(days: days, lag: lag)
    mean = daily.reduce(0, +) / Double(days)
    standardError = (ofDays + ofSeeds).squareRoot()
    let variance = ofDays + ofSeeds
    let spread = ofDays * ofDays / free + (seeds.count > 1 ? ofSeeds * ofSeeds / (count - 1) : 0)
    degreesOfFreedom = spread > 0 ? variance * variance / spread : free
  }

  /// `mean ± t · standard error`.
  ///
  /// - Parameter level: in 0 ..< 1.
  public func interval(level: Double = 0.95) -> ConfidenceInterval {
    let half = halfWidth(level: level)
    return ConfidenceInterval(estimate: mean, lower: mean - half, upper: mean + half, level: level)
  }

  /// Half the interval's width, as in `0.97 ± 0.02`.
  public func halfWidth(level: Double = 0.95) -> Double {
    standardError * StudentDistribution.quantile((1 + level) / 2, degreesOfFreedom: degreesOfFreedom)
  }

  /// The probability of a mean at least as far from `value`, on either side, were that the true one.
  public func pValue(of value: Double = 0) -> Double {
    min(2 * min(pValue(above: value), pValue(below: value)), 1)
  }

  /// The probability of a mean at least as high, were the true one `value`: small where the mean lies surely above it.
  func pValue(above value: Double) -> Double {
    mean == value ? 0.5 : StudentDistribution.cumulative((value - mean) / standardError, degreesOfFreedom: degreesOfFreedom)
  }

  func pValue(below value: Double) -> Double {
    mean == value ? 0.5 : StudentDistribution.cumulative((mean - value) / standardError, degreesOfFreedom: degreesOfFreedom)
  }
}
