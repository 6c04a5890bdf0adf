import PareCompression
import PareGraph
import PareMarket
import PareTensor
import PareTraining

/// What a teacher may use while it learns: the experiment's data in whatever features it sees, a seed, and a place for half-done work.
public struct TeacherRoom: Sendable {
  let data: ExperimentData
  let experiment: Experiment
  /// Decides the draws of the seed, so that teachers do not share initial weights by accident.
  let name: String
  /// The rows to learn from and to stop by, where they are not the experiment's parts.
  let span: LearningSpan?
  /// Where the state of a training is kept; nil keeps none.
  let checkpoint: String?
  /// A path of the experiment's file as one that can be opened.
  let resolve: @Sendable (String) -> String
  let progress: @Sendable (CompressionProgress) -> Void

  init(
    _ data: ExperimentData, experiment: Experiment, name: String, span: LearningSpan? = nil, checkpoint: String? = nil,
    resolve: @escaping @Sendable (String) -> String = { $0 }, progress: @escaping @Sendable (CompressionProgress) -> Void = { _ in }
  ) {
    (self.data, self.experiment, self.name, self.span, self.checkpoint) = (data, experiment, name, span, checkpoint)
    (self.resolve, self.progress) = (resolve, progress)
  }

  var seed: UInt64 { experiment.seed }

  /// The room of a member of this teacher.
  ///
  /// - Parameters:
  ///   - span: where it learns from less than the rest.
  ///   - share: of the whole work that is before it, and that it is itself.
  func room(for member: String, span: LearningSpan? = nil, share: (done: Double, own: Double)) -> TeacherRoom {
    let progress = progress
    return TeacherRoom(
      data, experiment: experiment, name: "\(name)/\(member)", span: span ?? self.span, checkpoint: checkpoint.map { "\($0)-\(member)" },
      resolve: resolve
    ) { state in
      var state = state
      state.activity = "\(member): \(state.activity)"
      state.fraction = share.done + share.own * state.fraction
      progress(state)
    }
  }

  /// What a teacher that sees these features is fed.
  func view(_ features: FeatureChoice?) throws -> DataView { try data.view(of: features, span: span) }

  /// What a model says of every row of the data, asked about the rows that it sees.
  ///
  /// - Throws: `graph.scores` where it scores no classes.
  func outputs(of model: Model, seeing view: DataView) throws -> TeacherOutputs {
    let scores = try model.graph.scores(as: .classes)
    let said = try Scorer(model.graph, outputs: [scores.value]).run(view.allRows())[scores.value]?.values(as: Float.self) ?? []
    return try outputs(said, of: view)
  }

  /// What was said of every row of a view, of those rows of the data.
  ///
  /// - Parameter said: row-major logits.
  /// - Throws: `evaluation.teacher-classes` for another number of classes than the label's.
  func outputs(_ said: [Float], of view: DataView) throws -> TeacherOutputs {
    let count = data.classCount
    guard said.count == view.dataset.rowCount * count else {
      throw EvaluationError(
        "teacher-classes", subject: "teacher '\(name)'",
        expected: "\(count) classes (\(data.dataset.label.classNames.joined(separator: ", "))), as the label has",
        found: "\(said.count / max(view.dataset.rowCount, 1))")
    }
    guard view.dataset.rowCount != data.dataset.rowCount || view.dataset.columns != data.dataset.columns else {
      return try TeacherOutputs(classCount: count, logits: said, source: "teacher '\(name)'")
    }
    let logits = view.dataset.places(of: data.dataset).flatMap { said[$0 * count..<($0 + 1) * count] }
    return try TeacherOutputs(classCount: count, logits: logits, source: "teacher '\(name)'")
  }
}

/// A teacher, and what it says of the experiment's rows.
public struct TrainedTeacher: Sendable {
  /// A model that the teacher consists of, wholly or in part.
  struct Part: Sendable {
    var name: String
    var model: Model
    var fed: Feed
  }

  /// What a model is fed.
  enum Feed: Sendable, Hashable {
    /// Rows of these features; nil for the experiment's.
    case rows(FeatureChoice?)
    /// So many numbers, which are no row of features: a position besides, or other symbols.
    case other(width: Int)
  }

  var outputs: TeacherOutputs
  /// None where all that is known of the teacher is what it said.
  var parts: [Part]
  /// How well it did while it learned, for those that are not trained on labels.
  var curves: [LearningCurve] = []
  /// Whether it comes from an earlier run.
  var wasKept = false

  /// The model that can take the experiment's rows in the teacher's place; nil where it sees something else, or is several, or none.
  var model: Model? { parts.count == 1 && parts[0].fed == .rows(nil) ? parts[0].model : nil }
}

/// How a quantity changed while a teacher learned.
public struct LearningCurve: Sendable, Codable, Hashable {
  public var name: String
  /// What a point stands for: "update", "epoch".
  public var unit: String
  public var points: [Point]

  public struct Point: Sendable, Codable, Hashable {
    /// From 1.
    public var at: Int
    public var training: Double
    public var validation: Double?

    public init(at: Int, training: Double, validation: Double? = nil) {
      (self.at, self.training, self.validation) = (at, training, validation)
    }
  }

  public init(_ name: String, unit: String, points: [Point]) {
    (self.name, self.unit, self.points) = (name, unit, points)
  }
}
