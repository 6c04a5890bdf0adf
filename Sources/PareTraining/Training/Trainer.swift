import PareGraph
import PareTensor

/// Trains a graph by mini-batches: shuffled under a seed, stopped early on validation rows, the best weights kept.
///
/// Trained are the trainable Float32 parameters that the loss depends on. A parameter under a sparse layout keeps its
/// zeros; one with a codebook comes back with plain elements, since each of its weights now has a value of its own.
/// A BatchNormalization that is trained uses each batch's own statistics, as ONNX's training mode does, and its running
/// ones, which validation and the result use, are moved by every step: by training rows alone.
/// The same graph, data and settings give the same bits on the same machine, whatever the number of threads and however
/// often the training was interrupted and resumed from a checkpoint.
public struct Trainer: Sendable {
  public var settings: TrainingSettings
  public var resources: TrainingResources

  public init(_ settings: TrainingSettings = TrainingSettings(), resources: TrainingResources = TrainingResources()) {
    self.settings = settings
    self.resources = resources
  }

  /// - Parameters:
  ///   - loss: appended to the graph; the inputs that it adds are taken from the data by name.
  ///   - validation: decides when to stop and which weights are kept. Without it the last ones are.
  ///   - checkpoint: where the state of the training is kept, so that it can go on after an interruption.
  ///   - progress: called after every step; what it throws ends the training.
  /// - Throws: `TrainingError` for settings and data that do not fit, `training.memory` where the run would need more than
  ///   there is, `training.diverged` where the loss is no longer a number, `training.checkpoint` for a file that does not
  ///   belong to this run; `GraphError` where the graph is at fault or cannot be differentiated.
  public func train(
    _ graph: Graph, loss: some Loss, on training: TrainingData, validation: TrainingData? = nil,
    checkpoint: Checkpointing? = nil, progress: (TrainingProgress) throws -> Void = { _ in }
  ) throws -> TrainingResult {
    let problem = try problem(graph, loss, training, validation)
    return try TrainingRun(problem, settings: settings, resources: resources, checkpointing: checkpoint).run(progress)
  }

  /// The mean loss over some rows, of the graph as it is used and not as it is trained: nothing is dropped, normalizations
  /// use the averages that they keep, and scheduled numbers of the loss have their last values. What the loss itself
  /// learns is as it begins. A loss that mixes rows sees `batchSize` neighbouring ones at a time.
  ///
  /// - Throws: as `train`.
  public func loss(of graph: Graph, by loss: some Loss, on data: TrainingData) throws -> Double {
    var builder = try GraphBuilder(graph.bound(to: data))
    let value = try loss.append(to: &builder)
    let monitored = MonitoredGraph(
      builder.graph, loss: value, data: data, chunkSize: MonitoredGraph.chunkSize(of: loss, settings, data))
    let plan = try monitored.plan(placed: [], threads: resources.threadCount)
    return try ValidationLoss(plan, of: monitored, vectors: []).value()
  }

  /// What a run would need at its peak. Prepares one piece of each kind of batch to see what its operators work in, but
  /// takes no memory for values.
  ///
  /// - Parameter checkpoints: whether the state is written to a file now and then.
  /// - Throws: as `train`, but for a need beyond what there is.
  public func memory(
    of graph: Graph, loss: some Loss, on training: TrainingData, validation: TrainingData? = nil, checkpoints: Bool = false
  ) throws -> TrainingMemory {
    let problem = try problem(graph, loss, training, validation)
    let plan = try TrainingPlan(problem, settings: settings)
    let monitor = try problem.validationPlan(plan, threads: resources.threadCount)
    var scratch = 0
    for batch in plan.batches {
      guard let piece = batch.pieces.first else { continue }
      scratch += try batch.pieces.count * ScratchTally.count { try piece.rows.plan.prepareOnce() }.byteCount
    }
    if let full = monitor?.full { scratch += try (monitor?.threadCount ?? 1) * ScratchTally.count { try full.plan.prepareOnce() }.byteCount }
    if let rest = monitor?.rest { scratch += try ScratchTally.count { try rest.plan.prepareOnce() }.byteCount }
    return problem.memory(plan, monitor, settings: settings, checkpoints: checkpoints, scratch: scratch)
  }

  private func problem(
    _ graph: Graph, _ loss: some Loss, _ training: TrainingData, _ validation: TrainingData?
  ) throws -> TrainingProblem {
    try settings.validate()
    try resources.validate()
    var builder = try GraphBuilder(graph.bound(to: training))
    let lossValue = try loss.append(to: &builder)
    let monitored = validation.map {
      MonitoredGraph(builder.graph, loss: lossValue, data: $0, chunkSize: MonitoredGraph.chunkSize(of: loss, settings, $0))
    }
    return TrainingProblem(
      model: graph, graph: builder.graph, loss: lossValue, training: training, monitored: monitored, mixesRows: loss.mixesRows)
  }
}

extension Graph {
  /// The graph with the elements of a vector in place of the parameters that it holds, under the layouts they had.
  package func replacingParameters(with vector: ParameterVector) -> Graph {
    var graph = self
    for (name, tensor) in vector.tensors {
      guard let layout = parameters[name]?.storage.layout else { continue }
      graph.parameters[name]?.storage = ParameterStorage(tensor, layout: layout)
    }
    return graph
  }
}
