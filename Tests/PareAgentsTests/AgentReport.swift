import Foundation
import PareAgents
import PareTraining
import Testing

/// Trains both agents on the simulated market and compares them with its reference policy:
/// `PARE_AGENTS=1 ./scripts/test --no-parallel --filter AgentReport`. `PARE_AGENT_SEEDS="1 2 3"` says which markets.
struct AgentReport {
  static func dqn(rewardScale: Double, seed: UInt64) -> DQN {
    var dqn = DQN()
    dqn.rewardScale = rewardScale
    dqn.batchSize = 512
    // 84 updates are one pass over the rows.
    dqn.targetInterval = 84
    dqn.optimizer = .adamW(learningRate: 3e-4, weightDecay: 3)
    dqn.schedule = LearningSchedule(updates: 84 * 40, evaluationInterval: 84 * 2, members: 4, seed: seed)
    return dqn
  }

  static func ppo(rewardScale: Double, seed: UInt64) -> PPO {
    var ppo = PPO()
    ppo.rewardScale = rewardScale
    ppo.discount = 0.98
    ppo.environments = 32
    ppo.horizon = 256
    ppo.batchSize = 1024
    ppo.epochs = 2
    ppo.optimizer = .adamW(learningRate: 3e-4, weightDecay: 3)
    ppo.valueOptimizer = .adamW(learningRate: 3e-4, weightDecay: 3)
    ppo.schedule = LearningSchedule(updates: 100, evaluationInterval: 5, members: 4, seed: seed)
    return ppo
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["PARE_AGENTS"] != nil)) func againstTheReferencePolicy() throws {
    let seeds = ProcessInfo.processInfo.environment["PARE_AGENT_SEEDS"] ?? "1 2 3"
    print("seed  agent      net bp/day  share   expected  share   turnover/day  seconds  of processors")
    for seed in seeds.split(separator: " ").compactMap({ UInt64($0) }) {
      let market = try SimulatedTrading(seed: seed)
      let reference = market.gain(of: market.referencePositions)
      func row(_ name: String, _ gain: SimulatedTrading.Gain, _ seconds: Double, _ processorSeconds: Double) {
        let numbers = String(
          format: "%9.1f  %5.2f  %9.1f  %5.2f  %12.1f  %7.0f  %13.0f", gain.realized, gain.realized / reference.realized,
          gain.expected, gain.expected / reference.expected, gain.turnover, seconds, processorSeconds)
        print("\(seed)     \(name)  \(numbers)")
      }
      row("reference", reference, 0, 0)
      let scale = market.training.unitRewardScale
      for isDQN in [true, false] {
        let (start, used) = (ContinuousClock.now, clock())
        let agent =
          try isDQN
          ? Self.dqn(rewardScale: scale, seed: seed).train(on: market.training, validation: market.validation)
          : Self.ppo(rewardScale: scale, seed: seed).train(on: market.training, validation: market.validation)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let processorSeconds = Double(clock() - used) / Double(CLOCKS_PER_SEC)
        let gain = market.gain(of: market.test.positions(try agent.run(on: market.test)))
        row(isDQN ? "DQN      " : "PPO      ", gain, seconds, processorSeconds)
      }
    }
  }
}
