import PareGraph
import PareTraining

/// How a student is trained, or a cut model is trained further: AdamW over shuffled batches, with early stopping on
/// the validation part.
public struct TrainingSchedule: Sendable, Hashable {
  /// Passes over the training part, at most.
  public var epochs: Int
  /// Rows a step.
  public var batchSize: Int
  public var learningRate: Double
  /// Decoupled weight decay, for weights and not for biases.
  public var weightDecay: Double
  /// Epochs without a better validation loss after which training ends. The best epoch's weights are kept.
  public var patience: Int

  public init(
    epochs: Int = 30, batchSize: Int = 256, learningRate: Double = 1e-3, weightDecay: Double = 1e-4, patience: Int = 5
  ) {
    self.epochs = epochs
    self.batchSize = batchSize
    self.learningRate = learningRate
    self.weightDecay = weightDecay
    self.patience = patience
  }

  package func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.epochs).require(epochs >= 1, expected: "at least 1", found: epochs)
    try path.key(CodingKeys.batchSize).require(batchSize >= 1, expected: "at least 1", found: batchSize)
    try path.key(CodingKeys.learningRate).require(
      learningRate > 0 && learningRate.isFinite, expected: "a number above 0", found: learningRate)
    try path.key(CodingKeys.weightDecay).require(
      weightDecay >= 0 && weightDecay.isFinite, expected: "a number of at least 0", found: weightDecay)
    try path.key(CodingKeys.patience).require(patience >= 1, expected: "at least 1", found: patience)
  }
}

extension TrainingSchedule: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case epochs
    case batchSize = "batch-size"
    case learningRate = "learning-rate"
    case weightDecay = "weight-decay"
    case patience
  }

  public init(from decoder: any Decoder) throws {
    try self.init(from: decoder, defaults: TrainingSchedule())
  }

  /// Reads a schedule of which keys may be missing; these are then as in `defaults`.
  ///
  /// - Parameter besides: keys that stand among the schedule's and are read by somebody else.
  package init(from decoder: any Decoder, defaults: TrainingSchedule, besides: [String] = []) throws {
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self, besides: besides)
    self.init(
      epochs: try container.decodeIfPresent(Int.self, forKey: .epochs) ?? defaults.epochs,
      batchSize: try container.decodeIfPresent(Int.self, forKey: .batchSize) ?? defaults.batchSize,
      learningRate: try container.decodeIfPresent(Double.self, forKey: .learningRate) ?? defaults.learningRate,
      weightDecay: try container.decodeIfPresent(Double.self, forKey: .weightDecay) ?? defaults.weightDecay,
      patience: try container.decodeIfPresent(Int.self, forKey: .patience) ?? defaults.patience)
  }
}
