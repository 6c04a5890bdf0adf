import PareAgents
import PareTensor
import Testing

struct PositionEnvironmentTests {
  private static let returns = [0.01, -0.02, 0.005, 0.03]

  private func environment(cost: Double = 0.001, segmentStarts: [Int] = [0]) throws -> PositionEnvironment {
    try PositionEnvironment(
      features: [1, 2, 3, 4], width: 1, returns: Self.returns, costPerSide: cost, segmentStarts: segmentStarts)
  }

  @Test func aRewardIsTheGainLessTheCostOfTheChange() throws {
    let world = try environment()
    #expect(world.startCondition == 1)
    #expect(world.reward(row: 0, condition: 1, action: 2) == 0.01 - 0.001)
    #expect(world.reward(row: 1, condition: 2, action: 0) == 0.02 - 0.002)
    #expect(world.reward(row: 1, condition: 0, action: 0) == 0.02)
    #expect(world.condition(after: 0, in: 2) == 0)
  }

  @Test func aPositionIsClosedAtASegmentsEnd() throws {
    let world = try environment(segmentStarts: [0, 2])
    #expect(world.segments == [0..<2, 2..<4])
    #expect(world.reward(row: 1, condition: 2, action: 2) == -0.02 - 0.001)
    #expect(world.turnover(row: 1, condition: 2, action: 2) == 1)
    #expect(world.reward(row: 3, condition: 1, action: 1) == 0)
  }

  @Test func anInfiniteCostRulesTradesOutAndNothingElse() throws {
    let world = try environment(cost: .infinity)
    #expect(world.reward(row: 0, condition: 1, action: 1) == 0)
    #expect(world.reward(row: 0, condition: 2, action: 2) == 0.01)
    #expect(world.reward(row: 0, condition: 1, action: 2) == -.infinity)
  }

  @Test func observationsAreFeaturesAndTheConditionOneHot() throws {
    var walk = ExogenousWalk(try environment(), length: 1)
    var generator = SeededGenerator(seed: 3)
    walk.reset(&generator)
    var row = [Float](repeating: -1, count: 4)
    row.withUnsafeMutableBufferPointer { walk.observe(into: $0) }
    #expect(Array(row[1...]) == [0, 1, 0] && (1...4).contains(row[0]))
    let first = row[0]
    let step = walk.step(2, &generator)
    row.withUnsafeMutableBufferPointer { walk.observe(into: $0) }
    #expect(Array(row[1...]) == [0, 0, 1])
    #expect(step.ending == (first == 4 ? .terminal : .truncated))
  }

  /// Opens 100, 101, …: the row of candle 0 earns from candle 1's open to candle 2's.
  @Test func aDecisionEarnsFromTheNextOpenToTheOneAfterIt() throws {
    let opens = [100.0, 101, 103, 106, 110]
    let (world, rows) = try PositionEnvironment.joining(
      features: [0, 1, 2, 3, 4], width: 1, candles: [0, 1, 2, 3, 4], opens: opens, starts: [0, 5, 10, 15, 20], interval: 5,
      costPerSide: 0)
    #expect(rows == [0, 1, 2])
    let expected: [Double] = [opens[2] / opens[1] - 1, opens[3] / opens[2] - 1, opens[4] / opens[3] - 1]
    #expect(world.returns == expected)
  }

  @Test func aGapEndsASegmentAndTakesTheRowsThatWouldCrossIt() throws {
    // Candle 3 opens one interval late.
    let opens: [Double] = [1, 2, 3, 4, 5, 6, 7]
    let features: [Float] = [0, 1, 2, 3, 4, 5, 6]
    let (world, rows) = try PositionEnvironment.joining(
      features: features, width: 1, candles: Array(0..<7), opens: opens,
      starts: [0, 5, 10, 20, 25, 30, 35], interval: 5, costPerSide: 0)
    #expect(rows == [0, 3, 4])
    #expect(world.segments == [0..<1, 1..<3])
    let expected: [Double] = [opens[2] / opens[1] - 1, opens[5] / opens[4] - 1, opens[6] / opens[5] - 1]
    #expect(world.returns == expected)
  }

  @Test func whatDoesNotFitIsRefused() {
    func refused(_ make: () throws -> Void) { #expect(throws: AgentError.self, performing: make) }
    refused { _ = try PositionEnvironment(features: [1], width: 1, returns: [.nan], costPerSide: 0) }
    refused { _ = try PositionEnvironment(features: [1, 2, 3], width: 2, returns: [0], costPerSide: 0) }
    refused { _ = try PositionEnvironment(features: [1], width: 1, returns: [0], costPerSide: -1) }
    refused { _ = try PositionEnvironment(features: [1], width: 1, returns: [0], costPerSide: 0, levels: [1, 2]) }
    refused { _ = try PositionEnvironment(features: [1], width: 1, returns: [0], costPerSide: 0, segmentStarts: [1]) }
    refused { _ = try PositionEnvironment(features: [], width: 1, returns: [], costPerSide: 0) }
    refused {
      _ = try PositionEnvironment.joining(
        features: [1], width: 1, candles: [0], opens: [1, 1], starts: [0, 5], interval: 5, costPerSide: 0)
    }
  }
}
