import PareGraph
import PareTraining

/// How a student is trained, or a cut model is trained further: over shuffled batches, with early stopping on the validation part.
public struct TrainingSchedule: Sendable, Hashable {
  /// How weights follow the gradient.
  public enum Rule: String, RecipeWord {
    case adamw, adam, sgd, lamb

    func rule(learningRate: Double, weightDecay: Double) -> Optimizer {
      switch self {
      case .adamw: .adamW(learningRate: learningRate, weightDecay: weightDecay)
      case .adam: .adam(learningRate: learningRate, weightDecay: weightDecay)
      case .sgd: .sgd(learningRate: learningRate, momentum: 0.9, weightDecay: weightDecay)
      case .lamb: .lamb(learningRate: learningRate, weightDecay: weightDecay)
      }
    }
  }

  /// How the learning rate goes on behind the warm-up.
  public enum Decay: String, RecipeWord {
    case constant, cosine
  }

  /// Passes over the training part, at most.
  public var epochs: Int
  /// Rows a step.
  public var batchSize: Int
  public var learningRate: Double
  /// Decoupled weight decay, for weights and not for biases.
  public var weightDecay: Double
  /// Epochs without a better validation loss after which training ends. The best epoch's weights are kept.
  public var patience: Int
  public var optimizer: Rule
  public var decay: Decay
  /// Steps over which the learning rate rises to its height.
  public var warmUp: Int
  /// Largest Euclidean norm of the gradient; nil for no limit.
  public var gradientNorm: Double?

  public init(
    epochs: Int = 30, batchSize: Int = 256, learningRate: Double = 1e-3, weightDecay: Double = 1e-4, patience: Int = 5,
    optimizer: Rule = .adamw, decay: Decay = .constant, warmUp: Int = 0, gradientNorm: Double? = nil
  ) {
    self.epochs = epochs
    self.batchSize = batchSize
    self.learningRate = learningRate
    self.weightDecay = weightDecay
    self.patience = patience
    self.optimizer = optimizer
    self.decay = decay
    self.warmUp = warmUp
    self.gradientNorm = gradientNorm
  }

  package func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.epochs).require(epochs >= 1, expected: "at least 1", found: epochs)
    try path.key(CodingKeys.batchSize).require(batchSize >= 1, expected: "at least 1", found: batchSize)
    try path.key(CodingKeys.learningRate).require(
      learningRate > 0 && learningRate.isFinite, expected: "a number above 0", found: learningRate)
    try path.key(CodingKeys.weightDecay).require(
      weightDecay >= 0 && weightDecay.isFinite, expected: "a number of at least 0", found: weightDecay)
    try path.key(CodingKeys.patience).require(patience >= 1, expected: "at least 1", found: patience)
    try path.key(CodingKeys.warmUp).require((0...1_000_000).contains(warmUp), expected: "0 to 1000000 steps", found: warmUp)
    try path.key(CodingKeys.gradientNorm).require(
      gradientNorm.map { $0 > 0 && $0.isFinite } ?? true, expected: "a number above 0", found: gradientNorm ?? 0)
  }
}

extension TrainingSchedule: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case epochs
    case batchSize = "batch-size"
    case learningRate = "learning-rate"
    case weightDecay = "weight-decay"
    case patience, optimizer, decay
    case warmUp = "warm-up"
    case gradientNorm = "gradient-norm"
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
      patience: try container.decodeIfPresent(Int.self, forKey: .patience) ?? defaults.patience,
      optimizer: try container.decodeIfPresent(Rule.self, forKey: .optimizer) ?? defaults.optimizer,
      decay: try container.decodeIfPresent(Decay.self, forKey: .decay) ?? defaults.decay,
      warmUp: try container.decodeIfPresent(Int.self, forKey: .warmUp) ?? defaults.warmUp,
      gradientNorm: try container.decodeIfPresent(Double.self, forKey: .gradientNorm) ?? defaults.gradientNorm)
  }

  /// What few schedules say is left out where it stands at its default.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(epochs, forKey: .epochs)
    try container.encode(batchSize, forKey: .batchSize)
    try container.encode(learningRate, forKey: .learningRate)
    try container.encode(weightDecay, forKey: .weightDecay)
    try container.encode(patience, forKey: .patience)
    if optimizer != .adamw { try container.encode(optimizer, forKey: .optimizer) }
    if decay != .constant { try container.encode(decay, forKey: .decay) }
    if warmUp != 0 { try container.encode(warmUp, forKey: .warmUp) }
    try container.encodeIfPresent(gradientNorm, forKey: .gradientNorm)
  }
}
