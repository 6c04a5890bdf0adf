import Foundation
import PareEvaluation
import PareTensor
import Testing

@Suite struct ProposerTests {
  /// Proposes and judges until so many points are tried.
  private func tried(
    _ proposer: any Proposer, _ space: SearchSpace, count: Int, costs: (Int) -> [Double]?
  ) -> [Int] {
    var (tried, observations) = ([Int](), [Observation]())
    while tried.count < count {
      let next = proposer.propose(min(proposer.generation ?? count, count - tried.count), after: observations, tried: tried)
      if next.isEmpty { break }
      tried += next
      observations += next.map { Observation(choices: space.choices(at: $0), costs: costs($0), isWithinBudget: true) }
    }
    return tried
  }

  @Test func aGridTriesEveryPointOnceInTheOrderOfItsSeed() throws {
    let space = try Small.search("").space
    let order = GridProposer(space, seed: 3).propose(90, after: [], tried: [])
    #expect(order.sorted() == Array(0..<90) && order != Array(0..<90))
    #expect(order == space.shuffled(seed: 3) && order != space.shuffled(seed: 4))
    #expect(GridProposer(space, seed: 3).propose(90, after: [], tried: Array(order.prefix(13))) == Array(order.dropFirst(13)))
  }

  @Test func anEstimatorTriesEveryPointOnceToo() throws {
    let space = try Small.search("").space
    let order = tried(ParzenProposer(space, seed: 1, startup: 16), space, count: 100) { [Double($0 % 7), Double($0 % 5)] }
    #expect(order.sorted() == Array(0..<90))
    #expect(order.prefix(16) == space.shuffled(seed: 1).prefix(16))
    let failures = tried(ParzenProposer(space, seed: 1, startup: 16), space, count: 100) { _ in nil }
    #expect(failures.sorted() == Array(0..<90))
  }

  @Test func aGenerationThatIsCutShortBeginsAsTheWholeOne() throws {
    let space = try Small.search("").space
    let proposer = ParzenProposer(space, seed: 5, startup: 8)
    let first = proposer.propose(8, after: [], tried: [])
    let observations = first.map { Observation(choices: space.choices(at: $0), costs: [Double($0), 90 - Double($0)], isWithinBudget: $0 % 2 == 0) }
    let whole = proposer.propose(8, after: observations, tried: first)
    #expect(whole.count == 8 && Set(whole + first).count == 16)
    for count in 1..<8 { #expect(proposer.propose(count, after: observations, tried: first) == Array(whole.prefix(count))) }
  }

  /// 1,152 points in six decisions, one of which depends on another: a loss that falls with width and precision against the logarithm
  /// of bytes; which temperature and which calibration are best differs from case to case.
  private struct Problem {
    let space: SearchSpace
    let costs: [[Double]]
    private let best: Double

    init(_ number: Int) throws {
      let widths = [4.0, 8, 16, 32, 64, 128]
      space = try Small.search(
        "", space: """
          space:
            - {technique: distillation, student: {mlp: {hidden: [{choices: [4, 8, 16, 32, 64, 128]}]}}, temperature: {choices: [1, 2, 4, 8]}, hard-weight: 0}
            - optional: {technique: pruning, sparsity: {choices: [0.3, 0.5, 0.6, 0.7, 0.8]}}
            - one-of:
              - technique: quantization
                precision: {choices: [int8, int4]}
                calibration: {method: {choices: [min-max, mse, entropy]}}
              - {technique: quantization, precision: fp16}
              - {technique: weight-sharing, bits: 5}
          """).space
      costs = (0..<space.count).map { [space] point in
        let taken = space.choices(at: point)
        let (width, form) = (widths[taken[0]], taken[4] == 0 ? taken[5] : taken[4] + 1)
        let sparsity = taken[2] == 1 ? [0.3, 0.5, 0.6, 0.7, 0.8][taken[3]] : 0
        let temperature = Double(taken[1] - number % 4)
        var loss = 0.3 / width.squareRoot() + 0.01 * temperature * temperature + sparsity * sparsity / pow(width, 0.6)
        loss += [0.004, 0.05 / pow(width, 0.2), 0, 0.03][form]
        if form < 2 { loss += [0, 0.02, 0.05][(taken[6] + number) % 3] * (form == 1 ? 2 : 0.5) }
        return [loss, log(600 + width * 25 * [1, 0.5, 2, 0.6][form] * (1 - 0.8 * sparsity) + width * 6)]
      }
      let scaled = Self.scaled(costs, costs)
      best = Hypervolume.volume(of: scaled, reference: [1, 1])
    }

    /// The share of what the whole space dominates.
    func share(of points: [Int]) -> Double {
      Hypervolume.volume(of: Self.scaled(points.map { costs[$0] }, costs), reference: [1, 1]) / best
    }

    private static func scaled(_ points: [[Double]], _ all: [[Double]]) -> [[Double]] {
      let bounds = [0, 1].map { axis in
        (least: all.lazy.map { $0[axis] }.min() ?? 0, most: all.lazy.map { $0[axis] }.max() ?? 1)
      }
      return points.map { point in [0, 1].map { (point[$0] - bounds[$0].least) / (bounds[$0].most - bounds[$0].least) } }
    }
  }

  @Test func anEstimatorFindsTheFrontierInFewerTrialsThanAGrid() throws {
    var (wins, trials) = (0, (estimator: 0, grid: 0))
    for seed in 1...6 {
      let problem = try Problem(seed)
      #expect(problem.space.count == 6 * 4 * 6 * 8)
      func order(_ proposer: any Proposer, _ count: Int) -> [Int] {
        tried(proposer, problem.space, count: count) { problem.costs[$0] }
      }
      func needed(_ order: [Int]) -> Int {
        stride(from: 8, through: order.count, by: 8).first { problem.share(of: Array(order.prefix($0))) >= 0.97 } ?? order.count
      }
      let learnt = order(ParzenProposer(problem.space, seed: UInt64(seed), startup: 16), 88)
      let drawn = order(GridProposer(problem.space, seed: UInt64(seed)), 240)
      wins += problem.share(of: Array(learnt.prefix(64))) > problem.share(of: Array(drawn.prefix(64))) ? 1 : 0
      trials.estimator += needed(learnt)
      trials.grid += needed(drawn)
    }
    #expect(wins == 6)
    #expect(trials.estimator * 3 < trials.grid * 2, "\(trials)")
  }
}
