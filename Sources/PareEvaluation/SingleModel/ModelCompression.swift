import PareArtifact
import PareCompression
import PareGraph
import PareTensor
import PareTraining

/// Applies a recipe to a model that stands alone, without an experiment.
public struct ModelCompression: Sendable {
  private let model: Model
  private let recipe: Recipe
  private let teacher: Model?
  private let seed: UInt64

  public init(_ model: Model, recipe: Recipe, teacher: Model? = nil, seed: UInt64 = 1) {
    self.model = model
    self.recipe = recipe
    self.teacher = teacher
    self.seed = seed
  }

  /// - Parameters:
  ///   - features: rows for calibration and training, `[rows, F]` of Float32.
  ///   - labels: class indices, one per row, for techniques that train on them.
  ///   - validationShare: of the rows, the last ones, which only stop training early. Rows are in order of time.
  public func run(
    features: Tensor?, labels: Tensor?, validationShare: Double = 0.2, observer: any RunObserver = SilentObserver()
  ) throws -> CompressedModel {
    guard validationShare >= 0, validationShare < 1 else {
      throw EvaluationError(
        "share", subject: "--validation-share", expected: "a share in 0 ..< 1", found: "\(validationShare)", category: .usage)
    }
    var training: TrainingData?
    var validation: TrainingData?
    if let features {
      var tensors = ["features": features]
      if let labels { tensors["labels"] = try labels.classIndices() }
      let rows = try TrainingData(tensors)
      let cut = rows.rowCount - Int(Double(rows.rowCount) * validationShare)
      guard cut > 0 else {
        throw EvaluationError("rows", subject: "--calibration", expected: "at least one row", found: "\(rows.rowCount)")
      }
      training = rows.rows(0..<cut)
      if cut < rows.rowCount { validation = rows.rows(cut..<rows.rowCount) }
    }
    observer.began(recipe.name, units: 1000)
    let steps = Double(max(recipe.steps.count, 1))
    let context = CompressionContext(
      training: training, validation: validation, teacher: teacher, seed: seed,
      progress: { state in
        observer.advanced(to: Int(1000 * state.fraction / steps), note: "\(state.technique): \(state.activity)")
      })
    let compressed: CompressedModel
    do {
      compressed = try recipe.apply(to: model, in: context)
    } catch let error as CompressionError where features == nil && error.code == "compression.missing-data" {
      throw EvaluationError(
        "calibration", subject: "step '\(error.subject)'", expected: "rows of features (--calibration FILE.npy)", found: "none",
        category: .usage)
    }
    observer.ended("\(compressed.steps.count) steps")
    return compressed
  }
}

extension Tensor {
  /// Labels as the 64-bit integers that training wants.
  fileprivate func classIndices() throws -> Tensor {
    guard shape.rank == 1, !elementType.isFloatingPoint else {
      throw EvaluationError(
        "labels", subject: "--labels", expected: "a vector of integers", found: "\(elementType.rawValue)\(shape)")
    }
    return elementType == .int64 ? self : Tensor(doubles.map { Int64($0) })
  }
}
