import Dispatch
import PareGraph
import PareTensor
import PareTraining

/// What learns: one network and what it learns from.
protocol Learner {
  /// The network whose greedy actions are judged.
  var graph: Graph { get }
  var parameters: ParameterVector { get }

  /// - Returns: the loss, and the policy's entropy where it has one.
  mutating func update() throws -> (loss: Double, entropy: Double?)
}

/// Says what the greedy policy of a network earns per step.
protocol PolicyJudge {
  func judge() throws -> (training: Double, validation: Double?)
}

/// Updates, looks in between, keeps the best weights.
struct LearningLoop {
  let schedule: LearningSchedule
  let progress: @Sendable (LearningProgress) -> Void

  /// What one member becomes.
  struct Outcome: Sendable {
    let graph: Graph
    let curve: LearningCurve
  }

  func run(_ learner: some Learner, judge: some PolicyJudge, member: Int) throws -> Outcome {
    var learner = learner
    let best = ParameterVector(learner.parameters.layout)
    best.copy(from: learner.parameters)
    var curve = LearningCurve(records: [], bestUpdate: 0)
    var bestReward = -Double.infinity
    var looksWithoutBetter = 0
    var sums = (loss: 0.0, entropy: 0.0, hasEntropy: false, count: 0.0)
    for update in 1...schedule.updates {
      let (loss, entropy) = try learner.update()
      sums = (sums.loss + loss, sums.entropy + (entropy ?? 0), entropy != nil, sums.count + 1)
      guard update % schedule.evaluationInterval == 0 || update == schedule.updates else { continue }
      let reward = try judge.judge()
      let record = LearningRecord(
        update: update, trainingReward: reward.training, validationReward: reward.validation, loss: sums.loss / sums.count,
        entropy: sums.hasEntropy ? sums.entropy / sums.count : nil)
      sums = (0, 0, false, 0)
      curve.records.append(record)
      progress(LearningProgress(member: member, record: record))
      let deciding = reward.validation ?? reward.training
      if deciding > bestReward {
        (bestReward, looksWithoutBetter, curve.bestUpdate) = (deciding, 0, update)
        best.copy(from: learner.parameters)
      } else {
        looksWithoutBetter += 1
        if looksWithoutBetter == schedule.patience { break }
      }
    }
    return Outcome(graph: learner.graph.replacingParameters(with: best), curve: curve)
  }

  /// Trains all members, several at the same time; the result does not depend on how many.
  ///
  /// - Throws: what the first member by number threw.
  static func members(_ count: Int, _ train: @Sendable (Int) throws -> Outcome) throws -> [Outcome] {
    var results = [Result<Outcome, any Error>?](repeating: nil, count: count)
    results.withUnsafeMutableBufferPointer { buffer in
      // Each iteration writes its own element.
      nonisolated(unsafe) let slots = buffer
      DispatchQueue.concurrentPerform(iterations: count) { member in
        slots[member] = Result { try train(member) }
      }
    }
    return try results.compactMap { try $0?.get() }
  }
}
