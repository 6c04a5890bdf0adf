import PareGraph
import PareTensor

/// What is to be learned from what.
struct TrainingProblem {
  let model: Graph
  /// The model with the loss appended to it.
  let graph: Graph
  /// The value that holds the loss.
  let loss: String
  let training: TrainingData
  /// What decides when to stop; nil for nothing.
  let monitored: MonitoredGraph?
  /// Whether a row's part of the loss depends on the rows beside it.
  var mixesRows = false
  /// States that go from one batch to the next.
  var carried: [CarriedState] = []
  /// Whether rows are taken as they come, not shuffled.
  var keepsOrder = false

  func validationPlan(_ plan: TrainingPlan, threads: Int) throws -> ChunkedRows.Plan? {
    try monitored?.plan(placed: Set((plan.layout.entries + plan.statistics.entries).map(\.name)), threads: threads)
  }

  func memory(
    _ plan: TrainingPlan, _ monitor: ChunkedRows.Plan?, settings: TrainingSettings, checkpoints: Bool, scratch: Int
  ) -> TrainingMemory {
    TrainingMemory(
      plan, of: model, data: training, validation: monitor.flatMap { plan in monitored.map { (plan, $0.data) } },
      settings: settings, checkpoints: checkpoints, scratch: scratch)
  }
}

/// A parameter that no gradient moves, and the value that it takes after a batch.
struct CarriedState: Equatable {
  var parameter: String
  var value: String
}

/// A graph whose loss over some rows is watched.
struct MonitoredGraph {
  let graph: Graph
  let loss: String
  let data: TrainingData
  /// Rows that are scored at once.
  let chunkSize: Int
  /// States that go from one chunk to the next.
  var carried: [CarriedState] = []
  /// Rows at the start that run, for the states that they leave, and are not counted.
  var leadingRows = 0

  init(
    _ graph: Graph, loss: String, data: TrainingData, chunkSize: Int, carried: [CarriedState] = [], leadingRows: Int = 0
  ) {
    self.graph = graph
    self.loss = loss
    self.data = data
    self.chunkSize = chunkSize
    self.carried = carried
    self.leadingRows = leadingRows
  }

  /// Rows that are scored at once: as many as in a batch where they are compared with each other.
  static func chunkSize(of loss: some Loss, _ settings: TrainingSettings, _ data: TrainingData) -> Int {
    loss.mixesRows ? settings.batchSize : data.chunkSize
  }

  /// - Parameter placed: parameters that lie in the caller's memory.
  func plan(placed: Set<String>, threads: Int) throws -> ChunkedRows.Plan {
    try ChunkedRows.Plan(
      graph, outputs: [loss] + carried.map(\.value), data: data, chunkSize: chunkSize,
      placed: placed.union(carried.map(\.parameter)), threads: carried.isEmpty ? threads : 1)
  }
}
