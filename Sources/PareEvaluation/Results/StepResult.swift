import PareCompression

/// What one step of a candidate's recipe did to the model and what that cost, on the validation part.
public struct StepResult: Codable, Sendable, Equatable {
  /// A number before the step and after it.
  public struct Change: Codable, Sendable, Equatable {
    public var before: Int
    public var after: Int

    public init(before: Int, after: Int) {
      self.before = before
      self.after = after
    }
  }

  /// How far weights are from those that they stand for.
  public struct WeightError: Codable, Sendable, Equatable {
    public var mse: Double
    /// null where nothing differs.
    @ExplicitNull public var snrDb: Double?
    @ExplicitNull public var cosine: Double?
    public var maxError: Double

    public init(mse: Double, snrDb: Double?, cosine: Double?, maxError: Double) {
      self.mse = mse
      self.snrDb = snrDb
      self.cosine = cosine
      self.maxError = maxError
    }
  }

  /// What became of a layer.
  public struct Layer: Codable, Sendable, Equatable {
    public var layer: String
    public var outcome: String
    @ExplicitNull public var weightError: WeightError?
    /// The technique's own, by name and unit.
    public var figures: [String: Double]

    public init(layer: String, outcome: String, weightError: WeightError?, figures: [String: Double]) {
      self.layer = layer
      self.outcome = outcome
      self.weightError = weightError
      self.figures = figures
    }
  }

  public var technique: String
  /// Of the stored parameters.
  public var bytes: Change
  /// Learned numbers, zeros included.
  public var parameters: Change
  public var layers: [Layer]
  /// Over all layers whose weights still stand for the same weights.
  @ExplicitNull public var weightError: WeightError?
  /// Figures by name before the step; `docs/experiments.md` lists them.
  public var before: [String: Double]
  /// The same after it.
  public var figures: [String: Double]
  /// Decisions that the step changed, at the teacher's threshold: against the model before the step, not the teacher.
  public var flips: Flips

  public init(
    technique: String, bytes: Change, parameters: Change, layers: [Layer], weightError: WeightError?,
    before: [String: Double], figures: [String: Double], flips: Flips
  ) {
    self.technique = technique
    self.bytes = bytes
    self.parameters = parameters
    self.layers = layers
    self.weightError = weightError
    self.before = before
    self.figures = figures
    self.flips = flips
  }
}

extension StepResult {
  init(_ report: StepReport, before: [String: Double], figures: [String: Double], flips: Flips) {
    self.init(
      technique: report.technique, bytes: Change(report.bytes), parameters: Change(report.parameters),
      layers: report.layers.map(Layer.init), weightError: report.weightError.flatMap(WeightError.init),
      before: before.filter { $0.value.isFinite }, figures: figures.filter { $0.value.isFinite }, flips: flips)
  }
}

extension StepResult.Change {
  fileprivate init(_ change: StepReport.Change) {
    self.init(before: change.before, after: change.after)
  }
}

extension StepResult.Layer {
  fileprivate init(_ report: LayerReport) {
    self.init(
      layer: report.layer, outcome: report.outcome, weightError: report.weightError.flatMap(StepResult.WeightError.init),
      figures: report.figures.filter { $0.value.isFinite })
  }
}

extension StepResult.WeightError {
  /// nil where a weight is not finite: no JSON could hold that.
  fileprivate init?(_ error: ErrorMeasure) {
    guard error.meanSquaredError.isFinite else { return nil }
    self.init(
      mse: error.meanSquaredError, snrDb: error.signalToNoiseDecibels, cosine: error.cosine, maxError: error.maximumError)
  }
}
