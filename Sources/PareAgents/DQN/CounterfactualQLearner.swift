import PareGraph
import PareTensor
import PareTraining

/// Q-learning where every action's reward and successor are known: each update takes some rows and learns all actions in
/// all conditions of them, `y(c, a) = r_t(c, a) + γ · G_1(c′)`, `c′` the condition after `a`.
///
/// `G_k(c)` stands for being in condition `c` at row `t + k`: 0 behind the segment's end; for `k = n` the target network's
/// value of the best action; before that `r_{t+k}(c, b) + γ · G_{k+1}(c″)` with `b` the best action. The learning network
/// says which is best (double), or the target network.
struct CounterfactualQLearner<Process: ExogenousEnvironment>: Learner {
  private let settings: DQN
  private let process: Process
  private let step: NetworkStep
  private let online: NetworkEvaluator
  private let target: NetworkEvaluator
  private let targetParameters: ParameterVector
  private let ends: [Int]
  private var order: [Int]
  private var next = 0
  private var updates = 0
  private var generator: SeededGenerator
  private let ones: [Float]

  init(_ settings: DQN, process: Process, seed: UInt64) throws {
    self.settings = settings
    self.process = process
    let width = process.observationWidth
    let actions = process.actionCount
    let rows = min(settings.batchSize, process.rowCount) * process.conditionCount
    let graph = try settings.network.graph(observationWidth: width, outputs: actions, seed: seed, name: "dqn")
    step = try NetworkStep(
      graph, loss: ActionValueLoss(delta: settings.huberDelta), observationWidth: width,
      columns: ["target": actions, "actionWeights": actions], batchSize: rows, optimizer: settings.optimizer,
      gradientNorm: settings.gradientNorm, seed: seed)
    targetParameters = ParameterVector(step.parameters.layout)
    targetParameters.copy(from: step.parameters)
    online = try NetworkEvaluator(graph, parameters: step.parameters)
    target = try NetworkEvaluator(graph, parameters: targetParameters)
    ends = process.segmentEnds
    order = Array(0..<process.rowCount)
    generator = SeededGenerator(seed: seed, stream: "agent/rows")
    ones = [Float](repeating: 1, count: rows * actions)
    generator.shuffle(&order)
  }

  var graph: Graph { step.graph }
  var parameters: ParameterVector { step.parameters }

  mutating func update() throws -> (loss: Double, entropy: Double?) {
    if updates % settings.targetInterval == 0 { targetParameters.copy(from: step.parameters) }
    updates += 1
    let count = step.batchSize / process.conditionCount
    if next + count > order.count {
      generator.shuffle(&order)
      next = 0
    }
    let rows = Array(order[next..<next + count])
    next += count
    let loss = try step.run([
      "features": process.observations(of: rows, count: count), "target": targets(of: rows), "actionWeights": ones,
    ])
    return (loss, nil)
  }

  /// `[rows, conditions, actions]`.
  private func targets(of rows: [Int]) throws -> [Float] {
    let (conditions, actions, steps) = (process.conditionCount, process.actionCount, settings.steps)
    let last = process.rowCount - 1
    // What lies behind a segment's end is not read.
    let ahead = rows.flatMap { row in (1...steps).map { min(row + $0, last) } }
    let chooser = try (settings.isDouble ? online : target).evaluate(process.observations(of: ahead, count: ahead.count))
    let finals = settings.isDouble ? rows.map { min($0 + steps, last) } : []
    let values = settings.isDouble ? try target.evaluate(process.observations(of: finals, count: finals.count)) : []
    var targets: [Float] = []
    targets.reserveCapacity(rows.count * conditions * actions)
    var (gains, later) = ([Double](repeating: 0, count: conditions), [Double](repeating: 0, count: conditions))
    for (index, row) in rows.enumerated() {
      let stepsLeft = ends[row] - 1 - row
      for condition in 0..<conditions { gains[condition] = 0 }
      for ahead in stride(from: min(steps, stepsLeft), to: 0, by: -1) {
        swap(&gains, &later)
        for condition in 0..<conditions {
          let place = ((index * steps + ahead - 1) * conditions + condition) * actions
          let best = chooser[place..<place + actions].greatestPlace
          if ahead == steps {
            let value = settings.isDouble ? values[(index * conditions + condition) * actions + best] : chooser[place + best]
            gains[condition] = Double(value)
          } else {
            let reward = settings.learnt(process.reward(row: row + ahead, condition: condition, action: best))
            gains[condition] = reward + settings.discount * later[process.condition(after: best, in: condition)]
          }
        }
      }
      for condition in 0..<conditions {
        for action in 0..<actions {
          let reward = settings.learnt(process.reward(row: row, condition: condition, action: action))
          targets.append(Float(reward + settings.discount * gains[process.condition(after: action, in: condition)]))
        }
      }
    }
    return targets
  }
}
