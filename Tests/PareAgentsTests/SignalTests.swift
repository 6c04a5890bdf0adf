import PareAgents
import PareTensor
import PareTraining
import Testing

/// A return that can be foretold in part, and costs.
struct SignalTests {
  private func dqn(updates: Int = 2_000) -> DQN {
    var dqn = DQN()
    dqn.network.hidden = [32]
    dqn.rewardScale = 100
    dqn.batchSize = 128
    dqn.targetInterval = 50
    dqn.schedule = LearningSchedule(updates: updates, evaluationInterval: 200, seed: 7)
    return dqn
  }

  private func ppo(updates: Int = 40) -> PPO {
    var ppo = PPO()
    ppo.network.hidden = [32]
    ppo.valueHidden = [32]
    ppo.rewardScale = 100
    ppo.optimizer = .adamW(learningRate: 2e-3, weightDecay: 1e-4)
    ppo.batchSize = 512
    ppo.schedule = LearningSchedule(updates: updates, evaluationInterval: 5, seed: 7)
    return ppo
  }

  @Test(arguments: [true, false]) func agentsEarnMostOfWhatTheBestPolicyDoes(isDQN: Bool) throws {
    let (training, validation) = (try SignalMarket(rows: 6_000, seed: 1), try SignalMarket(rows: 3_000, seed: 2))
    let unseen = try SignalMarket(rows: 20_000, seed: 3)
    let agent =
      try isDQN
      ? dqn().train(on: training.environment, validation: validation.environment)
      : ppo().train(on: training.environment, validation: validation.environment)
    let run = try agent.run(on: unseen.expected)
    let optimal = unseen.optimalReward
    #expect(optimal > 0)
    #expect(run.totalReward >= 0.8 * optimal, "\(run.totalReward / optimal) of the best")
    #expect(unseen.expected.turnover(run) > 0)
    let records = agent.curves[0].records
    #expect(records.contains { $0.update == agent.curves[0].bestUpdate })
    #expect(agent.curves[0].bestUpdate == records.max { ($0.validationReward ?? 0) < ($1.validationReward ?? 0) }?.update)
  }

  @Test func aSeedDecidesEverything() throws {
    let market = try SignalMarket(rows: 600, seed: 1).environment
    for isDQN in [true, false] {
      func weights(seed: UInt64) throws -> [[Double]] {
        var (dqn, ppo) = (dqn(updates: 60), ppo(updates: 2))
        dqn.schedule.seed = seed
        ppo.schedule.seed = seed
        dqn.schedule.members = 2
        ppo.schedule.members = 2
        let agent = try isDQN ? dqn.train(on: market) : ppo.train(on: market)
        return agent.graph.parameters.values.map { $0.storage.decoded().doubles }
      }
      let first = try weights(seed: 1)
      #expect(try first == weights(seed: 1))
      #expect(try first != weights(seed: 2))
    }
  }

  @Test(arguments: [true, false]) func whereTradingIsRuledOutNobodyTrades(isDQN: Bool) throws {
    let market = try SignalMarket(rows: 500, seed: 1, cost: .infinity).environment
    var (dqn, ppo) = (dqn(updates: 1_500), ppo(updates: 40))
    // What is ruled out counts as ten standard deviations: values of that size are soon learnt.
    (dqn.rewardLimit, ppo.rewardLimit) = (10, 10)
    let run = try (isDQN ? dqn.train(on: market) : ppo.train(on: market)).run(on: market)
    #expect(run.totalReward == 0 && market.turnover(run) == 0)
  }

  @Test func rewardsAddUpToGainsLessCosts() throws {
    let market = try SignalMarket(rows: 800, seed: 4).environment
    let returns = market.returns
    let gapped = try PositionEnvironment(
      features: (0..<800).flatMap { [Float(returns[$0] * 100), 0] }, width: 2, returns: returns, costPerSide: 0.001,
      segmentStarts: [0, 333])
    let run = try dqn(updates: 200).train(on: gapped).run(on: gapped)
    let positions = gapped.positions(run)
    var (gain, turnover, held) = (0.0, 0.0, 0.0)
    for row in positions.indices {
      if row == 333 {
        turnover += abs(held)
        held = 0
      }
      gain += positions[row] * returns[row]
      turnover += abs(positions[row] - held)
      held = positions[row]
    }
    turnover += abs(held)
    #expect(turnover > 100)
    #expect(abs(run.totalReward - (gain - 0.001 * turnover)) < 1e-12)
    #expect(abs(gapped.turnover(run) - turnover) < 1e-9)
    #expect(run.conditions[0] == 1 && run.conditions[333] == 1)
  }

  @Test func changingTheFutureLeavesThePastBitIdentical() throws {
    let market = try SignalMarket(rows: 700, seed: 5)
    let agent = try ppo(updates: 2).train(on: market.environment)
    let width = market.environment.featureWidth
    var features = market.signal.flatMap { [Float($0), Float(-$0)] }
    func run() throws -> AgentRun {
      try agent.run(
        on: PositionEnvironment(features: features, width: width, returns: market.environment.returns, costPerSide: 0.001))
    }
    let before = try run()
    for index in 500 * width..<features.count { features[index] *= -3 }
    let after = try run()
    #expect(before.actions[..<500] == after.actions[..<500])
    #expect(before.conditionScores[..<(500 * 9)] == after.conditionScores[..<(500 * 9)])
    #expect(before.conditionScores != after.conditionScores)
  }

  @Test func anEnsemblesScoresAreItsMembersMean() throws {
    let market = try SignalMarket(rows: 300, seed: 6).environment
    var dqn = dqn(updates: 30)
    dqn.network.normalizer = nil
    dqn.schedule.members = 3
    let agent = try dqn.train(on: market)
    #expect(agent.curves.count == 3)
    let features = Tensor((0..<20).map { Float($0) / 10 - 1 }, shape: [4, 5])
    let names = ["logits"] + (0..<3).map { "member_\($0).logits" }
    let values = try BatchExecutor(agent.graph, binding: ["batch": 4], outputs: names).run(["features": features])
    let members = try (0..<3).map { try #require(values["member_\($0).logits"]).doubles }
    let mean = try #require(values["logits"]).doubles
    for index in mean.indices {
      #expect(abs(mean[index] - (members[0][index] + members[1][index] + members[2][index]) / 3) < 1e-6)
    }
    #expect(members[0] != members[1])
  }

  @Test func settingsOutOfRangeAreRefused() throws {
    let market = try SignalMarket(rows: 50, seed: 1).environment
    var (dqn, ppo) = (DQN(), PPO())
    dqn.discount = 1
    #expect(throws: AgentError.self) { try dqn.train(on: market) }
    ppo.batchSize = 1 << 20
    #expect(throws: AgentError.self) { try ppo.train(on: market) }
    var many = DQN()
    many.schedule.members = 0
    #expect(throws: AgentError.self) { try many.train(on: market) }
    let other = try PositionEnvironment(features: [1], width: 1, returns: [0], costPerSide: 0)
    #expect(throws: AgentError.self) { try DQN().train(on: market, validation: other) }
  }
}
