import PareTensor
import PareTraining

/// Proximal policy optimization: a policy over actions moves by a clipped objective on experience that it has just made,
/// with advantages from a value network.
///
/// - Source: Schulman et al. 2017, arXiv:1707.06347; advantages: Schulman et al. 2016, arXiv:1506.02438.
public struct PPO: Sendable, Hashable {
  /// Of the policy.
  public var network = AgentNetwork()
  /// Hidden layers of the value network, which is a network of its own.
  public var valueHidden = [64, 32]
  /// γ, in `0 ..< 1`.
  public var discount = 0.95
  /// λ of the advantages, in `0 ... 1`: 0 trusts the value network, 1 the rewards.
  public var lambda = 0.9
  /// In an exogenous environment: advantages of all actions in all conditions, whose rewards and successors are known,
  /// and the objective's expectation over the actions in place of one sampled action.
  public var counterfactual = true
  /// ε of the clipped objective.
  public var clipRange = 0.2
  /// Weight of the entropy beside normalized advantages, at the first update and at the last; it moves evenly. Where actions
  /// cost, a policy that settles early settles on doing nothing: what is never tried teaches nothing.
  public var entropyBonus = 0.2
  public var finalEntropyBonus = 0.01
  /// Environments that are walked side by side, and steps of each per update.
  public var environments = 16
  public var horizon = 128
  /// Passes over an update's experience, and samples per step of the optimizers. What no whole batch is left of is
  /// left out of that pass.
  public var epochs = 4
  public var batchSize = 256
  /// Rewards are multiplied by it, and then bounded to ±`rewardLimit`.
  public var rewardScale = 1.0
  public var rewardLimit = 100.0
  /// δ of the value network's loss, of scaled values.
  public var huberDelta = 1.0
  public var optimizer = Optimizer.adamW(learningRate: 3e-4, weightDecay: 1e-4)
  public var valueOptimizer = Optimizer.adamW(learningRate: 1e-3, weightDecay: 1e-4)
  /// Largest norm of a gradient; nil for no limit.
  public var gradientNorm: Double? = 0.5
  /// Episodes of a look at the policy in an ordinary environment, and steps after which one is broken off.
  public var judgedEpisodes = 10
  public var longestEpisode = 1_000
  public var schedule = LearningSchedule(updates: 200, evaluationInterval: 5)

  public init() {}

  /// - Throws: `agent.setting` or `training.optimizer`, category usage, naming what is out of range.
  public func validate() throws {
    func check(_ name: String, _ value: some CustomStringConvertible, _ isValid: Bool, _ expected: String) throws {
      try AgentError.check(name, value, isValid, expected)
    }
    try check("discount", discount, discount >= 0 && discount < 1, "a number in 0 ..< 1")
    try check("lambda", lambda, (0...1).contains(lambda), "a number in 0 ... 1")
    try check("clip-range", clipRange, clipRange > 0 && clipRange < 1, "a number between 0 and 1")
    for (name, bonus) in [("entropy-bonus", entropyBonus), ("final-entropy-bonus", finalEntropyBonus)] {
      try check(name, bonus, bonus >= 0 && bonus.isFinite, "a number of at least 0")
    }
    try check("environments", environments, (1...4_096).contains(environments), "1 to 4096")
    try check("horizon", horizon, (1...65_536).contains(horizon), "1 to 65536")
    try check("epochs", epochs, epochs >= 1, "at least 1")
    try check("batch-size", batchSize, (1...environments * horizon).contains(batchSize), "at most environments · horizon")
    try check("reward-scale", rewardScale, rewardScale > 0 && rewardScale.isFinite, "a positive number")
    try check("reward-limit", rewardLimit, rewardLimit > 0 && rewardLimit.isFinite, "a positive number")
    try check("huber-delta", huberDelta, huberDelta > 0 && huberDelta.isFinite, "a positive number")
    try check("judged-episodes", judgedEpisodes, judgedEpisodes >= 1, "at least 1")
    try check("longest-episode", longestEpisode, longestEpisode >= 1, "at least 1")
    for optimizer in [optimizer, valueOptimizer] {
      try TrainingSettings(optimizer: optimizer, gradientNorm: gradientNorm).validate()
    }
    try schedule.validate()
  }

  /// The weight of the entropy after so many updates.
  func entropyBonus(after updates: Int) -> Double {
    let share = Double(updates) / Double(max(schedule.updates - 1, 1))
    return entropyBonus + (finalEntropyBonus - entropyBonus) * share
  }

  /// A reward as it is learnt.
  func learnt(_ reward: Double) -> Double {
    min(max(reward * rewardScale, -rewardLimit), rewardLimit)
  }
}

extension PPO {
  /// Learns in an exogenous environment.
  ///
  /// - Parameter validation: decides which weights are kept.
  /// - Throws: `agent.setting`, `agent.environment`, `agent.diverged`; what training throws.
  public func train<Process: ExogenousEnvironment>(
    on training: Process, validation: Process? = nil, progress: @escaping @Sendable (LearningProgress) -> Void = { _ in }
  ) throws -> TrainedAgent {
    try validate()
    try validation.map { try AgentError.checkAlike(training, $0) }
    let loop = LearningLoop(schedule: schedule, progress: progress)
    let members = try LearningLoop.members(schedule.members) { member in
      let seed = schedule.memberSeed(member)
      func finish(_ experience: some PolicyExperience) throws -> LearningLoop.Outcome {
        let learner = try PolicyLearner(self, experience: experience, seed: seed)
        let evaluator = try NetworkEvaluator(learner.graph, parameters: learner.parameters)
        return try loop.run(
          learner, judge: WalkJudge(evaluator: evaluator, training: training, validation: validation), member: member)
      }
      return counterfactual
        ? try finish(CounterfactualExperience(self, process: training, seed: seed))
        : try finish(SampledExperience(self, world: ExogenousWalk(training, length: longestEpisode), seed: seed))
    }
    return try TrainedAgent(members, scores: .policyLogits, rewardScale: rewardScale, name: "ppo")
  }

  /// Learns by acting, in several copies of an environment at once.
  ///
  /// - Parameter validation: decides which weights are kept; by default the environment itself.
  /// - Throws: `agent.setting`, `agent.diverged`; what training throws.
  public func train<World: Environment>(
    in environment: World, validation: World? = nil, progress: @escaping @Sendable (LearningProgress) -> Void = { _ in }
  ) throws -> TrainedAgent {
    try validate()
    let loop = LearningLoop(schedule: schedule, progress: progress)
    let members = try LearningLoop.members(schedule.members) { member in
      let seed = schedule.memberSeed(member)
      let experience = SampledExperience(self, world: environment, seed: seed)
      let learner = try PolicyLearner(self, experience: experience, seed: seed)
      let judge = EpisodeJudge(
        evaluator: try NetworkEvaluator(learner.graph, parameters: learner.parameters, chunkSize: 1), training: environment,
        validation: validation, episodes: judgedEpisodes, longest: longestEpisode, seed: seed)
      return try loop.run(learner, judge: judge, member: member)
    }
    return try TrainedAgent(members, scores: .policyLogits, rewardScale: rewardScale, name: "ppo")
  }
}
