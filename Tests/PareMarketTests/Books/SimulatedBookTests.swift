import Foundation
import PareMarket
import PareTensor
import Testing

@Suite struct SimulatedBookTests {
  /// Few states, few snapshots, strong signs.
  private static var tiny: PressureBookSimulation {
    var book = PressureBookSimulation()
    book.snapshots = 5
    book.levels = 2
    book.states = 3
    book.stay = 0.7
    book.reading = 0.5
    book.noise = 0.8
    book.move = 0.6
    book.lean = 0.8
    book.horizon = 3
    book.threshold = 1
    return book
  }

  /// Chances of the classes by enumeration of all pressures and moves, from the formulas of `docs/simulator.md` alone.
  ///
  /// - Parameter seen: the snapshots that are observed, with the moves between them; the last is decided at.
  private func enumerated(_ setup: PressureBookSimulation, _ books: BookSnapshots, seen: [Int], levels: Int) -> [Double] {
    let count = setup.states
    let length = seen.count + setup.horizon
    func pressure(_ state: Int) -> Double { 2 * Double(state) / Double(count - 1) - 1 }
    func transition(_ from: Int, _ to: Int) -> Double {
      if from == to { return setup.stay }
      if abs(from - to) > 1 { return 0 }
      return from == 0 || from == count - 1 ? 1 - setup.stay : (1 - setup.stay) / 2
    }
    func move(_ state: Int, _ ticks: Int) -> Double {
      ticks == 0 ? 1 - setup.move : setup.move * (1 + Double(ticks) * setup.lean * pressure(state)) / 2
    }
    func density(_ snapshot: Int, _ state: Int) -> Double {
      (0..<levels).reduce(1.0) { product, level in
        let place = snapshot * setup.levels + level
        let bid = (log(books.bidQuantities[place] / setup.depth) - setup.reading * pressure(state)) / setup.noise
        let ask = (log(books.askQuantities[place] / setup.depth) + setup.reading * pressure(state)) / setup.noise
        return product * exp(-(bid * bid + ask * ask) / 2)
      }
    }
    var chances = [0.0, 0, 0]
    for code in 0..<Int(pow(Double(count), Double(length - 1))) {
      var rest = code
      let path = (0..<length - 1).map { _ -> Int in
        defer { rest /= count }
        return rest % count
      }
      var weight = path[0] == 0 || path[0] == count - 1 ? 0.5 / Double(count - 1) : 1 / Double(count - 1)
      for step in 1..<path.count { weight *= transition(path[step - 1], path[step]) }
      for (place, snapshot) in seen.enumerated() {
        weight *= density(snapshot, path[place])
        if place > 0 {
          let ticks = ((books.bidPrices[snapshot * setup.levels] - books.bidPrices[(snapshot - 1) * setup.levels]) / setup.tick)
          weight *= move(path[place - 1], Int(ticks.rounded()))
        }
      }
      for future in 0..<Int(pow(3, Double(setup.horizon))) {
        var rest = future
        var (product, sum) = (weight, 0)
        for step in 0..<setup.horizon {
          let ticks = rest % 3 - 1
          rest /= 3
          product *= move(path[seen.count - 1 + step], ticks)
          sum += ticks
        }
        chances[Double(sum) > setup.threshold ? 2 : Double(sum) < -setup.threshold ? 0 : 1] += product
      }
    }
    let total = chances.reduce(0, +)
    return chances.map { $0 / total }
  }

  @Test(arguments: [UInt64(1), 2, 3]) func theTruthEqualsEnumeration(seed: UInt64) throws {
    let setup = Self.tiny
    let books = try setup.run(seed: seed)
    for last in 0..<setup.snapshots {
      let expected = [
        (enumerated(setup, books.snapshots, seen: Array(0...last), levels: 2), books.truth.bayes),
        (enumerated(setup, books.snapshots, seen: [last], levels: 2), books.truth.newest),
        (enumerated(setup, books.snapshots, seen: [last], levels: 1), books.truth.newestBest),
      ]
      for (chances, truth) in expected {
        for index in 0..<3 { #expect(abs(chances[index] - truth[3 * last + index]) < 1e-12) }
      }
    }
  }

  @Test func theTruthIsCalibrated() throws {
    var setup = PressureBookSimulation()
    setup.snapshots = 40_000
    let books = try setup.run(seed: 9)
    let labels = books.labels
    for chances in [books.truth.bayes, books.truth.newest, books.truth.newestBest, books.truth.oracle] {
      // Labels that do not overlap, by bins of the chance that was given for each class.
      var bins = [(expected: Double, spread: Double, happened: Double, count: Int)](repeating: (0, 0, 0, 0), count: 30)
      for snapshot in stride(from: 0, to: setup.snapshots - setup.horizon, by: setup.horizon) {
        for index in 0..<3 {
          let chance = chances[3 * snapshot + index]
          let bin = index * 10 + min(9, Int(chance * 10))
          bins[bin].expected += chance
          bins[bin].spread += chance * (1 - chance)
          bins[bin].happened += labels[snapshot] == Int32(index) ? 1 : 0
          bins[bin].count += 1
        }
      }
      for bin in bins where bin.count >= 40 { #expect(abs(bin.happened - bin.expected) < 4.5 * bin.spread.squareRoot()) }
      #expect(bins.count { $0.count >= 40 } >= 5)
    }
  }

  @Test func moreThatIsSeenIsWorthMore() throws {
    var setup = PressureBookSimulation()
    setup.snapshots = 100_000
    let books = try setup.run(seed: 7)
    // At rest, and so without luck.
    let law = PressureLaw(setup)
    let base = (0..<3).map { index in
      law.stationary.indices.reduce(0) { $0 + law.stationary[$1] * law.classes[$1 * 3 + index] }
    }
    let accuracies = [books.truth.newestBest, books.truth.newest, books.truth.bayes, books.truth.oracle].map {
      SimulatedBookTruth.accuracy(of: $0)
    }
    print("classes \(base), best level \(accuracies[0]), newest \(accuracies[1]), Bayes \(accuracies[2]), oracle \(accuracies[3])")
    #expect((base.max() ?? 1) + 0.02 < accuracies[0])
    #expect(zip(accuracies, accuracies.dropFirst()).allSatisfy { $0 < $1 })
    #expect(accuracies[1] > accuracies[0] + 0.04 && accuracies[2] > accuracies[1] + 0.1)
    #expect((0.60...0.75).contains(accuracies[2]))
    #expect(books.provenance == "simulated" && books.pressures.count == setup.snapshots)
  }

  @Test func aLongerSimulationBeginsWithAShorterOne() throws {
    var setup = PressureBookSimulation()
    setup.snapshots = 400
    let short = try setup.run(seed: 3)
    #expect(try setup.run(seed: 3).snapshots == short.snapshots)
    #expect(try setup.run(seed: 4).snapshots != short.snapshots)
    setup.snapshots = 700
    let long = try setup.run(seed: 3)
    #expect(Array(long.snapshots.bidPrices.prefix(4_000)) == short.snapshots.bidPrices)
    #expect(Array(long.snapshots.askQuantities.prefix(4_000)) == short.snapshots.askQuantities)
    #expect(Array(long.truth.bayes.prefix(1_200)) == short.truth.bayes)
    #expect(Array(long.labels.prefix(390)) == Array(short.labels.prefix(390)))
    #expect(short.labels.suffix(10).allSatisfy { $0 == -1 })
    // What is asked changes no book.
    setup.horizon = 20
    setup.threshold = 2
    #expect(try setup.run(seed: 3).snapshots == long.snapshots)
  }

  @Test func settingsThatCannotBeAreNamed() throws {
    let faults: [(String, (inout PressureBookSimulation) -> Void)] = [
      ("snapshots", { $0.snapshots = 0 }), ("step", { $0.step = 0 }), ("levels", { $0.levels = 0 }), ("tick", { $0.tick = .nan }),
      ("price", { $0.price = 10 }), ("spread", { $0.spread = 0 }), ("depth", { $0.depth = 0 }), ("states", { $0.states = 1 }),
      ("stay", { $0.stay = 1 }), ("reading", { $0.reading = .infinity }), ("noise", { $0.noise = 0 }), ("move", { $0.move = 1.1 }),
      ("lean", { $0.lean = -2 }), ("horizon", { $0.horizon = 0 }), ("threshold", { $0.threshold = -1 }),
    ]
    for (name, change) in faults {
      var setup = PressureBookSimulation()
      change(&setup)
      let error = try marketError { _ = try setup.run(seed: 1) }
      #expect(error.code == "market.book-simulation" && error.subject == "book." + name)
    }
    var falling = PressureBookSimulation()
    falling.price = 11
    falling.snapshots = 2_000
    #expect(try marketError { _ = try falling.run(seed: 1) }.subject == "book.price")
    // The strongest readings leave no chance that is not a number.
    var loud = PressureBookSimulation()
    loud.snapshots = 300
    loud.reading = 5
    loud.noise = 0.02
    #expect(try loud.run(seed: 2).truth.bayes.allSatisfy { (0...1.000001).contains($0) })
  }
}
