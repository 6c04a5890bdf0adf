import PareTensor

/// How long an agent learns, how often it is looked at, and of how many networks it consists.
public struct LearningSchedule: Sendable, Hashable {
  /// Updates at most: steps of the optimizer for `DQN`, rounds of experience for `PPO`.
  public var updates: Int
  /// Updates between two looks at the validation reward.
  public var evaluationInterval: Int
  /// Looks without a better validation reward after which learning stops; nil to run through.
  public var patience: Int?
  /// Networks that learn apart, each from a seed of its own; their mean logits are the agent's.
  public var members = 1
  /// Decides everything.
  public var seed: UInt64 = 0

  public init(updates: Int, evaluationInterval: Int, patience: Int? = nil, members: Int = 1, seed: UInt64 = 0) {
    self.updates = updates
    self.evaluationInterval = evaluationInterval
    self.patience = patience
    self.members = members
    self.seed = seed
  }

  /// - Throws: `agent.setting`, category usage, naming what is out of range.
  public func validate() throws {
    try AgentError.check("updates", updates, updates >= 1, "at least 1")
    try AgentError.check("evaluation-interval", evaluationInterval, evaluationInterval >= 1, "at least 1")
    try AgentError.check("patience", patience ?? 1, patience ?? 1 >= 1, "at least 1")
    try AgentError.check("members", members, (1...64).contains(members), "1 to 64")
  }

  func memberSeed(_ member: Int) -> UInt64 {
    var generator = SeededGenerator(seed: seed, stream: "agent/member/\(member)")
    return generator.next()
  }
}

/// What a look at an agent in training showed. Rewards are those of the greedy policy, a mean per step, in the
/// environment's own units.
public struct LearningRecord: Sendable, Hashable, Codable {
  /// Updates made.
  public var update: Int
  public var trainingReward: Double
  /// Nil where there is nothing to validate on.
  public var validationReward: Double?
  /// Mean over the updates since the last look.
  public var loss: Double
  /// Of the policy in training, in nats, a mean since the last look; nil for an agent that learns values.
  public var entropy: Double?
}

/// The learning of one network of an agent.
public struct LearningCurve: Sendable, Hashable, Codable {
  public var records: [LearningRecord]
  /// Updates behind the weights that were kept: those of the best validation reward (of the training reward, where there is
  /// nothing to validate on).
  public var bestUpdate: Int
}

/// How far an agent's training has come: reported at each look, from whichever thread made it.
public struct LearningProgress: Sendable {
  /// Which of the networks, from 0.
  public var member: Int
  public var record: LearningRecord
}
