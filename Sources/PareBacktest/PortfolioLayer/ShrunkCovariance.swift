import PareLinearAlgebra

/// A covariance matrix of returns, moved towards a multiple of the identity so that it can be inverted however few returns there are.
///
/// `Σ = (1 − ρ)·S + ρ·m·I` with the sample's `S = Σ_t x_t·x_tᵀ / T` of centred returns and `m = tr S / N`. Where ρ is not given it is the
/// one of least expected squared error: `ρ = min(b̄², d²) / d²`, `d² = ‖S − m·I‖² / N`, `b̄² = Σ_t ‖x_t·x_tᵀ − S‖² / (N·T²)`.
///
/// - Source: Ledoit and Wolf 2004, "A well-conditioned estimator for large-dimensional covariance matrices", §3.
public struct ShrunkCovariance: Sendable {
  /// Row-major `[N, N]`.
  public let values: [Double]
  /// ρ.
  public let shrinkage: Double
  public let count: Int

  /// - Parameters:
  ///   - returns: by instrument, over the same times; at least 2 each.
  ///   - shrinkage: ρ; nil for the one of least expected error.
  /// - Throws: `backtest.covariance` for returns of different lengths, or that are no numbers.
  public init(_ returns: [[Double]], shrinkage: Double? = nil) throws(BacktestError) {
    let (count, times) = (returns.count, returns.first?.count ?? 0)
    guard count > 0, times >= 2, returns.allSatisfy({ $0.count == times && $0.allSatisfy(\.isFinite) }) else {
      throw BacktestError(
        "covariance", subject: "returns", expected: "as many finite returns of each instrument, at least 2",
        found: returns.map { "\($0.count)" }.prefix(8).joined(separator: ", "))
    }
    let centred = returns.map { own in
      let mean = own.reduce(0, +) / Double(times)
      return own.map { $0 - mean }
    }
    var sample = [Double](repeating: 0, count: count * count)
    for i in 0..<count {
      for j in 0...i {
        var sum = 0.0
        for t in 0..<times { sum += centred[i][t] * centred[j][t] }
        sample[i * count + j] = sum / Double(times)
        sample[j * count + i] = sum / Double(times)
      }
    }
    let scale = (0..<count).reduce(0) { $0 + sample[$1 * count + $1] } / Double(count)
    var distance = 0.0
    for i in 0..<count {
      for j in 0..<count {
        let difference = sample[i * count + j] - (i == j ? scale : 0)
        distance += difference * difference
      }
    }
    var share = 0.0
    if let shrinkage {
      share = shrinkage
    } else if distance > 0 {
      // Σ_t ‖x_t·x_tᵀ − S‖² = Σ_t (|x_t|²)² − T·‖S‖².
      let fourth = (0..<times).reduce(0.0) { sum, t in
        let square = centred.reduce(0) { $0 + $1[t] * $1[t] }
        return sum + square * square
      }
      let error = max(fourth - Double(times) * sample.reduce(0) { $0 + $1 * $1 }, 0) / Double(times * times)
      share = min(error, distance) / distance
    } else {
      share = 1
    }
    // A market that stands still has no covariance; any direction is as good.
    let floor = scale > 0 ? scale : 1
    values = sample.indices.map { index in
      (1 - share) * sample[index] + (index / count == index % count ? share * floor + (scale > 0 ? 0 : 1e-12) : 0)
    }
    (self.shrinkage, self.count) = (share, count)
  }

  /// `Σ⁻¹·b`, by Cholesky's factor.
  ///
  /// - Throws: `backtest.covariance` where the matrix is not positive definite, as with a shrinkage of nearly 0.
  public func solve(_ b: [Double]) throws(BacktestError) -> [Double] {
    precondition(b.count == count)
    let factor = CholeskyFactor(of: values, count: count)
    guard factor.isDefinite else {
      throw BacktestError(
        "covariance", subject: "returns", expected: "a positive definite covariance (more shrinkage)", found: "one that is not")
    }
    var x = b
    factor.solve(&x)
    return x
  }

  /// `α − c·1` with the c under which the weights `Σ⁻¹·(α − c·1)` add up to 0.
  func centred(_ alphas: [Double]) throws(BacktestError) -> [Double] {
    let (ones, weights) = (try solve([Double](repeating: 1, count: count)), try solve(alphas))
    let c = weights.reduce(0, +) / ones.reduce(0, +)
    return alphas.map { $0 - c }
  }
}
