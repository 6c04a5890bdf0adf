import PareGraph
import PareTensor

/// Trains a graph by mini-batches: shuffled under a seed, stopped early on validation rows, the best weights kept.
///
/// Trained are the trainable Float32 parameters that the loss depends on. A parameter under a sparse layout keeps its
/// zeros; one with a codebook comes back with plain elements, since each of its weights now has a value of its own.
/// A BatchNormalization that is trained uses each batch's own statistics, as ONNX's training mode does, and its running
/// ones, which validation and the result use, are moved by every step: by training rows alone.
/// The same graph, data and settings give the same bits on the same machine.
public struct Trainer: Sendable {
  public var settings: TrainingSettings

  public init(_ settings: TrainingSettings = TrainingSettings()) {
    self.settings = settings
  }

  /// - Parameters:
  ///   - loss: appended to the graph; the inputs that it adds are taken from the data by name.
  ///   - validation: decides when to stop and which weights are kept. Without it the last ones are.
  ///   - progress: called after every step; what it throws ends the training.
  /// - Throws: `TrainingError` for settings and data that do not fit, `training.diverged` where the loss is no longer a
  ///   number; `GraphError` where the graph is at fault or cannot be differentiated.
  public func train(
    _ graph: Graph, loss: some Loss, on training: TrainingData, validation: TrainingData? = nil,
    progress: (TrainingProgress) throws -> Void = { _ in }
  ) throws -> TrainingResult {
    try settings.validate()
    var builder = try GraphBuilder(graph)
    let lossValue = try loss.append(to: &builder)
    let step = try TrainingStep(builder.graph, loss: lossValue, data: training, settings: settings)
    let monitor = try validation.map {
      try ValidationLoss(builder.graph, loss: lossValue, data: $0, vectors: [step.parameters, step.statistics])
    }

    let best = ParameterVector(step.parameters.layout)
    let bestStatistics = ParameterVector(step.statistics.layout)
    var stopping = EarlyStopping(patience: settings.patience, minimumImprovement: settings.minimumImprovement)
    var history: [EpochRecord] = []
    var generator = SeededGenerator(seed: settings.seed, stream: "training/order")
    var order = Array(0..<training.rowCount)
    let batchSize = settings.batchSize
    var position = TrainingProgress(
      epoch: 0, epochCount: settings.epochs, step: 0,
      stepsPerEpoch: (training.rowCount + batchSize - 1) / batchSize, trainingLoss: 0)

    for epoch in 1...settings.epochs {
      generator.shuffle(&order)
      position.epoch = epoch
      position.step = 0
      var lossSum = 0.0
      try order.withUnsafeBufferPointer { order in
        for start in stride(from: 0, to: order.count, by: batchSize) {
          let end = min(start + batchSize, order.count)
          let loss = Double(try step.run(rows: UnsafeBufferPointer(rebasing: order[start..<end])))
          position.step += 1
          guard loss.isFinite else { throw divergence(position, loss) }
          lossSum += loss * Double(end - start)
          position.trainingLoss = lossSum / Double(end)
          position.epochRecord = nil
          if position.step < position.stepsPerEpoch { try progress(position) }
        }
      }
      let record = EpochRecord(
        epoch: epoch, trainingLoss: position.trainingLoss, validationLoss: try monitor?.value())
      if let loss = record.validationLoss, !loss.isFinite { throw divergence(position, loss) }
      history.append(record)
      if stopping.isBest(record) {
        best.copy(from: step.parameters)
        bestStatistics.copy(from: step.statistics)
      }
      position.epochRecord = record
      position.bestValidationLoss = stopping.bestLoss
      try progress(position)
      if stopping.hasRunOut(at: epoch) { break }
    }
    return TrainingResult(
      graph: graph.replacingParameters(with: best).replacingParameters(with: bestStatistics), history: history,
      bestEpoch: stopping.bestEpoch,
      stoppedEarly: history.count < settings.epochs)
  }

  private func divergence(_ position: TrainingProgress, _ loss: Double) -> TrainingError {
    TrainingError(
      "diverged", subject: "epoch \(position.epoch), step \(position.step)",
      expected: "a finite loss; a lower learning rate, or data without NaN", found: "\(loss)")
  }
}

/// Remembers the best epoch and when to give up.
struct EarlyStopping {
  private let patience: Int?
  private let minimumImprovement: Double
  private(set) var bestLoss: Double?
  private(set) var bestEpoch = 0

  init(patience: Int?, minimumImprovement: Double) {
    self.patience = patience
    self.minimumImprovement = minimumImprovement
  }

  /// Takes an epoch in. Without a validation loss the latest epoch is the best.
  mutating func isBest(_ record: EpochRecord) -> Bool {
    if let loss = record.validationLoss {
      if let bestLoss, !(loss < bestLoss - minimumImprovement) { return false }
      bestLoss = loss
    }
    bestEpoch = record.epoch
    return true
  }

  func hasRunOut(at epoch: Int) -> Bool {
    guard let patience, bestLoss != nil else { return false }
    return epoch - bestEpoch >= patience
  }
}

/// The mean loss over the validation rows at the current parameters.
final class ValidationLoss {
  private let plans: [RowExecutor]
  private let loss: String
  private let rowCount: Int

  init(_ graph: Graph, loss: String, data: TrainingData, vectors: [ParameterVector]) throws {
    var placed: [String: UnsafeMutableRawPointer] = [:]
    for vector in vectors {
      for entry in vector.layout.entries { placed[entry.name] = UnsafeMutableRawPointer(vector.address(of: entry)) }
    }
    plans = try chunkSizes(of: data.rowCount, limit: 1024).map {
      try RowExecutor(graph, rowCount: $0, outputs: [loss], data: data, placed: placed, owners: vectors)
    }
    self.loss = loss
    rowCount = data.rowCount
  }

  func value() throws -> Double {
    var sum = 0.0
    var start = 0
    for plan in plans {
      while start + plan.rowCount <= rowCount {
        try plan.execute(from: start)
        let loss = try plan.executor.buffer(of: loss).loadUnaligned(as: Float.self)
        sum += Double(loss) * Double(plan.rowCount)
        start += plan.rowCount
      }
    }
    return sum / Double(rowCount)
  }
}

extension Graph {
  /// The graph with the elements of a vector in place of the parameters that it holds, under the layouts they had.
  func replacingParameters(with vector: ParameterVector) -> Graph {
    var graph = self
    for (name, tensor) in vector.tensors {
      guard let layout = parameters[name]?.storage.layout else { continue }
      graph.parameters[name]?.storage = ParameterStorage(tensor, layout: layout)
    }
    return graph
  }
}
