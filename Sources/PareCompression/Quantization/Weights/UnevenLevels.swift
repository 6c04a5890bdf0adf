import PareTensor

/// Levels that are not evenly spaced, for the weights of a layer.
enum UnevenLevels {
  /// Each weight by the nearest of 0 and `±2^k`, k one of the `2^(bits−1) − 1` highest exponents that a weight needs; those
  /// too small for the lowest become 0 or it.
  ///
  /// The nearest in value, not in logarithm: between `2^k` and `2^(k+1)` the border is at `1.5 · 2^k`.
  ///
  /// - Bound: within a third of its magnitude, except below the lowest level.
  static func powersOfTwo(_ weights: [Float], bits: Int) -> [Float] {
    let exponents = (1 << (bits - 1)) - 1
    let largest = weights.reduce(0) { max($0, $1.magnitude) }
    guard largest > 0 else { return weights.map { _ in 0 } }
    let highest = exponent(of: Double(largest))
    let lowest = max(highest - exponents + 1, -126)
    return weights.map { weight in
      let magnitude = Double(weight.magnitude)
      let floor = Double(sign: .plus, exponent: lowest, significand: 1)
      guard magnitude >= floor else { return magnitude * 2 > floor ? Float(weight < 0 ? -floor : floor) : 0 }
      let level = Float(sign: .plus, exponent: min(exponent(of: magnitude), highest), significand: 1)
      return weight < 0 ? -level : level
    }
  }

  /// k with `2^k` nearest; of two as near the lower.
  private static func exponent(of magnitude: Double) -> Int {
    min(Int(magnitude.exponent) + (magnitude.significand > 1.5 ? 1 : 0), 127)
  }

  /// Each weight by the nearest of at most `2^bits` levels with the least `Σ importance · (w − level)²` that k-means finds.
  /// Zeros stay zeros, and are a level where there are any.
  ///
  /// - Parameter importance: of each weight, not negative; nil for the same of all.
  static func clustered(_ weights: [Float], bits: Int, importance: [Double]? = nil) -> [Float] {
    let kept = weights.indices.filter { weights[$0] != 0 }
    let count = kept.count < weights.count ? (1 << bits) - 1 : 1 << bits
    guard count > 0, let search = ScalarKMeans(kept.map { weights[$0] }, weights: importance.map { i in kept.map { i[$0] } }, clusters: count)
    else { return weights.map { _ in 0 } }
    let starts = [search.linearStart(), search.quantileStart()]
    let best = starts.map { search.converged(from: $0) }.min { $0.cost < $1.cost }
    return weights.map { weight in weight == 0 ? 0 : best?.nearest(to: weight) ?? weight }
  }
}
