import PareGraph
import PareTensor

/// How a graph is trained: everything that decides the outcome, to the bit.
public struct TrainingSettings: Sendable, Hashable, Codable {
  /// Passes over the training rows, at most.
  public var epochs: Int
  /// Rows per step. The rows that are left over at the end of an epoch make one smaller step.
  public var batchSize: Int
  public var optimizer: Optimizer
  /// How the optimizer's learning rate moves.
  public var schedule: LearningRateSchedule
  /// Largest magnitude of an element of the gradient; a larger one is cut down to it. Nil for no limit.
  public var gradientValue: Double?
  /// Largest Euclidean norm of the whole gradient; a longer one is scaled down to it, after `gradientValue`
  /// has cut its elements. Nil for no limit.
  public var gradientNorm: Double?
  /// Epochs without a better validation loss after which training stops. Nil to run through.
  public var patience: Int?
  /// What counts as better: a validation loss lower than the best one by more than this.
  public var minimumImprovement: Double
  /// Parameters that stop moving before the others do; nil for none.
  public var freezing: Freezing?
  /// An input of the data, `[rows]` of Int64: rows of the same number stay side by side while groups are shuffled, for
  /// losses that compare the rows of a group. A batch still has `batchSize` rows, so its border may cut a group in two.
  /// Nil to shuffle rows.
  public var groups: String?
  /// Decides the order of the rows and what dropout drops.
  public var seed: UInt64

  /// Parameters that stay as they are from an epoch on, as the step sizes of quantization do once they have settled.
  public struct Freezing: Sendable, Hashable, Codable {
    /// Names of trainable parameters of the graph; others are ignored.
    public var parameters: [String]
    /// The first epoch in which they do not move, from 1.
    public var epoch: Int

    public init(_ parameters: [String], from epoch: Int) {
      self.parameters = parameters
      self.epoch = epoch
    }
  }

  public init(
    epochs: Int = 30, batchSize: Int = 256, optimizer: Optimizer = .adamW(),
    schedule: LearningRateSchedule = LearningRateSchedule(), gradientNorm: Double? = nil, gradientValue: Double? = nil,
    patience: Int? = 5, minimumImprovement: Double = 0, freezing: Freezing? = nil, groups: String? = nil,
    seed: UInt64 = 0
  ) {
    self.epochs = epochs
    self.batchSize = batchSize
    self.optimizer = optimizer
    self.schedule = schedule
    self.gradientValue = gradientValue
    self.gradientNorm = gradientNorm
    self.patience = patience
    self.minimumImprovement = minimumImprovement
    self.freezing = freezing
    self.groups = groups
    self.seed = seed
  }

  /// - Throws: `training.setting` or `training.optimizer`, category usage, naming what is out of range.
  public func validate() throws {
    func check(_ name: String, _ value: some CustomStringConvertible, _ isValid: Bool, _ expected: String) throws {
      guard isValid else {
        throw TrainingError("setting", subject: name, expected: expected, found: value.description, category: .usage)
      }
    }
    try check("epochs", epochs, epochs > 0, "at least 1")
    try check("batch size", batchSize, batchSize > 0, "at least 1")
    try check("minimum improvement", minimumImprovement, minimumImprovement >= 0, "a number of at least 0")
    if let patience { try check("patience", patience, patience > 0, "at least 1") }
    if let freezing { try check("freezing epoch", freezing.epoch, freezing.epoch > 0, "at least 1") }
    if let gradientNorm { try check("gradient norm", gradientNorm, gradientNorm > 0, "a positive number") }
    if let gradientValue { try check("gradient value", gradientValue, gradientValue > 0, "a positive number") }
    try optimizer.validate()
    try schedule.validate()
  }
}

/// One pass over the training rows.
public struct EpochRecord: Sendable, Hashable, Codable {
  /// From 1.
  public var epoch: Int
  /// Mean over the epoch's rows, each at the weights of its step.
  public var trainingLoss: Double
  /// Mean over the validation rows at the end of the epoch, scheduled numbers of the loss at their last values.
  public var validationLoss: Double?

  public init(epoch: Int, trainingLoss: Double, validationLoss: Double? = nil) {
    self.epoch = epoch
    self.trainingLoss = trainingLoss
    self.validationLoss = validationLoss
  }
}

/// How far training has come; reported after every step and, with `epochRecord`, at the end of every epoch.
public struct TrainingProgress: Sendable {
  /// From 1.
  public var epoch: Int
  public var epochCount: Int
  /// Steps made in this epoch.
  public var step: Int
  public var stepsPerEpoch: Int
  /// Mean over this epoch's rows so far.
  public var trainingLoss: Double
  /// Given once an epoch, after its last step.
  public var epochRecord: EpochRecord?
  /// The lowest validation loss so far.
  public var bestValidationLoss: Double?
}

/// What training yields.
public struct TrainingResult: Sendable {
  /// The graph as it was, with the weights of the best epoch: that of the lowest validation loss, or the last one where
  /// there are no validation rows.
  public var graph: Graph
  public var history: [EpochRecord]
  /// From 1.
  public var bestEpoch: Int
  /// Whether patience ran out before the last epoch.
  public var stoppedEarly: Bool
  /// What the loss learned beside the model at that epoch, as the map of a hint, by the names it gave.
  public var lossParameters: [String: Tensor]
}
