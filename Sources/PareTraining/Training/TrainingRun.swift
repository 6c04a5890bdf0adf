import PareGraph
import PareTensor

/// A training that is under way: vectors, and where it stands.
final class TrainingRun {
  private let problem: TrainingProblem
  private let settings: TrainingSettings
  private let step: TrainingStep
  private let monitor: ValidationLoss?
  private let best: ParameterVector
  private let bestStatistics: ParameterVector
  private var state: TrainingState
  private var checkpoint: CheckpointFile?

  /// - Throws: `training.memory` before memory is taken where the need is beyond what there is.
  init(
    _ problem: TrainingProblem, settings: TrainingSettings, resources: TrainingResources, checkpointing: Checkpointing?
  ) throws {
    self.problem = problem
    self.settings = settings
    let (training, threads) = (problem.training, resources.threadCount)
    let plan = try TrainingPlan(problem, settings: settings)
    let monitorPlan = try problem.validationPlan(plan, threads: threads)
    let limit = resources.memoryLimit
    func checkMemory(scratch: Int) throws {
      try problem.memory(plan, monitorPlan, settings: settings, checkpoints: checkpointing != nil, scratch: scratch)
        .check(against: limit, batchSize: settings.batchSize)
    }
    try checkMemory(scratch: 0)
    let prepared = try ScratchTally.count {
      let step = try TrainingStep(plan, of: problem.graph, data: training, settings: settings, threads: threads)
      let monitor: ValidationLoss? =
        if let monitored = problem.monitored, let monitorPlan {
          try ValidationLoss(monitorPlan, of: monitored, vectors: [step.parameters, step.statistics])
        } else { nil }
      return (step, monitor)
    }
    try checkMemory(scratch: prepared.byteCount)
    (step, monitor) = prepared.result
    best = ParameterVector(plan.layout)
    bestStatistics = ParameterVector(plan.statistics)
    let order = try RowOrder(problem, settings: settings)
    state = TrainingState(settings: settings, order: order)
    if let checkpointing {
      let file = CheckpointFile(
        checkpointing, identity: try CheckpointFile.identity(problem, settings), vectors: vectors, step: step)
      if let saved = try file.restore(settings: settings, order: order) { state = saved }
      try file.write(state)
      checkpoint = file
    }
  }

  /// Everything that moves, by the name under which a checkpoint keeps it.
  private var vectors: [(name: String, vector: ParameterVector)] {
    [
      ("weights", step.parameters), ("statistics", step.statistics), ("best-weights", best),
      ("best-statistics", bestStatistics), ("first-moment", step.update.optimizer.first),
    ] + (step.update.optimizer.second.map { [("second-moment", $0)] } ?? [])
  }

  /// Trains to the end.
  func run(_ progress: (TrainingProgress) throws -> Void) throws -> TrainingResult {
    while !state.isOver { try runEpoch(progress) }
    try checkpoint?.write(state)
    let own = best.tensors.filter { problem.model.parameters[$0.name] == nil }
    return TrainingResult(
      graph: problem.model.replacingParameters(with: best).replacingParameters(with: bestStatistics),
      history: state.history, bestEpoch: state.stopping.bestEpoch, stoppedEarly: state.history.count < settings.epochs,
      lossParameters: Dictionary(own.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first }))
  }

  /// What is left of the current epoch.
  private func runEpoch(_ progress: (TrainingProgress) throws -> Void) throws {
    state.beginEpoch()
    step.update.isFrozen = settings.freezing.map { state.epoch >= $0.epoch } ?? false
    var position = TrainingProgress(
      epoch: state.epoch, epochCount: settings.epochs, step: state.step, stepsPerEpoch: state.stepsPerEpoch,
      trainingLoss: 0, bestValidationLoss: state.stopping.bestLoss)
    while state.step < state.stepsPerEpoch {
      let rows = state.nextRows
      let number = (state.epoch - 1) * state.stepsPerEpoch + state.step
      let rate = settings.schedule.factor(
        step: number, stepsPerEpoch: state.stepsPerEpoch, epochs: settings.epochs, reductions: state.plateau.reductions)
      let share = Double(number) / Double(max(settings.epochs * state.stepsPerEpoch - 1, 1))
      let loss = Double(
        try state.order.withUnsafeBufferPointer {
          try step.run(rows: UnsafeBufferPointer(rebasing: $0[rows]), rateFactor: rate, progress: share)
        })
      state.step += 1
      state.lossSum += loss * Double(rows.count)
      position.step = state.step
      position.trainingLoss = state.lossSum / Double(rows.upperBound)
      guard loss.isFinite else { throw divergence(position, loss) }
      if state.step < state.stepsPerEpoch {
        try checkpoint?.writeIfDue(state)
        try progress(position)
      }
    }
    let record = EpochRecord(
      epoch: state.epoch, trainingLoss: position.trainingLoss, validationLoss: try monitor?.value())
    if let loss = record.validationLoss, !loss.isFinite { throw divergence(position, loss) }
    if state.endEpoch(record, of: settings.epochs) {
      best.copy(from: step.parameters)
      bestStatistics.copy(from: step.statistics)
    }
    try checkpoint?.writeIfDue(state)
    position.epochRecord = record
    position.bestValidationLoss = state.stopping.bestLoss
    try progress(position)
  }

  private func divergence(_ position: TrainingProgress, _ loss: Double) -> TrainingError {
    TrainingError(
      "diverged", subject: "epoch \(position.epoch), step \(position.step)",
      expected: "a finite loss; a lower learning rate, or data without NaN", found: "\(loss)")
  }
}

/// Where a training stands, but for the vectors.
struct TrainingState {
  /// The epoch that is under way or comes next, from 1.
  var epoch = 1
  /// Steps made in it.
  var step = 0
  /// The rows in the order of this epoch; that of the next one is shuffled from it.
  var order: [Int]
  var generator: SeededGenerator
  /// Over this epoch's rows so far.
  var lossSum = 0.0
  var stopping: EarlyStopping
  var plateau: Plateau
  var history: [EpochRecord] = []
  var isOver = false
  let stepsPerEpoch: Int
  private let batchSize: Int
  private let rule: RowOrder

  init(settings: TrainingSettings, order rule: RowOrder) {
    self.rule = rule
    order = rule.first
    let rowCount = order.count
    generator = SeededGenerator(seed: settings.seed, stream: "training/order")
    stopping = EarlyStopping(patience: settings.patience, minimumImprovement: settings.minimumImprovement)
    plateau = Plateau(settings.schedule)
    batchSize = min(settings.batchSize, rowCount)
    stepsPerEpoch = (rowCount - 1) / batchSize + 1
  }

  /// Shuffles the rows where the epoch has not begun yet.
  mutating func beginEpoch() {
    guard step == 0 else { return }
    rule.shuffle(&order, with: &generator)
    lossSum = 0
  }

  /// The next step's rows, as places in the order.
  var nextRows: Range<Int> {
    step * batchSize..<min((step + 1) * batchSize, order.count)
  }

  /// Takes in what an epoch has brought.
  ///
  /// - Returns: whether it is the best so far.
  mutating func endEpoch(_ record: EpochRecord, of epochs: Int) -> Bool {
    history.append(record)
    let isBest = stopping.isBest(record)
    plateau.observe(record)
    isOver = epoch == epochs || stopping.hasRunOut(at: epoch)
    epoch += 1
    step = 0
    return isBest
  }
}
