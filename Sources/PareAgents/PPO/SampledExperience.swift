import PareTensor
import RealModule

/// Generalized advantage estimation: `δ_t = r_t + γ · V(s_{t+1}) − V(s_t)`, `A_t = δ_t + γ · λ · A_{t+1}`.
///
/// `V` is 0 behind a terminal end. Behind a truncated one it is asked for, and advantages begin anew.
///
/// - Source: Schulman et al. 2016, arXiv:1506.02438, equation 16.
package struct AdvantageEstimation {
  package var discount: Double
  package var lambda: Double

  package init(discount: Double, lambda: Double) {
    self.discount = discount
    self.lambda = lambda
  }

  /// - Parameters: all `[steps, worlds]`, row-major.
  ///   - values: of what was observed before the step.
  ///   - following: of what was observed after it.
  package func advantages(
    rewards: [Double], values: [Float], following: [Float], endings: [EpisodeEnding], worlds: Int
  ) -> [Double] {
    var advantages = [Double](repeating: 0, count: rewards.count)
    for sample in rewards.indices.reversed() {
      let next = endings[sample] == .terminal ? 0 : Double(following[sample])
      let surprise = rewards[sample] + discount * next - Double(values[sample])
      let goesOn = endings[sample] == .none && sample + worlds < rewards.count
      advantages[sample] = surprise + (goesOn ? discount * lambda * advantages[sample + worlds] : 0)
    }
    return advantages
  }
}

/// Steps of several copies of an environment, with advantages of the actions that were drawn.
struct SampledExperience<World: Environment>: PolicyExperience {
  private let settings: PPO
  private var worlds: [World]
  private var generator: SeededGenerator

  init(_ settings: PPO, world: World, seed: UInt64) {
    self.settings = settings
    worlds = [World](repeating: world, count: settings.environments)
    generator = SeededGenerator(seed: seed, stream: "agent/behaviour")
    for index in worlds.indices { worlds[index].reset(&generator) }
  }

  var observationWidth: Int { worlds[0].observationWidth }
  var actionCount: Int { worlds[0].actionCount }

  mutating func collect(policy: NetworkEvaluator, value: NetworkEvaluator) throws -> PolicyBatch {
    let (count, actions) = (worlds.count, actionCount)
    let samples = count * settings.horizon
    var batch = PolicyBatch()
    batch.actionWeights = [Float](repeating: 0, count: samples * actions)
    // Of each sample, row-major [steps, worlds].
    var (rewards, successors, endings) = ([Double](), [Float](), [EpisodeEnding]())
    for time in 0..<settings.horizon {
      let observations = worlds.flatMap(\.observation)
      let logits = try policy.evaluate(observations)
      batch.features += observations
      for index in worlds.indices {
        let log = logits[index * actions..<(index + 1) * actions].logSoftmax
        let action = draw(log)
        batch.oldLogProbabilities += log
        batch.actionWeights[(time * count + index) * actions + action] = 1
        let step = worlds[index].step(action, &generator)
        rewards.append(settings.learnt(step.reward))
        endings.append(step.ending)
        successors += worlds[index].observation
        if step.ending != .none { worlds[index].reset(&generator) }
      }
    }
    let values = try value.evaluate(batch.features)
    let following = try value.evaluate(successors)
    let advantages = AdvantageEstimation(discount: settings.discount, lambda: settings.lambda).advantages(
      rewards: rewards, values: values, following: following, endings: endings, worlds: count)
    batch.valueTargets = zip(advantages, values).map { Float($0 + Double($1)) }
    batch.advantages = advantages.flatMap { [Float](repeating: Float($0), count: actions) }
    batch.normalizeAdvantages(centred: true)
    return batch
  }

  /// An action by its probability.
  private mutating func draw(_ logProbabilities: [Float]) -> Int {
    var left = generator.uniform()
    for (action, log) in logProbabilities.enumerated() {
      left -= Double.exp(Double(log))
      if left < 0 { return action }
    }
    return logProbabilities.greatestPlace
  }
}
