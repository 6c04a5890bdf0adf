import PareBacktest
import PareTensor
import Testing

@Suite struct DecidedPositionsTests {
  @Test func thePositionFollowsTheLatestDecision() throws {
    let decided = try DecidedPositions(decisions: [1, 0, -1, 1], at: [2, 4, 5, 9])
    #expect(decided.targetPositions(over: 0..<12) == [0, 0, 1, 1, 0, -1, -1, -1, -1, 1, 1, 1])
    #expect(decided.targetPositions(over: 3..<6) == [1, 0, -1])
  }

  @Test func aHeldDecisionOutlastsDecisionsOfZero() throws {
    let decided = try DecidedPositions(
      decisions: [1, 0, 0, 0, -1, 1, 0, 0, 0], at: [0, 1, 2, 3, 4, 5, 6, 7, 8], holding: .candles(3))
    #expect(decided.targetPositions(over: 0..<9) == [1, 1, 1, 0, -1, 1, 1, 1, 0])
  }

  @Test func theSameSideAgainStartsTheCountAgain() throws {
    let decided = try DecidedPositions(decisions: [1, 1], at: [0, 2], holding: .candles(3))
    #expect(decided.targetPositions(over: 0..<7) == [1, 1, 1, 1, 1, 0, 0])
  }

  @Test func holdingOneCandleIsTheDecisionItself() throws {
    var generator = SeededGenerator(seed: 1)
    let decisions = (0..<200).map { _ in Int8(generator.below(3)) - 1 }
    let held = try DecidedPositions(decisions: decisions, at: Array(0..<200), holding: .candles(1))
    #expect(held.targetPositions(over: 0..<200) == decisions)
  }

  @Test(arguments: [Holding.untilNextDecision, .candles(4)]) func laterDecisionsChangeNoEarlierPosition(
    holding: Holding
  ) throws {
    var generator = SeededGenerator(seed: 2)
    let decisions = (0..<100).map { _ in Int8(generator.below(3)) - 1 }
    let candles = (0..<100).map { 2 * $0 }
    let all = try DecidedPositions(decisions: decisions, at: candles, holding: holding).targetPositions(over: 0..<200)
    for cut in 1..<100 {
      let some = try DecidedPositions(
        decisions: Array(decisions.prefix(cut)), at: Array(candles.prefix(cut)), holding: holding)
      #expect(some.targetPositions(over: 0..<2 * cut) == Array(all.prefix(2 * cut)))
    }
  }

  @Test func decisionsThatDoNotFitAreRefused() {
    #expect(throws: BacktestError.self) { try DecidedPositions(decisions: [1], at: [1, 2]) }
    #expect(throws: BacktestError.self) { try DecidedPositions(decisions: [1, 1], at: [2, 2]) }
    #expect(throws: BacktestError.self) { try DecidedPositions(decisions: [3], at: [2]) }
    #expect(throws: BacktestError.self) { try DecidedPositions(decisions: [1], at: [2], holding: .candles(0)) }
  }
}
