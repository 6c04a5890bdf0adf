import Foundation

/// The finite Markov chain that the simulated market hides: a drift level and a regime, independent of each other.
///
/// State `s = level · regimes + regime`. Levels are the standardized sum of `m` independent ±1 sources, each of which
/// flips per candle with chance `(1 − φ)/2`, so that `E[d(s′) | s] = φ·d(s)` exactly and `Var d = 1`.
package struct HiddenChain: Sendable {
  /// Number of states.
  package let count: Int
  /// Drift level per state, mean 0 and variance 1 under the stationary distribution.
  package let level: [Double]
  /// Index of the regime per state.
  package let regime: [Int]
  /// Row-major `[count, count]`: chance of the column's state one candle after the row's.
  package let transition: [Double]
  package let stationary: [Double]

  /// - Precondition: the configuration is valid.
  package init(_ market: MarketSimulation) {
    // A switched-off drift needs no levels.
    let sources = market.linear.strength == 0 ? 0 : market.linear.sources
    let retention = exp2(-1 / market.linear.halfLife)
    let levels = Self.sumOfSources(sources, retention: retention)
    let regimes = Self.switching(market.regimes.map(\.meanDuration))
    let regimeCount = market.regimes.count
    let count = (sources + 1) * regimeCount
    self.count = count
    level = (0..<count).map { state in
      sources == 0 ? 0 : Double(2 * (state / regimeCount) - sources) / Double(sources).squareRoot()
    }
    regime = (0..<count).map { $0 % regimeCount }
    var transition = [Double](repeating: 0, count: count * count)
    var stationary = [Double](repeating: 0, count: count)
    for from in 0..<count {
      let (levelFrom, regimeFrom) = (from / regimeCount, from % regimeCount)
      stationary[from] = levels.stationary[levelFrom] * regimes.stationary[regimeFrom]
      for to in 0..<count {
        let (levelTo, regimeTo) = (to / regimeCount, to % regimeCount)
        transition[from * count + to] =
          levels.transition[levelFrom][levelTo] * regimes.transition[regimeFrom][regimeTo]
      }
    }
    self.transition = transition
    self.stationary = stationary
  }

  /// The distribution one candle later.
  package func predict(_ distribution: [Double]) -> [Double] {
    var next = [Double](repeating: 0, count: count)
    for from in 0..<count {
      for to in 0..<count { next[to] += distribution[from] * transition[from * count + to] }
    }
    return next
  }

  private struct Chain {
    var transition: [[Double]]
    var stationary: [Double]
  }

  /// How many of `m` sources are up: binomial at rest, and per candle the sum of those that stay and those that rise.
  private static func sumOfSources(_ m: Int, retention: Double) -> Chain {
    func binomial(_ n: Int, _ p: Double) -> [Double] {
      var weights = [1.0]
      for _ in 0..<n {
        var next = [Double](repeating: 0, count: weights.count + 1)
        for (k, weight) in weights.enumerated() {
          next[k] += weight * (1 - p)
          next[k + 1] += weight * p
        }
        weights = next
      }
      return weights
    }
    let flip = (1 - retention) / 2
    let transition = (0...m).map { up in
      var row = [Double](repeating: 0, count: m + 1)
      for (stay, stayWeight) in binomial(up, 1 - flip).enumerated() {
        for (rise, riseWeight) in binomial(m - up, flip).enumerated() { row[stay + rise] += stayWeight * riseWeight }
      }
      return row
    }
    return Chain(transition: transition, stationary: binomial(m, 0.5))
  }

  /// Leaves each state at rate 1 / mean duration, to any other alike; at rest, time is shared as the durations are.
  private static func switching(_ durations: [Double]) -> Chain {
    let total = durations.reduce(0, +)
    let others = Double(max(1, durations.count - 1))
    let transition = durations.indices.map { from in
      durations.indices.map { to in
        if durations.count == 1 { return 1.0 }
        return from == to ? 1 - 1 / durations[from] : 1 / (durations[from] * others)
      }
    }
    return Chain(transition: transition, stationary: durations.map { $0 / total })
  }
}
