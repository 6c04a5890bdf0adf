import PareGraph
import PareTraining

/// What a technique may use besides the model: data, a teacher, a seed. It holds no meaning of its own.
///
/// Rows are tensors named as the graph's inputs are (`"features"`); `"labels"` holds class indices (int64) for
/// techniques that train.
public struct CompressionContext: Sendable {
  /// Rows of the training part: weights, calibration ranges and cluster centres come from these alone.
  public var training: TrainingData?
  /// Rows of the validation part, for early stopping.
  public var validation: TrainingData?
  /// The model to distil from; the model that is compressed where there is none.
  public var teacher: Model?
  public var seed: UInt64
  /// Figures of a model by name, in whatever units their maker means: taken after every step of a recipe, and compared by
  /// techniques that search. A technique never knows what they mean. They may read the validation part, never the test part.
  public var measure: @Sendable (Model) throws -> [String: Double]
  public var progress: @Sendable (CompressionProgress) -> Void

  public init(
    training: TrainingData? = nil, validation: TrainingData? = nil, teacher: Model? = nil, seed: UInt64 = 0,
    measure: @escaping @Sendable (Model) throws -> [String: Double] = { _ in [:] },
    progress: @escaping @Sendable (CompressionProgress) -> Void = { _ in }
  ) {
    self.training = training
    self.validation = validation
    self.teacher = teacher
    self.seed = seed
    self.measure = measure
    self.progress = progress
  }
}

extension CompressionContext {
  /// - Throws: `CompressionError` `compression.missing-data` where there are no rows.
  func trainingRows(for technique: String) throws -> TrainingData {
    guard let training else {
      throw CompressionError("missing-data", subject: technique, expected: "rows of the training part", found: "none", category: .usage)
    }
    return training
  }
}

/// How far a compression has come.
public struct CompressionProgress: Sendable, Hashable {
  /// The technique at work.
  public var technique: String
  /// What it is doing: `"calibrating"`, `"epoch 3 of 30"`.
  public var activity: String
  /// The part of the technique's work that is done, in `0 ... 1`.
  public var fraction: Double
  /// The training loss so far in this epoch, for techniques that train.
  public var loss: Double?

  public init(technique: String, activity: String, fraction: Double, loss: Double? = nil) {
    self.technique = technique
    self.activity = activity
    self.fraction = fraction
    self.loss = loss
  }
}
