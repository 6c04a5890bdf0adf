import PareTensor
import RealModule

/// Windows of an exogenous process, with the advantages of every action in every condition.
///
/// Along the rows as they came, what follows from each action is known. With `U` the worth of a condition at a row,
///
/// ```
/// G_t(c, a) = r_t(c, a) + γ · U_{t+1}(c′)
/// U_t(c)    = (1 − λ) · V(x_t, c) + λ · Σ_a π(a | x_t, c) · G_t(c, a)
/// A_t(c, a) = G_t(c, a) − Σ_b π(b | x_t, c) · G_t(c, b)
/// ```
///
/// `U` is 0 behind a segment's end and `V` behind a window's. This is the λ-return of generalized advantage estimation with
/// its expectation over the actions taken, at this row and at all later ones, in place of one draw. The baseline knows
/// the rows to come: since they do not depend on the actions it leaves the gradient's expectation as it is (Mao et al.
/// 2019, "Variance Reduction for Reinforcement Learning in Input-Driven Environments", arXiv:1807.02264).
struct CounterfactualExperience<Process: ExogenousEnvironment>: PolicyExperience {
  private let settings: PPO
  private let process: Process
  private let ends: [Int]
  private var generator: SeededGenerator

  init(_ settings: PPO, process: Process, seed: UInt64) {
    self.settings = settings
    self.process = process
    ends = process.segmentEnds
    generator = SeededGenerator(seed: seed, stream: "agent/windows")
  }

  var observationWidth: Int { process.observationWidth }
  var actionCount: Int { process.actionCount }

  mutating func collect(policy: NetworkEvaluator, value: NetworkEvaluator) throws -> PolicyBatch {
    var batch = PolicyBatch()
    // Windows until there is enough: short ones lie at the ends of segments.
    let wanted = settings.environments * settings.horizon
    var rows = 0
    while rows < wanted {
      let start = generator.below(process.rowCount)
      let window = start..<min(start + settings.horizon, ends[start])
      rows += window.count
      try add(window, to: &batch, policy, value)
    }
    batch.normalizeAdvantages(centred: false)
    return batch
  }

  private func add(
    _ window: Range<Int>, to batch: inout PolicyBatch, _ policy: NetworkEvaluator, _ value: NetworkEvaluator
  ) throws {
    let (conditions, actions) = (process.conditionCount, process.actionCount)
    let isCut = window.upperBound < ends[window.lowerBound]
    // The values of the row behind the window are asked for too, where there is one.
    let seen = window.lowerBound..<window.upperBound + (isCut ? 1 : 0)
    let observations = process.observations(of: seen, count: seen.count)
    let values = try value.evaluate(observations)
    let ownCount = window.count * conditions
    let features = isCut ? Array(observations[..<(ownCount * process.observationWidth)]) : observations
    let logits = try policy.evaluate(features)

    var worth = isCut ? values[ownCount...].map { Double($0) } : [Double](repeating: 0, count: conditions)
    var logs = [Float](repeating: 0, count: ownCount * actions)
    var probabilities = logs
    var advantages = logs
    var targets = [Float](repeating: 0, count: ownCount)
    var gains = [Double](repeating: 0, count: actions)
    var earlier = worth
    for row in window.reversed() {
      for condition in 0..<conditions {
        let sample = (row - window.lowerBound) * conditions + condition
        let place = sample * actions
        let log = logits[place..<place + actions].logSoftmax
        var mean = 0.0
        for action in 0..<actions {
          let reward = settings.learnt(process.reward(row: row, condition: condition, action: action))
          gains[action] = reward + settings.discount * worth[process.condition(after: action, in: condition)]
          logs[place + action] = log[action]
          probabilities[place + action] = Float.exp(log[action])
          mean += Double(probabilities[place + action]) * gains[action]
        }
        for action in 0..<actions { advantages[place + action] = Float(gains[action] - mean) }
        targets[sample] = Float(mean)
        earlier[condition] = (1 - settings.lambda) * Double(values[sample]) + settings.lambda * mean
      }
      swap(&worth, &earlier)
    }
    batch.features += features
    batch.actionWeights += probabilities
    batch.oldLogProbabilities += logs
    batch.advantages += advantages
    batch.valueTargets += targets
  }
}
