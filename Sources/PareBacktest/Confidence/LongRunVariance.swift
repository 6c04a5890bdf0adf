import Foundation

/// The variance that the mean of a series has where days hang together, as they do where labels overlap.
public enum LongRunVariance {
  /// `n / (n − 1) · (R(0) + 2 Σ (1 − k / (L + 1)) R(k))` over lags `1 … L`, with `R(k) = 1/n · Σ (xᵢ − x̄)(xᵢ₊ₖ − x̄)`.
  ///
  /// Over n, its root is the standard error of the mean. With `L = 0` it is the sample variance. It is never negative.
  ///
  /// - Parameter lag: L, 0 or more; at most n − 1 is taken.
  /// - Returns: 0 for fewer than 2 values.
  /// - Source: Newey and West 1987, "A simple, positive semi-definite, heteroskedasticity and autocorrelation consistent covariance
  ///   matrix", Econometrica 55.
  public static func bartlett(of series: [Double], lag: Int) -> Double {
    guard series.count > 1 else { return 0 }
    let reach = min(max(lag, 0), series.count - 1)
    let covariances = BlockLength.autocovariances(of: series, upTo: reach)
    var sum = covariances[0]
    for k in 0..<reach { sum += 2 * (1 - Double(k + 1) / Double(reach + 1)) * covariances[k + 1] }
    return max(sum, 0) * Double(series.count) / Double(series.count - 1)
  }

  /// The lag for coefficients of labels that reach over `horizon` days: `max(2 · horizon, ⌊4 (n / 100)^(2/9)⌋)`, at most n − 1.
  ///
  /// Neighbours share `horizon − 1` days of their labels. Bartlett's weights fall on the way to the lag, so a lag of the horizon alone
  /// takes away much of what has to be counted; twice that counts most of it.
  ///
  /// - Source: the second term by Newey and West 1994, "Automatic lag selection in covariance matrix estimation", Rev. Econ. Stud. 61.
  public static func lag(days: Int, horizon: Int) -> Int {
    let usual = Int(4 * pow(Double(max(days, 0)) / 100, 2.0 / 9))
    return max(min(max(2 * max(horizon, 1), usual), days - 1), 0)
  }

  /// Degrees of freedom of Student's t for the mean over that error: `n / ((L + 1) · ⅔)`, at most n − 1.
  ///
  /// - Source: Priestley 1981, Spectral Analysis and Time Series, §6.2, for Bartlett's window at frequency 0.
  static func degreesOfFreedom(days: Int, lag: Int) -> Double {
    min(1.5 * Double(days) / Double(lag + 1), Double(days - 1))
  }
}
