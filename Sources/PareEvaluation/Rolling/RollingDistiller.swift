import PareCompression
import PareGraph
import PareMarket
import PareModels
import PareTensor
import PareTraining

/// How a student keeps up with its market: `{window: 8000, every: 500, teacher-every: 2, …}`.
public struct RollingPlan: Sendable, Hashable {
  /// Candles, the newest ones, that an update learns from.
  public var window: Int
  /// Candles between updates.
  public var every: Int
  /// Updates of the student for each new teacher.
  public var teacherEvery: Int
  /// Of the window's labelled rows, the newest, that only stop training early.
  public var validationShare: Double
  public var teacher: NetworkTeacher
  /// How the student is made the first time, and by whose loss and weights of rows it learns on.
  public var distillation: Distillation
  /// How long it learns on at an update.
  public var continuation: TrainingSchedule

  public init(
    window: Int = 8000, every: Int = 500, teacherEvery: Int = 1, validationShare: Double = 0.2, teacher: NetworkTeacher,
    distillation: Distillation, continuation: TrainingSchedule = TrainingSchedule(epochs: 10, patience: 3)
  ) {
    (self.window, self.every, self.teacherEvery, self.validationShare) = (window, every, teacherEvery, validationShare)
    (self.teacher, self.distillation, self.continuation) = (teacher, distillation, continuation)
  }

  public func validate(at path: ParameterPath = ParameterPath()) throws {
    try path.key("window").require((100...10_000_000).contains(window), expected: "100 to 10000000 candles", found: window)
    try path.key("every").require((1...window).contains(every), expected: "1 to the window, \(window)", found: every)
    try path.key("teacher-every").require(teacherEvery >= 1, expected: "at least 1", found: teacherEvery)
    try path.key("validation-share").require(
      validationShare > 0 && validationShare < 1, expected: "a share above 0 and below 1", found: validationShare)
    try teacher.validate(at: path.key("teacher"))
    try path.key("teacher").key("features").require(
      teacher.features == nil, expected: "none: teacher and student see the same rows", found: "some")
    try distillation.validate(at: path.key("distillation"))
    try continuation.validate(at: path.key("continuation"))
  }
}

/// A student that is taught anew as time goes on: a teacher is retrained on the newest candles, the student learns on from where it is.
///
/// It is a value that a service keeps: whenever so many candles have come that an update is due, `update(with:)` gets the candles so far
/// and gives the student that is to decide from now on. What it learns from ends with the newest candle that it is given; labels that
/// need later ones do not exist yet.
public struct RollingDistiller: Sendable {
  /// What an update learned from.
  public struct Update: Sendable {
    public var student: Model
    /// When the decisions were made that were learned from, Unix milliseconds.
    public var first: Int64
    public var last: Int64
    public var trainingRows: Int
    public var hasNewTeacher: Bool
  }

  public let plan: RollingPlan
  private let label: LabelDefinition
  private let features: FeatureChoice
  private let seed: UInt64
  private var updates = 0
  /// The teacher and the student of the last update; nil before the first.
  public private(set) var teacher: Model?
  public private(set) var student: Model?

  public init(_ plan: RollingPlan, label: LabelDefinition, features: FeatureChoice, seed: UInt64) throws {
    try plan.validate()
    (self.plan, self.label, self.features, self.seed) = (plan, label, features, seed)
  }

  /// Teaches the student what the newest candles say.
  ///
  /// - Parameter series: candles that are complete, the newest last. Those before the window are not read.
  /// - Throws: what too few candles, training and techniques throw; the distiller then is as it was.
  public mutating func update(with series: CandleSeries) throws -> Update {
    let schema = try FeatureSchema(
      interval: series.key.interval, coarser: features.coarser, features: features.columns, window: features.window)
    let candles = series.candles.suffix(plan.window + schema.warmUp + label.candlesBefore)
    let recent = CandleSeries(key: series.key, candles: Array(candles))
    let dataset = try MarketDataset(series: [recent], schema: schema, label: label)
    let view = try DataView(dataset, choice: features, span: span(of: dataset))
    var generator = SeededGenerator(seed: seed, stream: "rolling/\(updates)")
    var taught = self
    let isDue = teacher == nil || updates % plan.teacherEvery == 0
    if isDue { taught.teacher = try plan.teacher.train(view, seed: generator.next(), name: "teacher") { _ in } }
    let context = CompressionContext(
      training: view.training, validation: view.validation, teacher: taught.teacher, seed: generator.next())
    if let student {
      var continued = plan.distillation
      continued.training = plan.continuation
      taught.student = try continued.train(student, in: context)
    } else if let teacher = taught.teacher {
      taught.student = try plan.distillation.compress(teacher, in: context).model
    }
    guard let next = taught.student else { preconditionFailure("an update makes a student") }
    taught.updates += 1
    self = taught
    return Update(
      student: next, first: dataset.times[view.trainingRows[0]], last: dataset.times[view.validationRows.last ?? view.trainingRows[0]],
      trainingRows: view.trainingRows.count, hasNewTeacher: isDue)
  }

  /// All labelled rows: the newest stop training early, and those before them whose labels do not reach into them are learned from.
  private func span(of dataset: MarketDataset) throws -> LearningSpan {
    let labelled = dataset.labelled(within: .min ... .max).rows.map { dataset.times[$0] }
    let reach = Int64(label.horizon) * (dataset.keys[0].interval.milliseconds ?? 0)
    let cut = Int(Double(labelled.count) * (1 - plan.validationShare))
    guard labelled.indices.contains(cut), let last = labelled.last(where: { $0 + reach < labelled[cut] }), labelled[0] < last else {
      throw EvaluationError(
        "rolling", subject: "window", expected: "candles enough for training and validation rows", found: "\(labelled.count) labelled rows")
    }
    return LearningSpan(training: labelled[0]...last, validation: labelled[cut]...labelled[labelled.count - 1])
  }
}
