import Foundation

/// The mean block that suits a series, from its own autocorrelations.
///
/// - Source: Politis and White 2004, "Automatic block-length selection for the dependent bootstrap", Econometric
///   Reviews 23, §3.2, with the variance of the stationary bootstrap as corrected by Patton, Politis and White 2009,
///   Econometric Reviews 28: `D = 2 ĝ(0)²`.
public enum BlockLength {
  /// `(Ĝ² / ĝ(0)²)^⅓ · n^⅓`, within 1 and `⌈min(3 √n, n / 3)⌉`.
  ///
  /// `ĝ(0) = Σ λ(k/M) R(k)` and `Ĝ = Σ λ(k/M) |k| R(k)` over `|k| ≤ M` with the flat-top window λ, which is 1 up
  /// to ½ and falls to 0 at 1. `M = 2 m`, and `m` is the last lag before 5 (or `⌊log₁₀ n⌋`, if that is more)
  /// autocorrelations in a row below `2 √(log₁₀ n / n)`; M is at most `⌈√n⌉` and as many more.
  ///
  /// - Returns: 1 for fewer than 9 values and for a constant series.
  public static func stationary(for series: [Double]) -> Double {
    let count = series.count
    guard count >= 9 else { return 1 }
    let size = Double(count)
    let quiet = max(5, Int(log10(size)))
    let farthest = min(Int(size.squareRoot().rounded(.up)) + quiet, count - 1)
    let covariances = autocovariances(of: series, upTo: farthest)
    let mean = series.reduce(0, +) / size
    guard covariances[0] > 1e-24 * mean * mean else { return 1 }

    let bound = 2 * (log10(size) / size).squareRoot() * covariances[0]
    let last = (0...max(farthest - quiet, 0)).first { lag in
      (1...quiet).allSatisfy { lag + $0 <= farthest && abs(covariances[lag + $0]) < bound }
    }
    let reach = min(last.map { 2 * max($0, 1) } ?? farthest, farthest)
    var (density, slope) = (covariances[0], 0.0)
    for lag in 1...reach {
      let share = Double(lag) / Double(reach)
      let weight = 2 * (share <= 0.5 ? 1 : 2 * (1 - share)) * covariances[lag]
      density += weight
      slope += weight * Double(lag)
    }
    guard density != 0 else { return 1 }
    let length = cbrt(slope * slope / (density * density) * size)
    return min(max(length, 1), min(3 * size.squareRoot(), size / 3).rounded(.up))
  }

  /// `R(k) = 1/n · Σ (xᵢ − x̄)(xᵢ₊ₖ − x̄)` for lags 0 ... `lag`.
  static func autocovariances(of series: [Double], upTo lag: Int) -> [Double] {
    let count = series.count
    let mean = series.reduce(0, +) / Double(count)
    let centred = series.map { $0 - mean }
    return (0...lag).map { lag in
      var sum = 0.0
      for place in 0..<count - lag { sum += centred[place] * centred[place + lag] }
      return sum / Double(count)
    }
  }
}
