import PareGraph
import PareTensor
import PareTraining

/// Q-learning by acting: ε-greedy steps fill a replay memory, and each update learns the values of the actions that were
/// taken in some transitions drawn from it.
struct ReplayQLearner<World: Environment>: Learner {
  /// A step that waits for those after it.
  private struct Pending {
    let observation: [Float]
    let action: Int
    let reward: Double
  }

  private let settings: DQN
  private let step: NetworkStep
  private let actor: NetworkEvaluator
  private let online: NetworkEvaluator
  private let target: NetworkEvaluator
  private let targetParameters: ParameterVector
  private var world: World
  private var memory: ReplayMemory
  private var pending: [Pending] = []
  private var observation: [Float]
  private var generator: SeededGenerator
  private var (stepsMade, updates) = (0, 0)

  init(_ settings: DQN, world: World, seed: UInt64) throws {
    self.settings = settings
    self.world = world
    let (width, actions) = (world.observationWidth, world.actionCount)
    let graph = try settings.network.graph(observationWidth: width, outputs: actions, seed: seed, name: "dqn")
    step = try NetworkStep(
      graph, loss: ActionValueLoss(delta: settings.huberDelta), observationWidth: width,
      columns: ["target": actions, "actionWeights": actions], batchSize: settings.batchSize,
      optimizer: settings.optimizer, gradientNorm: settings.gradientNorm, seed: seed)
    targetParameters = ParameterVector(step.parameters.layout)
    actor = try NetworkEvaluator(graph, parameters: step.parameters, chunkSize: 1)
    online = try NetworkEvaluator(graph, parameters: step.parameters, chunkSize: settings.batchSize)
    target = try NetworkEvaluator(graph, parameters: targetParameters, chunkSize: settings.batchSize)
    memory = ReplayMemory(capacity: settings.exploration.replayCapacity, width: width)
    generator = SeededGenerator(seed: seed, stream: "agent/behaviour")
    self.world.reset(&generator)
    observation = self.world.observation
  }

  var graph: Graph { step.graph }
  var parameters: ParameterVector { step.parameters }

  mutating func update() throws -> (loss: Double, entropy: Double?) {
    repeat {
      for _ in 0..<settings.exploration.stepsPerUpdate { try act() }
    } while stepsMade < settings.exploration.warmUp || memory.count == 0
    if updates % settings.targetInterval == 0 { targetParameters.copy(from: step.parameters) }
    updates += 1
    let actions = actor.outputWidth
    let sample = memory.sample(settings.batchSize, &generator)
    let values = try target.evaluate(sample.successors)
    let chooser = settings.isDouble ? try online.evaluate(sample.successors) : values
    var targets = [Float](repeating: 0, count: settings.batchSize * actions)
    var weights = targets
    for index in 0..<settings.batchSize {
      let row = index * actions
      let best = chooser[row..<row + actions].greatestPlace
      targets[row + sample.actions[index]] = Float(
        sample.rewards[index] + sample.discounts[index] * Double(values[row + best]))
      weights[row + sample.actions[index]] = 1
    }
    let loss = try step.run(["features": sample.observations, "target": targets, "actionWeights": weights])
    return (loss, nil)
  }

  private mutating func act() throws {
    let exploration = settings.exploration
    let share = min(Double(stepsMade) / Double(exploration.decaySteps), 1)
    let epsilon = exploration.start + share * (exploration.end - exploration.start)
    let action =
      generator.uniform() < epsilon
      ? generator.below(world.actionCount) : try actor.evaluate(observation).greatestPlace
    let outcome = world.step(action, &generator)
    stepsMade += 1
    pending.append(Pending(observation: observation, action: action, reward: settings.learnt(outcome.reward)))
    let successor = world.observation
    if outcome.ending != .none {
      while !pending.isEmpty { remember(successor, isTerminal: outcome.ending == .terminal) }
      world.reset(&generator)
      observation = world.observation
    } else {
      if pending.count == settings.steps { remember(successor, isTerminal: false) }
      observation = successor
    }
  }

  /// Turns the oldest step that waits, and what came after it, into a transition.
  private mutating func remember(_ successor: [Float], isTerminal: Bool) {
    var (reward, discount) = (0.0, 1.0)
    for step in pending {
      reward += discount * step.reward
      discount *= settings.discount
    }
    let first = pending.removeFirst()
    memory.add(
      first.observation, action: first.action, reward: reward, successor: successor, discount: isTerminal ? 0 : discount)
  }
}
