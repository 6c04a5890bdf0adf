import PareGraph
import PareTensor

/// How a series is cut for training.
public struct SequenceSettings: Sendable, Hashable, Codable {
  /// Rows of a chunk, at least 2: how far gradients flow back.
  public var steps: Int
  /// Parts of the series that run side by side.
  public var streams: Int
  /// Chunks of the training rows that run before the first validation row, so that states are there when it comes; 0 where
  /// the validation rows do not follow on the training rows.
  public var leadingChunks: Int

  public init(steps: Int = 32, streams: Int = 8, leadingChunks: Int = 0) {
    self.steps = steps
    self.streams = streams
    self.leadingChunks = leadingChunks
  }
}

/// Trains a recurrent graph on a series by truncated back-propagation through time: states run through the whole series,
/// gradients through a chunk.
///
/// The series is cut into `streams` parts of equal length that run side by side. A step of training takes the next chunk
/// of each, begins with the states that the chunk before left (at the weights of its own step) and ends with a loss on all
/// steps. An epoch goes once from the beginning to the end, in order; states begin anew with each part and behind each gap.
/// Validation rows run as one stream, chunk by chunk and in their order, with the weights of the epoch's end.
///
/// `TrainingSettings` hold but for what is about single rows: `batchSize` is the number of streams, and rows are neither
/// shuffled nor grouped. The graph that comes back is the window's with its new weights.
///
/// - Source: Williams and Peng 1990, Neural Computation 2(4), there BPTT(h; h').
public struct SequenceTrainer: Sendable {
  public var settings: TrainingSettings
  public var sequence: SequenceSettings
  public var resources: TrainingResources

  public init(
    _ settings: TrainingSettings = TrainingSettings(), sequence: SequenceSettings = SequenceSettings(),
    resources: TrainingResources = TrainingResources()
  ) {
    self.settings = settings
    self.sequence = sequence
    self.resources = resources
  }

  /// - Parameters:
  ///   - window: as `SequenceForm` takes it; its window's length is of no matter.
  ///   - loss: on values of the sequence form: logits are `[streams · steps, K]`, and an input that a loss adds for them is
  ///     taken from the data with a row for each row of the series. `SequenceForm.states` may be used by its name
  ///     `sequence.states`, with inputs `[streams, steps, …]`, likewise taken row by row.
  ///   - validation: decides when to stop and which weights are kept.
  /// - Throws: as `Trainer.train`, and `training.sequence` for a graph or data that cannot be taken as a sequence.
  public func train(
    _ window: Graph, loss: some Loss, on training: SequenceData, validation: SequenceData? = nil,
    checkpoint: Checkpointing? = nil, progress: (TrainingProgress) throws -> Void = { _ in }
  ) throws -> TrainingResult {
    var settings = settings
    settings.batchSize = sequence.streams
    settings.groups = nil
    try settings.validate()
    try resources.validate()
    guard sequence.leadingChunks >= 0 else {
      throw TrainingError(
        "setting", subject: "leading chunks", expected: "at least 0", found: "\(sequence.leadingChunks)", category: .usage)
    }
    let (form, graph, value) = try graph(window, loss, streams: sequence.streams)
    let rows = try SequenceRows(
      training, names: Set(graph.inputs.map(\.name)), streams: sequence.streams, steps: sequence.steps)
    let monitored = try validation.map {
      try self.monitored(window, loss, on: $0, behind: training, leading: sequence.leadingChunks)
    }
    let problem = TrainingProblem(
      model: window, graph: graph, loss: value, training: rows.data, monitored: monitored, mixesRows: true,
      carried: form.carried, keepsOrder: true)
    return try TrainingRun(problem, settings: settings, resources: resources, checkpointing: checkpoint).run(progress)
  }

  /// The mean loss over all steps of a series, run as one stream from zero states.
  ///
  /// - Throws: as `train`.
  public func loss(of window: Graph, by loss: some Loss, on series: SequenceData) throws -> Double {
    let monitored = try monitored(window, loss, on: series, behind: nil, leading: 0)
    return try ValidationLoss(monitored.plan(placed: [], threads: 1), of: monitored, vectors: []).value()
  }

  private func monitored(
    _ window: Graph, _ loss: some Loss, on series: SequenceData, behind training: SequenceData?, leading: Int
  ) throws -> MonitoredGraph {
    let (form, graph, value) = try graph(window, loss, streams: 1)
    let rows = try SequenceRows(
      series, behind: training, leading: leading, names: Set(graph.inputs.map(\.name)), steps: sequence.steps)
    return MonitoredGraph(
      graph, loss: value, data: rows.data, chunkSize: 1, carried: form.carried, leadingRows: rows.leadingCount)
  }

  /// The sequence form with a loss, its inputs by chunks.
  private func graph(_ window: Graph, _ loss: some Loss, streams: Int) throws -> (SequenceForm, Graph, loss: String) {
    let form = try SequenceForm(window, streams: streams, steps: sequence.steps)
    var builder = try GraphBuilder(form.graph)
    let value = try loss.append(to: &builder)
    let graph = try builder.graph.takingChunks(streams: streams, steps: sequence.steps, except: Set(form.graph.inputs.map(\.name)))
    return (form, graph, value)
  }
}

extension Graph {
  /// The graph with `[streams, steps, …]` for inputs `[streams · steps, …]`, so that all inputs lead with the streams.
  fileprivate func takingChunks(streams: Int, steps: Int, except kept: Set<String>) throws -> Graph {
    var builder = GraphBuilder(name: name)
    builder.reserve(try inferredTypes().keys)
    builder.reserve(nodes.map(\.name))
    var names: [String: String] = [:]
    var folded: [(name: String, type: ValueType)] = []
    for input in inputs {
      guard !kept.contains(input.name), input.type.dimensions.first == .fixed(streams * steps) else {
        _ = try builder.input(input.name, input.type)
        continue
      }
      let dimensions = [.fixed(streams), .fixed(steps)] + input.type.dimensions.dropFirst()
      _ = try builder.input(input.name, ValueType(input.type.elementType, dimensions))
      folded.append((input.name, input.type))
    }
    for (name, parameter) in parameters { _ = try builder.parameter(name, parameter) }
    for (name, type) in folded {
      let extents = type.dimensions.map { Int64($0.fixedValue ?? -1) }
      names[name] = try builder.apply("Reshape", [name, builder.constant(Tensor(extents), named: "shape")])
    }
    for var node in nodes {
      node.inputs = node.inputs.map { names[$0] ?? $0 }
      try builder.append(node)
    }
    for output in outputs { try builder.output(output.name) }
    return builder.graph
  }
}
