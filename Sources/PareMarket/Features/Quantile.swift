/// Quantiles of samples.
package enum Quantile {
  /// The value below which a share of a sample lies, by a straight line between order statistics, `share · (n − 1)` places from the least.
  ///
  /// - Parameter sorted: ascending, at least one.
  package static func interpolated(_ share: Double, of sorted: [Double]) -> Double {
    let place = share * Double(sorted.count - 1)
    let below = min(Int(place), sorted.count - 1)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (place - Double(below)) * (sorted[above] - sorted[below])
  }
}
