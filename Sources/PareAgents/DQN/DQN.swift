import PareTensor
import PareTraining

/// Deep Q-learning: a network learns what each action is worth, `Q(s, a) = E[r + γ · max_b Q(s′, b)]`, from replayed
/// experience and a target network that stands still between copies.
///
/// - Source: Mnih et al. 2015, Nature 518; double: van Hasselt, Guez and Silver 2016, arXiv:1509.06461; several steps:
///   Sutton 1988.
public struct DQN: Sendable, Hashable {
  public var network = AgentNetwork()
  /// γ, in `0 ..< 1`.
  public var discount = 0.95
  /// Whether the learning network chooses the action that the target network values.
  public var isDouble = true
  /// Rewards that are added up before a value is asked for, n ≥ 1.
  public var steps = 1
  /// In an exogenous environment: learns all actions in all conditions of a replayed row at once, whose rewards and
  /// successors are known. The n steps then follow the greedy policy.
  public var counterfactual = true
  /// Rewards are multiplied by it, and then bounded to ±`rewardLimit`.
  public var rewardScale = 1.0
  public var rewardLimit = 100.0
  /// δ of the loss, of scaled values.
  public var huberDelta = 1.0
  public var optimizer = Optimizer.adamW(learningRate: 1e-3, weightDecay: 1e-4)
  /// Largest norm of a gradient; nil for no limit.
  public var gradientNorm: Double? = 10
  /// Replayed transitions (rows, where counterfactual) per update.
  public var batchSize = 256
  /// Updates between two copies to the target network.
  public var targetInterval = 200
  /// What follows is of no account where learning is counterfactual.
  public var exploration = Exploration()
  public var schedule = LearningSchedule(updates: 10_000, evaluationInterval: 500)

  public init() {}

  /// How experience is gathered, step by step.
  public struct Exploration: Sendable, Hashable {
    /// Share of random actions at first, and after `decaySteps` steps; it falls evenly.
    public var start = 1.0
    public var end = 0.05
    public var decaySteps = 5_000
    /// Transitions that are kept; the oldest give way.
    public var replayCapacity = 50_000
    /// Steps before the first update.
    public var warmUp = 500
    /// Steps of the environment per update.
    public var stepsPerUpdate = 1
    /// Episodes of a look at the policy, and steps after which one is broken off.
    public var judgedEpisodes = 10
    public var longestEpisode = 1_000

    public init() {}
  }

  /// - Throws: `agent.setting` or `training.optimizer`, category usage, naming what is out of range.
  public func validate() throws {
    func check(_ name: String, _ value: some CustomStringConvertible, _ isValid: Bool, _ expected: String) throws {
      try AgentError.check(name, value, isValid, expected)
    }
    try check("discount", discount, discount >= 0 && discount < 1, "a number in 0 ..< 1")
    try check("steps", steps, (1...1_000).contains(steps), "1 to 1000")
    try check("reward-scale", rewardScale, rewardScale > 0 && rewardScale.isFinite, "a positive number")
    try check("reward-limit", rewardLimit, rewardLimit > 0 && rewardLimit.isFinite, "a positive number")
    try check("huber-delta", huberDelta, huberDelta > 0 && huberDelta.isFinite, "a positive number")
    try check("batch-size", batchSize, batchSize >= 1, "at least 1")
    try check("target-interval", targetInterval, targetInterval >= 1, "at least 1")
    let (e, shares) = (exploration, 0.0...1.0)
    try check("exploration", "\(e.start) to \(e.end)", shares.contains(e.start) && shares.contains(e.end), "shares in 0 ... 1")
    try check("decay-steps", e.decaySteps, e.decaySteps >= 1, "at least 1")
    try check("replay-capacity", e.replayCapacity, e.replayCapacity >= 1, "at least 1")
    try check("warm-up", e.warmUp, e.warmUp >= 1, "at least 1")
    try check("steps-per-update", e.stepsPerUpdate, e.stepsPerUpdate >= 1, "at least 1")
    try check("judged-episodes", e.judgedEpisodes, e.judgedEpisodes >= 1, "at least 1")
    try check("longest-episode", e.longestEpisode, e.longestEpisode >= 1, "at least 1")
    try TrainingSettings(optimizer: optimizer, gradientNorm: gradientNorm).validate()
    try schedule.validate()
  }

  /// A reward as it is learnt.
  func learnt(_ reward: Double) -> Double {
    min(max(reward * rewardScale, -rewardLimit), rewardLimit)
  }
}

extension DQN {
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
      func finish(_ learner: some Learner) throws -> LearningLoop.Outcome {
        let evaluator = try NetworkEvaluator(learner.graph, parameters: learner.parameters)
        return try loop.run(
          learner, judge: WalkJudge(evaluator: evaluator, training: training, validation: validation), member: member)
      }
      return counterfactual
        ? try finish(CounterfactualQLearner(self, process: training, seed: seed))
        : try finish(ReplayQLearner(self, world: ExogenousWalk(training, length: exploration.longestEpisode), seed: seed))
    }
    return try TrainedAgent(members, scores: .actionValues, rewardScale: rewardScale, name: "dqn")
  }

  /// Learns by acting, with random actions now and then.
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
      let learner = try ReplayQLearner(self, world: environment, seed: seed)
      let judge = EpisodeJudge(
        evaluator: try NetworkEvaluator(learner.graph, parameters: learner.parameters, chunkSize: 1), training: environment,
        validation: validation, episodes: exploration.judgedEpisodes, longest: exploration.longestEpisode, seed: seed)
      return try loop.run(learner, judge: judge, member: member)
    }
    return try TrainedAgent(members, scores: .actionValues, rewardScale: rewardScale, name: "dqn")
  }
}

extension AgentError {
  /// - Throws: `agent.environment` where two environments differ in what is observed or done.
  static func checkAlike(_ a: some ExogenousEnvironment, _ b: some ExogenousEnvironment) throws {
    func shape(_ e: some ExogenousEnvironment) -> [Int] { [e.featureWidth, e.conditionCount, e.actionCount] }
    guard shape(a) == shape(b) else {
      throw AgentError(
        "environment", subject: "validation", expected: "features, conditions, actions \(shape(a))", found: "\(shape(b))")
    }
  }
}
