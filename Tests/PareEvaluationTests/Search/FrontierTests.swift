import PareEvaluation
import PareTensor
import Testing

@Suite struct FrontierTests {
  private let points: [[Double]] = [[1, 5], [2, 2], [5, 1], [3, 3], [2, 2], [6, 6]]

  @Test func aPointDominatesWhereItIsNowhereWorseAndSomewhereBetter() {
    #expect(Dominance.dominates([1, 2], [1, 3]))
    #expect(!Dominance.dominates([1, 2], [1, 2]))
    #expect(!Dominance.dominates([1, 4], [2, 3]))
    #expect(Dominance.dominates([1, 2], [1, .infinity]))
  }

  @Test func theFrontierHoldsTwins() {
    #expect(Dominance.frontier(of: points) == [true, true, true, false, true, false])
  }

  @Test func frontsArePeeledOneByOne() {
    #expect(Dominance.ranks(of: points) == [0, 0, 0, 1, 0, 2])
    #expect(Dominance.ranks(of: []) == [])
  }

  @Test func volumesByHand() {
    #expect(Hypervolume.volume(of: [[2]], reference: [5]) == 3)
    // The staircase of the first three points below (7, 7), from left to right: 1 · 2 + 3 · 5 + 2 · 6.
    #expect(Hypervolume.volume(of: points, reference: [7, 7]) == 29)
    // A cube of 2 and a slab of 9 that have 4 in common.
    #expect(Hypervolume.volume(of: [[2, 2, 2]], reference: [4, 4, 4]) == 8)
    #expect(Hypervolume.volume(of: [[2, 2, 2], [3, 1, 1]], reference: [4, 4, 4]) == 13)
    #expect(Hypervolume.volume(of: [[4, 0]], reference: [4, 4]) == 0)
    #expect(Hypervolume.volume(of: [], reference: [1, 1]) == 0)
  }

  @Test(arguments: 1...4)
  func volumesAreThoseOfACountOfCells(_ axes: Int) {
    var generator = SeededGenerator(seed: UInt64(axes))
    let side = 6
    for _ in 0..<20 {
      let points = (0..<7).map { _ in (0..<axes).map { _ in Double(generator.below(side + 1)) } }
      var cells = 0
      var total = 1
      for _ in 0..<axes { total *= side }
      for number in 0..<total {
        var rest = number
        let cell = (0..<axes).map { _ -> Double in
          defer { rest /= side }
          return Double(rest % side)
        }
        if points.contains(where: { zip($0, cell).allSatisfy { $0 <= $1 } }) { cells += 1 }
      }
      #expect(Hypervolume.volume(of: points, reference: [Double](repeating: Double(side), count: axes)) == Double(cells))
    }
  }

  @Test func theBetterObservationsAreTheFrontThenWhatIsWithinTheBudget() {
    func observation(_ costs: [Double]?, within: Bool = true) -> Observation {
      Observation(choices: [], costs: costs, isWithinBudget: within)
    }
    let observations = [
      observation([0, 0], within: false), observation(nil), observation([1, 9]), observation([5, 5]), observation([9, 1]),
      observation([6, 6]),
    ]
    #expect(ObservationSplit(observations, better: 3).better == [2, 3, 4])
    #expect(ObservationSplit(observations, better: 4).better == [2, 3, 4, 5])
    #expect(ObservationSplit(observations, better: 5).better == [0, 2, 3, 4, 5])
    #expect(ObservationSplit(observations, better: 5).worse == [1])
    // By ranks (0, 3/4), (1/4, 1/4), (3/4, 0) the middle one dominates the most.
    #expect(ObservationSplit(observations, better: 1).better == [3])
  }
}
