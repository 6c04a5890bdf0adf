import Foundation

/// The law of a book under pressure, as tables over the hidden states.
package struct PressureLaw: Sendable {
  /// Classes of the mid's move over the horizon: down, same, up.
  package static let classCount = 3

  /// Level of each state, −1 … 1.
  package let pressure: [Double]
  /// Row-major `[states, states]`: chance of the column's state one snapshot after the row's.
  package let transition: [Double]
  package let stationary: [Double]
  /// Row-major `[states, 3]`: chance of a move down, of none, and up after a snapshot.
  package let move: [Double]
  /// Row-major `[states, 3]`: chance of each class over the horizon, given the state of the snapshot it begins at.
  package let classes: [Double]
  private let logDepth: Double
  private let reading: Double
  private let noise: Double

  package var count: Int { pressure.count }

  /// - Precondition: the configuration is valid.
  package init(_ book: PressureBookSimulation) {
    let count = book.states
    pressure = (0..<count).map { 2 * Double($0) / Double(count - 1) - 1 }
    var transition = [Double](repeating: 0, count: count * count)
    for from in 0..<count {
      let neighbours = [from - 1, from + 1].filter { (0..<count).contains($0) }
      transition[from * count + from] = book.stay
      for to in neighbours { transition[from * count + to] = (1 - book.stay) / Double(neighbours.count) }
    }
    // At rest, of two neighbours as many leave the one for the other as come back: the ends are half as likely as the rest.
    let weights = (0..<count).map { count == 2 ? 1.0 : $0 == 0 || $0 == count - 1 ? 0.5 : 1 }
    let total = weights.reduce(0, +)
    self.transition = transition
    stationary = weights.map { $0 / total }
    move = pressure.flatMap { pressure in
      let (up, down) = (book.move * (1 + book.lean * pressure) / 2, book.move * (1 - book.lean * pressure) / 2)
      return [down, 1 - up - down, up]
    }
    let displacements = Self.displacements(horizon: book.horizon, transition: transition, move: move, count: count)
    var classes = [Double](repeating: 0, count: count * Self.classCount)
    for (place, chance) in displacements.enumerated() {
      let (state, column) = place.quotientAndRemainder(dividingBy: 2 * book.horizon + 1)
      classes[state * Self.classCount + Self.classIndex(of: column - book.horizon, threshold: book.threshold)] += chance
    }
    self.classes = classes
    logDepth = log(book.depth)
    reading = book.reading
    noise = book.noise
  }

  /// Row-major `[states, 2 · horizon + 1]`: chance that the mid is `column − horizon` ticks higher after the horizon.
  package func displacements(horizon: Int) -> [Double] {
    Self.displacements(horizon: horizon, transition: transition, move: move, count: count)
  }

  /// Propagates state and displacement of the mid together over the horizon, from each state.
  private static func displacements(horizon: Int, transition: [Double], move: [Double], count: Int) -> [Double] {
    let width = 2 * horizon + 1
    return (0..<count).flatMap { start in
      // Chance of being in a state with a displacement of `column − horizon` ticks.
      var joint = [Double](repeating: 0, count: count * width)
      joint[start * width + horizon] = 1
      for _ in 0..<horizon {
        var next = [Double](repeating: 0, count: count * width)
        for state in 0..<count {
          for column in 0..<width where joint[state * width + column] > 0 {
            for change in 0..<3 where move[state * 3 + change] > 0 {
              let weight = joint[state * width + column] * move[state * 3 + change]
              for to in 0..<count { next[to * width + column + change - 1] += weight * transition[state * count + to] }
            }
          }
        }
        joint = next
      }
      return (0..<width).map { column in (0..<count).reduce(0) { $0 + joint[$1 * width + column] } }
    }
  }

  /// The class of a displacement of the mid, in ticks.
  package static func classIndex(of displacement: Int, threshold: Double) -> Int {
    Double(displacement) > threshold ? 2 : Double(displacement) < -threshold ? 0 : 1
  }

  func moves(of state: Int) -> ArraySlice<Double> { move[state * 3..<state * 3 + 3] }

  func transitions(from state: Int) -> ArraySlice<Double> { transition[state * count..<(state + 1) * count] }

  /// - Parameter side: 1 for a bid, −1 for an ask.
  func quantity(_ state: Int, side: Double, draw: Double) -> Double {
    exp(logDepth + side * reading * pressure[state] + noise * draw)
  }

  /// Log density of the quantities of some levels given each state, up to what all states share.
  ///
  /// With `x` the sums of `±(ln q − ln depth)` over `n` levels it is `(x·a·p − n·(a·p)²/2) / noise²`.
  package func logDensities(bids: ArraySlice<Double>, asks: ArraySlice<Double>) -> [Double] {
    let sum = bids.reduce(0) { $0 + log($1) - logDepth } - asks.reduce(0) { $0 + log($1) - logDepth }
    let levels = Double(bids.count + asks.count)
    return pressure.map { pressure in
      let mean = reading * pressure
      return (sum * mean - levels * mean * mean / 2) / (noise * noise)
    }
  }

  /// The index at which the running sum of `weights` passes `uniform`.
  static func draw(_ weights: ArraySlice<Double>, at uniform: Double) -> Int {
    var sum = 0.0
    for (index, weight) in weights.enumerated() {
      sum += weight
      if uniform < sum { return index }
    }
    return weights.count - 1
  }
}
