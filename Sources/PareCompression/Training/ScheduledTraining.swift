import PareGraph
import PareTraining

extension TrainingSchedule {
  /// Trains a graph on the context's training part, stopping early on its validation part.
  ///
  /// - Parameters:
  ///   - technique: what trains: names the draws of the seed, and stands in messages and progress.
  ///   - training, validation: rows other than the context's, where a loss needs more tensors.
  ///   - freezing: parameters that stop moving before the end.
  ///   - groups: the tensor of the rows that says which stay side by side; nil where each stands alone.
  ///   - checkpoint: a file that keeps the state of the training, and from which an interrupted one goes on.
  package func train(
    _ graph: Graph, loss: some Loss, for technique: String, in context: CompressionContext,
    training: TrainingData? = nil, validation: TrainingData? = nil, freezing: TrainingSettings.Freezing? = nil,
    groups: String? = nil, checkpoint: String? = nil
  ) throws -> Graph {
    let settings = settings(seed: context.seed, freezing: freezing, groups: groups)
    let rows = try training ?? context.trainingRows(for: technique)
    return try Trainer(settings).train(
      graph, loss: loss, on: rows, validation: validation ?? context.validation,
      checkpoint: checkpoint.map { Checkpointing($0, resumes: true) }
    ) { context.progress(CompressionProgress($0, of: technique)) }.graph
  }

  /// - Parameters: as of `train`.
  func settings(seed: UInt64, freezing: TrainingSettings.Freezing? = nil, groups: String? = nil) -> TrainingSettings {
    TrainingSettings(
      epochs: epochs, batchSize: batchSize,
      optimizer: optimizer.rule(learningRate: learningRate, weightDecay: weightDecay),
      schedule: LearningRateSchedule(decay == .cosine ? .cosine() : .constant, warmUp: warmUp), gradientNorm: gradientNorm,
      patience: patience, freezing: freezing, groups: groups, seed: seed)
  }
}

extension CompressionProgress {
  /// How far a training is.
  init(_ state: TrainingProgress, of technique: String) {
    let epochs = Double(state.epoch - 1) + Double(state.step) / Double(max(state.stepsPerEpoch, 1))
    self.init(
      technique: technique, activity: "epoch \(state.epoch) of \(state.epochCount)", fraction: epochs / Double(state.epochCount),
      loss: state.trainingLoss)
  }
}
