import Foundation

/// Simulated books together with what produced them, and what could be known of their future.
public struct SimulatedBooks: Sendable {
  public let configuration: PressureBookSimulation
  public let seed: UInt64
  public let snapshots: BookSnapshots
  /// The hidden pressure of each snapshot, −1 … 1.
  public let pressures: [Double]
  public let truth: SimulatedBookTruth
  public var provenance: String { MarketSimulation.provenance }

  init(configuration: PressureBookSimulation, seed: UInt64, snapshots: BookSnapshots, pressures: [Double]) {
    self.configuration = configuration
    self.seed = seed
    self.snapshots = snapshots
    self.pressures = pressures
    truth = SimulatedBookTruth(of: snapshots, configuration: configuration, pressures: pressures)
  }

  /// The class of the mid's move over the horizon from each snapshot: down (0), same (1), up (2); −1 where the books end
  /// before.
  public var labels: [Int32] {
    let horizon = configuration.horizon
    return (0..<snapshots.count).map { snapshot in
      guard snapshot + horizon < snapshots.count else { return -1 }
      let displacement = configuration.bid(of: snapshots, at: snapshot + horizon) - configuration.bid(of: snapshots, at: snapshot)
      return Int32(PressureLaw.classIndex(of: displacement, threshold: configuration.threshold))
    }
  }
}

/// The true chances that the mid moves down, stays or moves up over the horizon, by how much is seen.
///
/// Each is exact. What moves follow a snapshot depends on its pressure alone, so the chance of a class given observations is
/// `Σ P(pressure | observations) · P(class | pressure)`; the second factor comes from propagating pressure and displacement
/// together over the horizon, the first from Bayes' rule over the few levels of the pressure (`SimulatedBookTests`
/// enumerate all hidden paths).
public struct SimulatedBookTruth: Sendable {
  /// In snapshots.
  public let horizon: Int
  /// In ticks.
  public let threshold: Double
  /// Row-major `[snapshots, 3]`, given every snapshot so far and the moves between them. "Achievable" means this.
  public let bayes: [Double]
  /// Given the newest snapshot alone: what a model without a window can have.
  public let newest: [Double]
  /// Given the best level of the newest snapshot alone.
  public let newestBest: [Double]
  /// Given the hidden pressure besides: a bound that nobody reaches.
  public let oracle: [Double]

  /// - Precondition: the books are this configuration's.
  init(of books: BookSnapshots, configuration: PressureBookSimulation, pressures: [Double]) {
    let law = PressureLaw(configuration)
    let levels = books.levels
    var filter = PressureFilter(law)
    var (bayes, newest, newestBest): ([Double], [Double], [Double]) = ([], [], [])
    for snapshot in 0..<books.count {
      if snapshot > 0 {
        filter.predict(
          afterMove: configuration.bid(of: books, at: snapshot) - configuration.bid(of: books, at: snapshot - 1))
      }
      let row = snapshot * levels..<(snapshot + 1) * levels
      let densities = law.logDensities(bids: books.bidQuantities[row], asks: books.askQuantities[row])
      filter.update(densities)
      bayes += filter.classChances
      newest += Self.alone(law, densities)
      let best = row.lowerBound...row.lowerBound
      newestBest += Self.alone(law, law.logDensities(bids: books.bidQuantities[best], asks: books.askQuantities[best]))
    }
    horizon = configuration.horizon
    threshold = configuration.threshold
    self.bayes = bayes
    self.newest = newest
    self.newestBest = newestBest
    oracle = pressures.flatMap { pressure in
      let state = law.pressure.firstIndex(of: pressure) ?? 0
      return law.classes[state * PressureLaw.classCount..<(state + 1) * PressureLaw.classCount]
    }
  }

  private static func alone(_ law: PressureLaw, _ densities: [Double]) -> [Double] {
    var filter = PressureFilter(law)
    filter.update(densities)
    return filter.classChances
  }

  /// Expected share of right answers of whoever says the most likely class of `chances`, row-major `[rows, 3]`.
  public static func accuracy(of chances: [Double]) -> Double {
    let rows = chances.count / 3
    return (0..<rows).reduce(0) { $0 + (chances[3 * $1..<3 * $1 + 3].max() ?? 0) } / Double(max(rows, 1))
  }
}

/// The exact distribution of the pressure given what was observed.
package struct PressureFilter: Sendable {
  private let law: PressureLaw
  /// Distribution over the states: of the coming snapshot after `predict`, of the newest after `update`.
  package private(set) var distribution: [Double]

  /// At rest, before the first snapshot.
  package init(_ law: PressureLaw) {
    self.law = law
    distribution = law.stationary
  }

  /// Takes in the move of the mid after the newest snapshot, and goes on to the next.
  ///
  /// - Parameter ticks: −1, 0 or 1.
  package mutating func predict(afterMove ticks: Int) {
    let count = law.count
    var next = [Double](repeating: 0, count: count)
    for from in 0..<count {
      let weight = distribution[from] * law.move[from * 3 + min(max(ticks, -1), 1) + 1]
      for to in 0..<count { next[to] += weight * law.transition[from * count + to] }
    }
    distribution = next
    normalize()
  }

  /// Takes in a snapshot's quantities, as log densities per state.
  package mutating func update(_ logDensities: [Double]) {
    let logWeights = zip(distribution, logDensities).map { log($0) + $1 }
    let largest = logWeights.max() ?? 0
    distribution = logWeights.map { exp($0 - largest) }
    normalize()
  }

  /// Chance of each class over the horizon.
  package var classChances: [Double] {
    (0..<PressureLaw.classCount).map { index in
      distribution.indices.reduce(0) { $0 + distribution[$1] * law.classes[$1 * PressureLaw.classCount + index] }
    }
  }

  private mutating func normalize() {
    let total = distribution.reduce(0, +)
    for state in distribution.indices { distribution[state] /= total }
  }
}

extension PressureBookSimulation {
  /// The best bid of a snapshot, in ticks.
  func bid(of books: BookSnapshots, at snapshot: Int) -> Int { Int((books.bidPrices[snapshot * levels] / tick).rounded()) }
}
