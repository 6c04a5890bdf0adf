import Foundation
import PareAgents
import PareTensor
import PareTraining
import Testing

func exponential(_ x: Double) -> Double { exp(x) }

/// Small problems whose values are known by dynamic programming.
struct TabularTests {
  private func chainValues(steps: Int, isDouble: Bool) throws -> (found: [[Double]], run: (reward: Double, steps: Int)) {
    var dqn = DQN()
    dqn.network.hidden = [32]
    dqn.discount = ChainEnvironment.discount
    dqn.steps = steps
    dqn.isDouble = isDouble
    dqn.batchSize = 64
    dqn.targetInterval = 50
    dqn.optimizer = .adam(learningRate: 2e-3)
    // Several steps are worth what the behaviour makes of them, so that exploration has to end.
    dqn.exploration.end = steps == 1 ? 0.3 : 0.02
    dqn.exploration.decaySteps = 2_000
    dqn.exploration.replayCapacity = 2_000
    dqn.schedule = LearningSchedule(updates: 4_000, evaluationInterval: 4_000, seed: 5)
    let agent = try dqn.train(in: ChainEnvironment())
    let states = Tensor((0..<25).map { Float($0 / 5 == $0 % 5 ? 1 : 0) }, shape: [5, 5])
    let executor = try BatchExecutor(agent.graph, binding: ["batch": 5], outputs: ["logits"])
    let values = try #require(try executor.run(["features": states])["logits"]).doubles
    return ((0..<5).map { Array(values[2 * $0..<2 * $0 + 2]) }, try agent.run(on: ChainEnvironment(), episodes: 50, longest: 20))
  }

  @Test(arguments: [false, true]) func replayedQLearningFindsTheChainsValues(isDouble: Bool) throws {
    let (found, run) = try chainValues(steps: 1, isDouble: isDouble)
    for (state, values) in ChainEnvironment.optimalValues.enumerated() {
      for action in 0..<2 { #expect(abs(found[state][action] - values[action]) < 0.05, "state \(state): \(found[state])") }
    }
    // From every state to the right: 1 at the end.
    #expect(run.reward > 0.9 * 50)
  }

  @Test func severalStepsFindTheChainsBestWay() throws {
    let (found, run) = try chainValues(steps: 3, isDouble: true)
    #expect(run.reward > 0.9 * 50)
    // The way that is taken all the time has the values of the best policy.
    for (state, values) in ChainEnvironment.optimalValues.enumerated() { #expect(abs(found[state][1] - values[1]) < 0.1) }
  }

  /// The bound of 0.02 is a tenth of the smallest reward that decides anything.
  @Test(arguments: [(1, true), (1, false), (3, true), (20, true)])
  func counterfactualQLearningFindsTheTable(steps: Int, isDouble: Bool) throws {
    let table = try TabularProcess()
    var dqn = DQN()
    dqn.network.hidden = [64]
    dqn.discount = TabularProcess.discount
    dqn.steps = steps
    dqn.isDouble = isDouble
    dqn.batchSize = 8
    dqn.targetInterval = 50
    dqn.optimizer = .adam(learningRate: 2e-3)
    dqn.schedule = LearningSchedule(updates: 4_000, evaluationInterval: 4_000, seed: 2)
    let run = try dqn.train(on: table.environment).run(on: table.environment)
    for (found, value) in zip(run.conditionScores, table.optimalValues) { #expect(abs(Double(found) - value) < 0.02) }
    #expect(run.ownScores.count == table.environment.rowCount * 3)
  }

  /// What the best policy of the table earns, by walking it.
  private func optimalReward(_ table: TabularProcess) -> Double {
    let (values, world) = (table.optimalValues, table.environment)
    var reward = 0.0
    for segment in world.segments {
      var condition = world.startCondition
      for row in segment {
        let place = (row * 3 + condition) * 3
        let action = (0..<3).max { values[place + $0] < values[place + $1] } ?? 1
        reward += world.reward(row: row, condition: condition, action: action)
        condition = action
      }
    }
    return reward
  }

  @Test func replayedQLearningWalksTheTable() throws {
    let table = try TabularProcess()
    var dqn = DQN()
    dqn.network.hidden = [64]
    dqn.discount = TabularProcess.discount
    dqn.counterfactual = false
    dqn.batchSize = 64
    dqn.targetInterval = 50
    dqn.optimizer = .adam(learningRate: 2e-3)
    dqn.exploration.end = 0.3
    dqn.schedule = LearningSchedule(updates: 4_000, evaluationInterval: 500, seed: 3)
    let agent = try dqn.train(on: table.environment)
    #expect(abs(try agent.run(on: table.environment).totalReward - optimalReward(table)) < 1e-9)
  }

  @Test(arguments: [true, false]) func policyOptimizationSolvesTheTable(counterfactual: Bool) throws {
    let table = try TabularProcess()
    var ppo = PPO()
    ppo.network.hidden = [64]
    ppo.valueHidden = [64]
    ppo.discount = TabularProcess.discount
    ppo.counterfactual = counterfactual
    ppo.environments = 16
    ppo.horizon = 16
    ppo.batchSize = 128
    ppo.optimizer = .adam(learningRate: 3e-3)
    ppo.schedule = LearningSchedule(updates: counterfactual ? 60 : 240, evaluationInterval: counterfactual ? 10 : 40, seed: 4)
    let agent = try ppo.train(on: table.environment)
    #expect(abs(try agent.run(on: table.environment).totalReward - optimalReward(table)) < 1e-9)
    let entropies = agent.curves[0].records.compactMap(\.entropy)
    #expect(entropies.count == 6 && entropies[5] < entropies[0] && entropies[0] <= log(3))
  }

  /// Two worlds side by side; γ = λ = ½.
  @Test func advantagesEndWithTheirEpisodes() {
    let advantages = AdvantageEstimation(discount: 0.5, lambda: 0.5).advantages(
      rewards: [1, 1, 2, 2, 4, 4], values: [1, 1, 1, 1, 1, 1], following: [2, 2, 2, 2, 2, 2],
      endings: [.none, .terminal, .truncated, .none, .none, .none], worlds: 2)
    // The last steps bootstrap: 4 + 1 − 1. Above, world 0 is cut off (2 + 1 − 1), world 1 goes on (2 + 4/4); at first world 0
    // goes on (1 + 2/4) and world 1 ends (1 − 1).
    #expect(advantages == [1.5, 0, 2, 3, 4, 4])
  }

  @Test func policyOptimizationWalksTheChainAndPullsTheBestArm() throws {
    var ppo = PPO()
    ppo.network.hidden = [32]
    ppo.valueHidden = [32]
    ppo.discount = ChainEnvironment.discount
    ppo.environments = 8
    ppo.horizon = 32
    ppo.batchSize = 64
    ppo.optimizer = .adam(learningRate: 3e-3)
    ppo.schedule = LearningSchedule(updates: 40, evaluationInterval: 10, seed: 1)
    let chain = try ppo.train(in: ChainEnvironment())
    #expect(try chain.run(on: ChainEnvironment(), episodes: 50, longest: 20).reward > 0.9 * 50)
    let bandit = try ppo.train(in: BanditEnvironment())
    #expect(try bandit.run(on: BanditEnvironment(), episodes: 2_000).reward > 0.75 * 2_000)
  }
}
