import PareArtifact
import PareCompression
import PareGraph
import PareTensor
import PareTraining

/// Applies a recipe to a model that stands alone, without an experiment.
public struct ModelCompression: Sendable {
  /// What came of it. `ModelFigures` says what figures there are, of the model as it was and after each step.
  public struct Outcome: Sendable {
    public let compressed: CompressedModel
    /// Figures of the model as it was.
    public let before: [String: Double]
  }

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
  ///   - inputs: rows for calibration and training: a tensor per input of the model, rows leading; under an empty name
  ///     that of the only input. Empty where there are none.
  ///   - labels: one per row, for techniques that train on them: class indices, or the numbers that the model should yield.
  ///   - validationShare: of the rows, the last ones, which only stop training early and on which figures are measured; on
  ///     all rows where the share is 0. Rows are in order of time.
  public func run(
    inputs: [String: Tensor], labels: Tensor?, validationShare: Double = 0.2, observer: any RunObserver = SilentObserver()
  ) throws -> Outcome {
    var training: TrainingData?
    var validation: TrainingData?
    if !inputs.isEmpty {
      let rows = try ModelRows(inputs, labels: labels, for: model.graph, option: "--calibration").data
      (training, validation) = try rows.split(validationShare: validationShare)
    }
    observer.began(recipe.name, units: 1000)
    let figures = try ModelFigures(of: model, on: validation ?? training)
    let before = try figures.measure(model)
    let steps = Double(max(recipe.steps.count, 1))
    let context = CompressionContext(
      training: training, validation: validation, teacher: teacher, seed: seed, measure: figures.measure,
      progress: { state in
        observer.advanced(to: Int(1000 * state.fraction / steps), note: "\(state.technique): \(state.activity)")
      })
    let compressed: CompressedModel
    do {
      compressed = try recipe.apply(to: model, in: context)
    } catch let error as CompressionError where inputs.isEmpty && error.code == "compression.missing-data" {
      throw EvaluationError(
        "calibration", subject: "step '\(error.subject)'", expected: "rows of its inputs (--calibration FILE)", found: "none",
        category: .usage)
    }
    observer.ended("\(compressed.steps.count) steps")
    return Outcome(compressed: compressed, before: before)
  }
}
