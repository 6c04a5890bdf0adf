import PareAgents
import PareTensor

/// States 0 … 4 in a row, from which an action goes left (0) or right (1). Leaving to the left ends with reward 0.2, to
/// the right with 1; a step costs 0.01. Episodes begin anywhere.
struct ChainEnvironment: Environment {
  static let discount = 0.9
  private var state = 0

  let observationWidth = 5
  let actionCount = 2

  mutating func reset(_ generator: inout SeededGenerator) { state = generator.below(5) }

  func observe(into row: UnsafeMutableBufferPointer<Float>) {
    for index in 0..<5 { row[index] = index == state ? 1 : 0 }
  }

  mutating func step(_ action: Int, _ generator: inout SeededGenerator) -> EnvironmentStep {
    let next = state + (action == 1 ? 1 : -1)
    state = min(max(next, 0), 4)
    if next < 0 { return EnvironmentStep(reward: 0.2, ending: .terminal) }
    if next > 4 { return EnvironmentStep(reward: 1, ending: .terminal) }
    return EnvironmentStep(reward: -0.01)
  }

  /// `[state][action]`, by value iteration.
  static var optimalValues: [[Double]] {
    var q = [[Double]](repeating: [0, 0], count: 5)
    func best(_ state: Int) -> Double { max(q[state][0], q[state][1]) }
    for _ in 0..<200 {
      for state in 0..<5 {
        q[state][0] = state == 0 ? 0.2 : -0.01 + discount * best(state - 1)
        q[state][1] = state == 4 ? 1 : -0.01 + discount * best(state + 1)
      }
    }
    return q
  }
}

/// One choice among arms, whose rewards are 1 with some chance.
struct BanditEnvironment: Environment {
  static let chances = [0.2, 0.8, 0.5]
  let observationWidth = 1
  let actionCount = 3

  mutating func reset(_ generator: inout SeededGenerator) {}
  func observe(into row: UnsafeMutableBufferPointer<Float>) { row[0] = 1 }
  mutating func step(_ action: Int, _ generator: inout SeededGenerator) -> EnvironmentStep {
    EnvironmentStep(reward: generator.uniform() < Self.chances[action] ? 1 : 0, ending: .terminal)
  }
}

/// Rows that are told apart by their features, and returns that are the same at each visit: a table to be solved exactly.
struct TabularProcess {
  static let discount = 0.8
  let environment: PositionEnvironment

  init() throws {
    let returns = [0.5, -0.3, -0.6, 0.1, 0.7, 0.2, -0.4, 0.3]
    let rows = returns.count
    environment = try PositionEnvironment(
      features: (0..<rows * rows).map { $0 / rows == $0 % rows ? 1 : 0 }, width: rows, returns: returns, costPerSide: 0.2,
      segmentStarts: [0, 5])
  }

  /// `[rows, conditions, actions]`, backwards from the ends of segments.
  var optimalValues: [Double] {
    let n = environment.conditionCount
    var q = [Double](repeating: 0, count: environment.rowCount * n * n)
    for segment in environment.segments {
      for row in segment.reversed() {
        for condition in 0..<n {
          for action in 0..<n {
            let next = (row + 1) * n * n + action * n
            let later = row + 1 < segment.upperBound ? q[next..<next + n].max() ?? 0 : 0
            q[(row * n + condition) * n + action] =
              environment.reward(row: row, condition: condition, action: action) + Self.discount * later
          }
        }
      }
    }
    return q
  }
}

/// A signal `x′ = φ·x + √(1 − φ²)·e` that foretells a return `κ·x + ε`, and the best that can be done with it.
struct SignalMarket {
  static let (persistence, strength, noise, cost) = (0.9, 0.003, 0.01, 0.003)

  let signal: [Double]
  let environment: PositionEnvironment
  /// Pays what the signal says without noise: a fairer judge.
  let expected: PositionEnvironment

  init(rows: Int, seed: UInt64, cost: Double = SignalMarket.cost) throws {
    var generator = SeededGenerator(seed: seed)
    var x = generator.normal()
    var signal: [Double] = []
    for _ in 0..<rows {
      signal.append(x)
      x = Self.persistence * x + (1 - Self.persistence * Self.persistence).squareRoot() * generator.normal()
    }
    self.signal = signal
    // A second feature that says nothing.
    let features = signal.flatMap { [Float($0), Float(generator.normal())] }
    let means = signal.map { Self.strength * $0 }
    environment = try PositionEnvironment(
      features: features, width: 2, returns: means.map { $0 + Self.noise * generator.normal() }, costPerSide: cost)
    expected = try PositionEnvironment(features: features, width: 2, returns: means, costPerSide: cost)
  }

  /// Reward of the best policy on this path, by value iteration on 81 values of the signal with γ = 0.99.
  var optimalReward: Double {
    let grid = (0...80).map { Double($0 - 40) / 10 }
    let variance = 1 - Self.persistence * Self.persistence
    let transition = grid.map { x -> [Double] in
      let weights = grid.map { y in
        let d = y - Self.persistence * x
        return exponential(-d * d / (2 * variance))
      }
      let total = weights.reduce(0, +)
      return weights.map { $0 / total }
    }
    let levels = expected.levels
    var values = [[Double]](repeating: [0, 0, 0], count: grid.count)
    var policy = [[Int]](repeating: [1, 1, 1], count: grid.count)
    for _ in 0..<800 {
      let later = transition.map { row in
        levels.indices.map { level in zip(row, values).reduce(0) { $0 + $1.0 * $1.1[level] } }
      }
      for (index, x) in grid.enumerated() {
        for from in levels.indices {
          let worth = levels.indices.map { to in
            levels[to] * Self.strength * x - expected.costPerSide * abs(levels[to] - levels[from]) + 0.99 * later[index][to]
          }
          let best = worth.indices.max { worth[$0] < worth[$1] } ?? 1
          policy[index][from] = best
          values[index][from] = worth[best]
        }
      }
    }
    var (condition, reward) = (1, 0.0)
    for row in signal.indices {
      let place = Int((min(max(signal[row], -4), 4) * 10).rounded()) + 40
      let action = policy[place][condition]
      reward += expected.reward(row: row, condition: condition, action: action)
      condition = action
    }
    return reward
  }
}
