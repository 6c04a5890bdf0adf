import Foundation

/// Student's t distribution, of any number of degrees of freedom above 0.
enum StudentDistribution {
  /// `P(T ≤ value) = 1 − ½ I(ν/2, ½; ν / (ν + value²))` for values of 0 or more, with the regularized incomplete beta function.
  ///
  /// - Source: NIST Digital Library of Mathematical Functions, §8.17.
  static func cumulative(_ value: Double, degreesOfFreedom nu: Double) -> Double {
    guard !value.isInfinite else { return value > 0 ? 1 : 0 }
    let square = value * value
    let tail = 0.5 * incompleteBeta(nu / 2, 0.5, nu / (nu + square), complement: square / (nu + square))
    return value > 0 ? 1 - tail : tail
  }

  /// The value below which a share of the distribution lies, by bisection to neighbouring doubles.
  ///
  /// - Parameter share: between 0 and 1, both left out.
  static func quantile(_ share: Double, degreesOfFreedom nu: Double) -> Double {
    guard share != 0.5 else { return 0 }
    // The lower tail has no rounding of 1 − x.
    let tail = min(share, 1 - share)
    var (low, high) = (-1.0, 0.0)
    while cumulative(low, degreesOfFreedom: nu) > tail, low > -1e300 { low *= 2 }
    while true {
      let middle = low + (high - low) / 2
      guard middle > low, middle < high else { return share < 0.5 ? middle : -middle }
      if cumulative(middle, degreesOfFreedom: nu) < tail { low = middle } else { high = middle }
    }
  }

  /// `I_x(a, b)`, by the continued fraction on the side on which it is quick: `I_x(a, b) = 1 − I_{1−x}(b, a)`.
  private static func incompleteBeta(_ a: Double, _ b: Double, _ x: Double, complement: Double) -> Double {
    guard x > 0 else { return 0 }
    guard complement > 0 else { return 1 }
    return x <= (a + 1) / (a + b + 2) ? continuedFraction(a, b, x, complement) : 1 - continuedFraction(b, a, complement, x)
  }

  private static func continuedFraction(_ a: Double, _ b: Double, _ x: Double, _ complement: Double) -> Double {
    let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(complement)) / a
    // Lentz's method, in the form of Thompson and Barnett 1986.
    let tiny = 1e-300
    var (c, d) = (1.0, 1 - (a + b) * x / (a + 1))
    d = 1 / (abs(d) < tiny ? tiny : d)
    var fraction = d
    for step in 1...10_000 {
      let m = Double(step)
      for term in [m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))] {
        d = 1 + term * d
        c = 1 + term / c
        d = 1 / (abs(d) < tiny ? tiny : d)
        if abs(c) < tiny { c = tiny }
        fraction *= c * d
      }
      if abs(c * d - 1) < 1e-15 { break }
    }
    return min(front * fraction, 1)
  }
}
