import PareGraph
import PareModels
import PareTensor
import PareTraining

/// Trains a model that stands alone on rows and labels, without an experiment: from scratch or further.
public struct ModelTraining: Sendable {
  /// What the model learns to make small.
  public enum LossKind: String, Sendable, CaseIterable {
    case crossEntropy = "cross-entropy"
    case squaredError = "mse"
    case absoluteError = "mae"
    case huber
  }

  /// How classes are weighed in a cross-entropy.
  public enum ClassWeights: Sendable, Hashable {
    /// Each class counts the same, however rare it is among the training rows.
    case balanced
    case given([Double])
  }

  /// What came of it.
  public struct Report: Sendable, Encodable {
    /// Where the loss was attached.
    public let value: String
    /// Rows to learn from, and those that only stopped training early.
    public let trainingRows, validationRows: Int
    public let trainableParameters: Int
    /// Steps that were made.
    public let steps: Int
    /// Mean over the training rows, of the model as it is used, before the first step and with the weights that were kept.
    public let lossBefore, lossAfter: Double
    /// The same over the validation rows; nil where there are none.
    public let validationLossBefore, validationLossAfter: Double?
    public let bestEpoch: Int
    public let stoppedEarly: Bool
    /// Median time of a step, from gathering its rows to the changed weights.
    public let stepMicroseconds: Double
    /// The need that was worked out before the run began, in bytes.
    public let memoryBytes: Int
    public let history: [EpochRecord]
  }

  private let model: Model
  private let loss: any Loss
  private let scores: ModelScores
  private let trainer: Trainer
  private let training: TrainingData
  private let validation: TrainingData?
  private let steps: Int?

  /// - Parameters:
  ///   - inputs: a tensor per input of the model, rows leading, in order of time; under an empty name that of the only one.
  ///   - labels: class indices for a cross-entropy, else numbers of the shape that the model yields.
  ///   - rowWeights: one per row.
  ///   - kind: by default what the model's scores ask for.
  ///   - output: the value to attach the loss to, where the model has several outputs that could be meant.
  ///   - steps: train for so many steps, in whole epochs, instead of `settings.epochs`.
  ///   - validationShare: of the rows, the last ones, which only stop training early.
  public init(
    _ model: Model, inputs: [String: Tensor], labels: Tensor, rowWeights: Tensor? = nil, loss kind: LossKind? = nil,
    output: String? = nil, labelSmoothing: Double = 0, classWeights: ClassWeights? = nil, settings: TrainingSettings,
    steps: Int? = nil, validationShare: Double = 0, resources: TrainingResources = TrainingResources()
  ) throws {
    scores = try model.graph.scores(named: output, as: kind.map { $0 == .crossEntropy ? .classes : .numbers })
    var rows = try ModelRows(inputs, labels: labels, for: model.graph, option: "--data").data
    if let rowWeights { rows = try rows.with("rowWeights", Tensor(rowWeights.doubles.map { Float($0) }, shape: rowWeights.shape)) }
    (training, validation) = try rows.split(validationShare: validationShare)
    let weights = rowWeights == nil ? nil : "rowWeights"
    loss = switch kind ?? (scores.kind == .classes ? .crossEntropy : .squaredError) {
    case .crossEntropy:
      CrossEntropy(
        logits: scores.value, labelSmoothing: labelSmoothing,
        classWeights: try Self.numbers(classWeights, training, scores), rowWeights: weights)
    case .squaredError: MeanSquaredError(prediction: scores.value, target: "labels", rowWeights: weights)
    case .absoluteError: MeanAbsoluteError(prediction: scores.value, target: "labels", rowWeights: weights)
    case .huber: HuberLoss(prediction: scores.value, target: "labels", rowWeights: weights)
    }
    if scores.kind == .classes, kind == nil || kind == .crossEntropy { try Self.check(rows, scores) }
    var settings = settings
    if let steps {
      guard steps >= 1 else {
        throw EvaluationError("steps", subject: "--steps", expected: "at least 1", found: "\(steps)", category: .usage)
      }
      let perEpoch = (training.rowCount - 1) / max(min(settings.batchSize, training.rowCount), 1) + 1
      settings.epochs = (steps - 1) / perEpoch + 1
    }
    self.model = model
    self.steps = steps
    trainer = Trainer(settings, resources: resources)
  }

  /// What the run would need at its peak.
  public func memory(checkpoints: Bool = false) throws -> TrainingMemory {
    try trainer.memory(of: model.graph, loss: loss, on: training, validation: validation, checkpoints: checkpoints)
  }

  /// - Parameter checkpoint: where the state is kept, to go on from after an interruption.
  /// - Throws: as `Trainer.train`.
  public func run(
    checkpoint: Checkpointing? = nil, observer: any RunObserver = SilentObserver()
  ) throws -> (model: Model, report: Report) {
    let memory = try memory(checkpoints: checkpoint != nil)
    let before = try losses(of: model.graph)
    let epochs = trainer.settings.epochs
    observer.began("train \(model.graph.name)", units: epochs * 1000)
    var times: [Double] = []
    var stepCount = 0
    var last = ContinuousClock.now
    let result = try trainer.train(model.graph, loss: loss, on: training, validation: validation, checkpoint: checkpoint) { state in
      let now = ContinuousClock.now
      stepCount += 1
      if times.count < 100_000 { times.append((now - last) / .microseconds(1)) }
      let done = (state.epoch - 1) * 1000 + 1000 * state.step / state.stepsPerEpoch
      observer.advanced(to: done, note: "epoch \(state.epoch) of \(epochs)")
      last = ContinuousClock.now
    }
    observer.ended("\(stepCount) steps, epoch \(result.bestEpoch) kept")
    let after = try losses(of: result.graph)
    times.sort()
    let report = Report(
      value: scores.value, trainingRows: training.rowCount, validationRows: validation?.rowCount ?? 0,
      trainableParameters: model.graph.trainableElementCount, steps: stepCount, lossBefore: before.training,
      lossAfter: after.training, validationLossBefore: before.validation, validationLossAfter: after.validation,
      bestEpoch: result.bestEpoch, stoppedEarly: result.stoppedEarly,
      stepMicroseconds: times.isEmpty ? 0 : times[times.count / 2], memoryBytes: memory.total, history: result.history)
    return (Model(graph: result.graph, sections: model.sections), report)
  }

  /// Where the time of a step goes.
  public struct ProfileRow: Sendable, Encodable {
    /// An operator of the loss or of its gradient.
    public let operatorName: String
    public let nodes: Int
    /// Nodes among them that only the reference evaluates.
    public let byReference: Int
    /// On one thread, of all the nodes together.
    public let microseconds: Double
  }

  /// The time that each operator takes in a step, the longest first: medians over some steps on the first rows.
  public func profile(repetitions: Int = 9) throws -> [ProfileRow] {
    var builder = try GraphBuilder(model.graph)
    let value = try loss.append(to: &builder)
    let step = try TrainingStep(builder.graph, loss: value, data: training, settings: trainer.settings, threads: 1)
    let rows = Array(0..<min(trainer.settings.batchSize, training.rowCount))
    _ = try rows.withUnsafeBufferPointer { try step.run(rows: $0) }
    let reference = Set(step.referenceNodes)
    var samples: [String: [Double]] = [:]
    var counts: [String: (nodes: Int, byReference: Int)] = [:]
    for repetition in 0..<max(repetitions, 1) {
      var times: [String: Double] = [:]
      for (node, duration) in try step.profile() {
        let name = node.operatorName.description
        times[name, default: 0] += duration / .microseconds(1)
        guard repetition == 0 else { continue }
        counts[name, default: (0, 0)].nodes += 1
        if reference.contains(node.name) { counts[name]?.byReference += 1 }
      }
      for (name, time) in times { samples[name, default: []].append(time) }
    }
    return samples.map { name, times in
      ProfileRow(
        operatorName: name, nodes: counts[name]?.nodes ?? 0, byReference: counts[name]?.byReference ?? 0,
        microseconds: times.sorted()[times.count / 2])
    }.sorted { ($1.microseconds, $0.operatorName) < ($0.microseconds, $1.operatorName) }
  }

  private func losses(of graph: Graph) throws -> (training: Double, validation: Double?) {
    (
      try trainer.loss(of: graph, by: loss, on: training),
      try validation.map { try trainer.loss(of: graph, by: loss, on: $0) }
    )
  }

  private static func numbers(
    _ weights: ClassWeights?, _ training: TrainingData, _ scores: ModelScores
  ) throws -> [Double]? {
    switch weights {
    case nil: return nil
    case .given(let numbers): return numbers
    case .balanced:
      guard let labels = training["labels"], let count = scores.rowDimensions.first?.fixedValue else { return nil }
      return CrossEntropy.balancedWeights(labels, classCount: count)
    }
  }

  /// Labels have to be classes that the model knows; an operator would find out in the middle of the run.
  private static func check(_ rows: TrainingData, _ scores: ModelScores) throws {
    guard let labels = rows["labels"], labels.elementType == .int64, labels.shape.rank == 1 else {
      throw EvaluationError(
        "labels", subject: "--labels", expected: "a class index per row, integers [\(rows.rowCount)]",
        found: rows["labels"].map { "\($0.elementType.rawValue)\($0.shape)" } ?? "none")
    }
    guard let count = scores.rowDimensions.first?.fixedValue else { return }
    let values = labels.values(as: Int64.self)
    if let row = values.firstIndex(where: { $0 < 0 || $0 >= count }) {
      throw EvaluationError(
        "labels", subject: "--labels: row \(row)", expected: "a class in 0 ..< \(count), as value '\(scores.value)' has them",
        found: "\(values[row])")
    }
  }
}
