import Foundation

/// The standard normal distribution.
enum NormalDistribution {
  static func cumulative(_ value: Double) -> Double {
    0.5 * erfc(-value / 2.0.squareRoot())
  }

  /// The value below which a share of the distribution lies.
  ///
  /// Bisection to neighbouring doubles, so that it is as exact as `cumulative`.
  ///
  /// - Parameter share: between 0 and 1, both left out.
  static func quantile(_ share: Double) -> Double {
    var (low, high) = (-40.0, 40.0)
    while true {
      let middle = low + (high - low) / 2
      guard middle > low, middle < high else { return middle }
      if cumulative(middle) < share { low = middle } else { high = middle }
    }
  }
}
