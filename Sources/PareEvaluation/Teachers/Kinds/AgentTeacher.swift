import Foundation
import PareAgents
import PareBacktest
import PareCompression
import PareGraph
import PareMarket
import PareModels
import PareTensor
import PareTraining

/// A policy that is learned in the backtest, costs included, by reward and not by labels: `{agent: {learner: dqn}}`.
///
/// Its environment is what an order meets: filled at the next open, held to the one after, at the experiment's cost of a side. It sees the
/// features on their own scales and the position that it holds. What it says of a row are its scores of being short, flat and long (of
/// short and long, where the label has two classes) at the position that it holds there on its own way through the data.
public struct AgentTeacher: TeacherKind {
  public static let key = "agent"

  public enum Learner: String, Sendable, Hashable, Codable, CaseIterable {
    /// Deep Q-learning (Mnih et al. 2015).
    case dqn
    /// Proximal policy optimization (Schulman et al. 2017).
    case ppo
  }

  public var learner: Learner
  public var hidden: [Int]
  public var discount: Double
  public var weightDecay: Double
  public var learningRate: Double
  /// Passes over the rows, at most.
  public var epochs: Int
  /// Looks at the validation reward without a better one after which learning stops.
  public var patience: Int
  /// Networks that learn apart and decide together.
  public var members: Int

  public init(
    _ learner: Learner = .dqn, hidden: [Int] = [64, 32], discount: Double? = nil, weightDecay: Double = 3, learningRate: Double = 3e-4,
    epochs: Int = 40, patience: Int = 10, members: Int = 4
  ) {
    (self.learner, self.hidden, self.discount) = (learner, hidden, discount ?? (learner == .dqn ? 0.95 : 0.98))
    (self.weightDecay, self.learningRate) = (weightDecay, learningRate)
    (self.epochs, self.patience, self.members) = (epochs, patience, members)
  }

  public var words: String { "\(learner == .dqn ? "Q-learning" : "policy-gradient") agent, \(members) networks" }

  /// What trading costs decides what is worth learning.
  public func circumstances(in experiment: Experiment) throws -> String { "costs " + (try StrictYAML.json(experiment.costs)) }

  public func validate(at path: ParameterPath) throws {
    let place = path.key(Self.key)
    try place.key(CodingKeys.hidden).require(
      hidden.allSatisfy { (1...65_536).contains($0) }, expected: "widths in 1 ... 65536", found: hidden)
    try place.key(CodingKeys.discount).require(discount >= 0 && discount < 1, expected: "a number in 0 ..< 1", found: discount)
    try place.key(CodingKeys.weightDecay).require(
      weightDecay >= 0 && weightDecay.isFinite, expected: "0 or more", found: weightDecay)
    try place.key(CodingKeys.learningRate).require(
      learningRate > 0 && learningRate.isFinite, expected: "a number above 0", found: learningRate)
    for (key, value) in [(CodingKeys.epochs, epochs), (.patience, patience)] {
      try place.key(key).require(value >= 1, expected: "at least 1", found: value)
    }
    try place.key(CodingKeys.members).require((1...64).contains(members), expected: "1 to 64", found: members)
  }

  public func teach(in room: TeacherRoom) throws -> TrainedTeacher {
    let (view, data) = (try room.view(nil), room.data)
    guard data.series.count == 1 else {
      throw EvaluationError(
        "agent", subject: "teacher '\(room.name)'", expected: "one symbol, whose position it holds", found: "\(data.series.count)")
    }
    let cost = room.experiment.costs.taking
    func environment(_ rows: Range<Int>) throws -> (environment: PositionEnvironment, rows: [Int]) {
      var features = Array(view.dataset.features[rows.lowerBound * view.dataset.width..<rows.upperBound * view.dataset.width])
      view.normalizer.apply(to: &features)
      let candles = data.series[0].candles
      let (environment, places) = try PositionEnvironment.joining(
        features: features, width: view.dataset.width, candles: Array(view.dataset.candleIndices[rows]), opens: candles.map(\.open),
        starts: candles.map(\.start), interval: data.series[0].key.interval.milliseconds ?? 0,
        costPerSide: (cost.fee + cost.halfSpread + cost.slippage) / 10_000)
      return (environment, places.map { $0 + rows.lowerBound })
    }
    let span = room.span ?? view.dataset.span
    let training = try environment(view.dataset.rows(within: span.training)).environment
    let validation = try environment(view.dataset.rows(within: span.validation)).environment
    let agent = try train(on: training, validation: validation, in: room)
    let (all, rows) = try environment(0..<view.dataset.rowCount)
    let outputs = try self.outputs(of: agent, on: all, rows: rows, in: room)
    return TrainedTeacher(
      outputs: outputs, parts: [TrainedTeacher.Part(name: room.name, model: Model(graph: agent.graph), fed: .other(width: all.observationWidth))],
      curves: agent.curves.enumerated().map { index, curve in
        LearningCurve(
          "reward a step, network \(index + 1)", unit: "update",
          points: curve.records.map { .init(at: $0.update, training: $0.trainingReward, validation: $0.validationReward) })
      })
  }

  private func train(
    on training: PositionEnvironment, validation: PositionEnvironment, in room: TeacherRoom
  ) throws -> TrainedAgent {
    var generator = SeededGenerator(seed: room.seed, stream: "model/" + room.name)
    let seed = generator.next()
    let optimizer = Optimizer.adamW(learningRate: learningRate, weightDecay: weightDecay)
    let (technique, progress, total) = (room.name, room.progress, members)
    let done = ProgressOfMembers(count: total)
    func report(_ updates: Int) -> @Sendable (LearningProgress) -> Void {
      { state in
        let share = done.reached(Double(state.record.update) / Double(updates), by: state.member)
        progress(
          CompressionProgress(
            technique: technique, activity: "network \(state.member + 1) of \(total), update \(state.record.update) of \(updates)",
            fraction: share, loss: state.record.loss))
      }
    }
    switch learner {
    case .dqn:
      var dqn = DQN()
      dqn.network.hidden = hidden
      (dqn.discount, dqn.rewardScale, dqn.batchSize, dqn.optimizer) = (discount, training.unitRewardScale, 512, optimizer)
      let pass = max(training.rowCount / dqn.batchSize, 1)
      dqn.targetInterval = pass
      dqn.schedule = LearningSchedule(
        updates: pass * epochs, evaluationInterval: pass * 2, patience: patience, members: members, seed: seed)
      return try dqn.train(on: training, validation: validation, progress: report(dqn.schedule.updates))
    case .ppo:
      var ppo = PPO()
      ppo.network.hidden = hidden
      (ppo.discount, ppo.rewardScale, ppo.optimizer, ppo.valueOptimizer) = (discount, training.unitRewardScale, optimizer, optimizer)
      (ppo.environments, ppo.horizon, ppo.batchSize, ppo.epochs) = (32, 256, 1024, 2)
      let pass = max(training.rowCount / (ppo.environments * ppo.horizon), 1)
      ppo.schedule = LearningSchedule(
        updates: max(pass * epochs / ppo.epochs, 5), evaluationInterval: 5, patience: patience, members: members, seed: seed)
      return try ppo.train(on: training, validation: validation, progress: report(ppo.schedule.updates))
    }
  }

  /// Scores along the agent's own way; rows that cannot be acted on say nothing either way.
  private func outputs(
    of agent: TrainedAgent, on environment: PositionEnvironment, rows: [Int], in room: TeacherRoom
  ) throws -> TeacherOutputs {
    let said = try agent.run(on: environment).ownScores
    let (count, actions) = (room.data.classCount, environment.actionCount)
    // Q-values are brought to the scale of logits by how far they are apart.
    var scale: Float = 1
    if learner == .dqn {
      let apart = stride(from: 0, to: said.count, by: actions).map { row in
        let own = said[row..<row + actions]
        return Double((own.max() ?? 0) - (own.min() ?? 0))
      }
      let spread = (apart.reduce(0) { $0 + $1 * $1 } / Double(max(apart.count, 1))).squareRoot()
      if spread > 0 { scale = Float(2 / spread) }
    }
    var logits = [Float](repeating: 0, count: room.data.dataset.rowCount * count)
    for (place, row) in rows.enumerated() {
      let own = said[place * actions..<(place + 1) * actions].map { $0 * scale }
      let kept = count == actions ? own : [own[0], own[actions - 1]]
      for index in 0..<min(count, kept.count) { logits[row * count + index] = kept[index] }
    }
    return try TeacherOutputs(classCount: count, logits: logits, source: "teacher '\(room.name)'")
  }
}

/// How far networks that learn at the same time have come.
private final class ProgressOfMembers: @unchecked Sendable {
  private let lock = NSLock()
  private var shares: [Double]

  init(count: Int) {
    shares = [Double](repeating: 0, count: count)
  }

  /// - Returns: the share of the whole that is done.
  func reached(_ share: Double, by member: Int) -> Double {
    lock.withLock {
      if shares.indices.contains(member) { shares[member] = max(shares[member], share) }
      return shares.reduce(0, +) / Double(shares.count)
    }
  }
}

extension AgentTeacher: Codable {
  private enum OuterKeys: String, CodingKey, CaseIterable {
    case agent
  }

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case learner, hidden, discount, epochs, patience, members
    case weightDecay = "weight-decay"
    case learningRate = "learning-rate"
  }

  public init(from decoder: any Decoder) throws {
    let outer = try decoder.strictContainer(keyedBy: OuterKeys.self)
    guard try !outer.decodeNil(forKey: .agent) else {
      self.init()
      return
    }
    let container = try outer.superDecoder(forKey: .agent).strictContainer(keyedBy: CodingKeys.self)
    self.init(try container.wordIfPresent(forKey: .learner) ?? .dqn)
    hidden = try container.decodeIfPresent([Int].self, forKey: .hidden) ?? hidden
    discount = try container.decodeIfPresent(Double.self, forKey: .discount) ?? discount
    weightDecay = try container.decodeIfPresent(Double.self, forKey: .weightDecay) ?? weightDecay
    learningRate = try container.decodeIfPresent(Double.self, forKey: .learningRate) ?? learningRate
    epochs = try container.decodeIfPresent(Int.self, forKey: .epochs) ?? epochs
    patience = try container.decodeIfPresent(Int.self, forKey: .patience) ?? patience
    members = try container.decodeIfPresent(Int.self, forKey: .members) ?? members
  }

  public func encode(to encoder: any Encoder) throws {
    var outer = encoder.container(keyedBy: OuterKeys.self)
    var container = outer.nestedContainer(keyedBy: CodingKeys.self, forKey: .agent)
    try container.encode(learner, forKey: .learner)
    try container.encode(hidden, forKey: .hidden)
    try container.encode(discount, forKey: .discount)
    try container.encode(weightDecay, forKey: .weightDecay)
    try container.encode(learningRate, forKey: .learningRate)
    try container.encode(epochs, forKey: .epochs)
    try container.encode(patience, forKey: .patience)
    try container.encode(members, forKey: .members)
  }
}
