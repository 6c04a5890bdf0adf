import PareGraph
import PareTensor
import PareTraining
import RealModule

/// Where a policy's experience comes from.
protocol PolicyExperience {
  var observationWidth: Int { get }
  var actionCount: Int { get }

  /// Experience under the policy as it is now.
  ///
  /// - Parameters:
  ///   - policy: observations to logits.
  ///   - value: observations to expected discounted rewards.
  mutating func collect(policy: NetworkEvaluator, value: NetworkEvaluator) throws -> PolicyBatch
}

/// Samples to learn from, row-major.
struct PolicyBatch {
  /// `[samples, observation]`.
  var features: [Float] = []
  /// `[samples, actions]`: one-hot for a sampled action, else the policy's probabilities.
  var actionWeights: [Float] = []
  var oldLogProbabilities: [Float] = []
  var advantages: [Float] = []
  /// `[samples]`.
  var valueTargets: [Float] = []

  var count: Int { valueTargets.count }

  /// Divides advantages by their standard deviation under the action weights, after their mean was taken off where
  /// `centred`.
  mutating func normalizeAdvantages(centred: Bool) {
    var (sum, square, weight) = (0.0, 0.0, 0.0)
    for (advantage, share) in zip(advantages, actionWeights) where share > 0 {
      sum += Double(share) * Double(advantage)
      square += Double(share) * Double(advantage) * Double(advantage)
      weight += Double(share)
    }
    guard weight > 0 else { return }
    let mean = centred ? sum / weight : 0
    let deviation = max(square / weight - mean * mean, 0).squareRoot()
    let scale = 1 / (deviation + 1e-8)
    for index in advantages.indices { advantages[index] = Float((Double(advantages[index]) - mean) * scale) }
  }
}

extension Collection where Element == Float {
  /// The logarithms of a softmax.
  var logSoftmax: [Float] {
    let greatest = self.max() ?? 0
    let total = reduce(0.0) { $0 + Double.exp(Double($1 - greatest)) }
    let shift = Double(greatest) + Double.log(total)
    return map { Float(Double($0) - shift) }
  }
}

/// Gathers experience and moves policy and value network by it.
struct PolicyLearner<Experience: PolicyExperience>: Learner {
  private let settings: PPO
  private var experience: Experience
  private let policyStep: NetworkStep
  private let valueStep: NetworkStep
  private let policy: NetworkEvaluator
  private let value: NetworkEvaluator
  private var generator: SeededGenerator
  private var updates = 0

  init(_ settings: PPO, experience: Experience, seed: UInt64) throws {
    self.settings = settings
    self.experience = experience
    let (width, actions) = (experience.observationWidth, experience.actionCount)
    let policyGraph = try settings.network.graph(observationWidth: width, outputs: actions, seed: seed, name: "ppo")
    var valueNetwork = settings.network
    valueNetwork.hidden = settings.valueHidden
    let valueGraph = try valueNetwork.graph(
      observationWidth: width, outputs: 1, seed: seed ^ SeededGenerator.hash(of: "agent/value"), name: "ppo-value")
    let surrogate = WeightedSum([
      (1, ClippedSurrogate(clipRange: settings.clipRange)), (1, NegativeEntropy(isWeighted: true)),
    ])
    policyStep = try NetworkStep(
      policyGraph, loss: surrogate, observationWidth: width,
      columns: ["oldLogProbabilities": actions, "advantages": actions, "actionWeights": actions, "entropyWeights": 1],
      batchSize: settings.batchSize, optimizer: settings.optimizer, gradientNorm: settings.gradientNorm, seed: seed)
    valueStep = try NetworkStep(
      valueGraph, loss: HuberLoss(prediction: "logits", delta: settings.huberDelta), observationWidth: width,
      columns: ["target": 1], batchSize: settings.batchSize, optimizer: settings.valueOptimizer,
      gradientNorm: settings.gradientNorm, seed: seed)
    policy = try NetworkEvaluator(policyGraph, parameters: policyStep.parameters)
    value = try NetworkEvaluator(valueGraph, parameters: valueStep.parameters)
    generator = SeededGenerator(seed: seed, stream: "agent/minibatches")
  }

  var graph: Graph { policyStep.graph }
  var parameters: ParameterVector { policyStep.parameters }

  mutating func update() throws -> (loss: Double, entropy: Double?) {
    let batch = try experience.collect(policy: policy, value: value)
    let (width, actions, size) = (experience.observationWidth, experience.actionCount, settings.batchSize)
    var order = Array(0..<batch.count)
    var (loss, steps) = (0.0, 0.0)
    let entropyWeights = [Float](repeating: Float(settings.entropyBonus(after: updates)), count: size)
    updates += 1
    for _ in 0..<settings.epochs {
      generator.shuffle(&order)
      for start in stride(from: 0, through: batch.count - size, by: size) {
        let rows = order[start..<start + size]
        func picked(_ values: [Float], _ width: Int) -> [Float] {
          var result: [Float] = []
          result.reserveCapacity(size * width)
          for row in rows { result.append(contentsOf: values[row * width..<(row + 1) * width]) }
          return result
        }
        let features = picked(batch.features, width)
        loss += try policyStep.run([
          "features": features, "oldLogProbabilities": picked(batch.oldLogProbabilities, actions),
          "advantages": picked(batch.advantages, actions), "actionWeights": picked(batch.actionWeights, actions),
          "entropyWeights": entropyWeights,
        ])
        _ = try valueStep.run(["features": features, "target": picked(batch.valueTargets, 1)])
        steps += 1
      }
    }
    let entropy = batch.oldLogProbabilities.reduce(0.0) {
      $0 - Double.exp(Double($1)) * Double($1)
    }
    return (loss / max(steps, 1), entropy / Double(max(batch.count, 1)))
  }
}
