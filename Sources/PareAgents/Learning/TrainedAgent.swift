import PareGraph
import PareTensor

/// An agent that has learnt.
public struct TrainedAgent: Sendable {
  /// What the graph's logits are.
  public enum Scores: String, Sendable, Hashable, Codable {
    /// Expected discounted rewards, each reward times `rewardScale`.
    case actionValues = "action-values"
    /// Logits of the policy.
    case policyLogits = "policy-logits"
  }

  /// `features [batch, observationWidth]` → `logits [batch, actions]`, the best weights of each network.
  public let graph: Graph
  public let scores: Scores
  /// What rewards were multiplied by.
  public let rewardScale: Double
  /// One per network.
  public let curves: [LearningCurve]

  init(_ members: [LearningLoop.Outcome], scores: Scores, rewardScale: Double, name: String) throws {
    graph = try Graph.averaging(members.map(\.graph), name: name)
    self.scores = scores
    self.rewardScale = rewardScale
    curves = members.map(\.curve)
  }

  /// Acts greedily through all rows, from the start condition of each segment on.
  ///
  /// - Throws: `agent.environment` where the graph does not fit the environment.
  public func run(on environment: some ExogenousEnvironment) throws -> AgentRun {
    let evaluator = try NetworkEvaluator(graph)
    try fit(environment.observationWidth, environment.actionCount, evaluator)
    let scores = try environment.scores(evaluator)
    let walk = environment.greedyWalk(scores)
    return AgentRun(
      actions: walk.actions, conditions: walk.conditions, rewards: walk.rewards, conditionScores: scores,
      conditionCount: environment.conditionCount, actionCount: environment.actionCount)
  }

  /// Acts greedily in some episodes.
  ///
  /// - Parameter longest: steps after which an episode is broken off.
  /// - Returns: the sum of rewards, and of steps.
  /// - Throws: `agent.environment` where the graph does not fit the environment.
  public func run(
    on environment: some Environment, episodes: Int, longest: Int = 10_000, seed: UInt64 = 0
  ) throws -> (reward: Double, steps: Int) {
    let evaluator = try NetworkEvaluator(graph, chunkSize: 1)
    try fit(environment.observationWidth, environment.actionCount, evaluator)
    return try environment.greedyEpisodes(evaluator, episodes: episodes, longest: longest, seed: seed)
  }

  private func fit(_ width: Int, _ actions: Int, _ evaluator: NetworkEvaluator) throws {
    let found = (graph.inputs[0].type.dimensions.last?.fixedValue, evaluator.outputWidth)
    guard found == (width, actions) else {
      throw AgentError(
        "environment", subject: "graph '\(graph.name)'", expected: "observations of \(width) numbers, \(actions) actions",
        found: "\(found.0 ?? 0) and \(found.1)")
    }
  }
}

/// What an agent did.
public struct AgentRun: Sendable, Hashable {
  /// Per row.
  public let actions: [Int]
  /// Before the action.
  public let conditions: [Int]
  public let rewards: [Double]
  /// `[rows, conditions, actions]`.
  public let conditionScores: [Float]
  public let conditionCount: Int
  public let actionCount: Int

  public var rowCount: Int { actions.count }
  public var totalReward: Double { rewards.reduce(0, +) }

  /// The scores of all actions in a condition at a row.
  public func scores(row: Int, condition: Int) -> ArraySlice<Float> {
    let place = (row * conditionCount + condition) * actionCount
    return conditionScores[place..<place + actionCount]
  }

  /// The scores along the agent's own way: `[rows, actions]`.
  public var ownScores: [Float] {
    (0..<rowCount).flatMap { scores(row: $0, condition: conditions[$0]) }
  }
}

extension PositionEnvironment {
  /// The positions of a run, one per row.
  public func positions(_ run: AgentRun) -> [Double] { run.actions.map { levels[$0] } }

  /// `Σ |Δposition|` of a run, what is closed at the ends of segments included.
  public func turnover(_ run: AgentRun) -> Double {
    (0..<run.rowCount).reduce(0) { $0 + turnover(row: $1, condition: run.conditions[$1], action: run.actions[$1]) }
  }
}
