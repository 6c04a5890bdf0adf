import PareGraph
import PareModels
import PareTensor
import PareTraining

/// Trains a smaller model, the student, to answer as a larger one does, the teacher.
///
/// The loss is `α · cross-entropy + (1 − α) · T² · KL(teacher_T ‖ student_T)`, where α is `hardWeight` and both
/// distributions are softened by the temperature T; where the model scores no classes but yields numbers, it is α times
/// the squared error from the labels and 1 − α times that from the teacher. Other targets, terms on hidden values and weights of rows
/// may be added. The student takes the place of everything
/// between the model's normalized features (its input, where it has none) and its scores: normalizer, probabilities and
/// decision stay as they are. The teacher is what the rows' own scores come from, else the
/// context's, or the model itself. With `hardWeight` 1 no teacher is asked, which is plain training on the labels.
///
/// - Source: Hinton, Vinyals and Dean 2015, arXiv:1503.02531, §2. Of the others see the types of the properties.
public struct Distillation: CompressionTechnique {
  public static let name = "distillation"

  /// Whom a student learns from.
  public enum Source: String, RecipeWord {
    /// The run's teacher, whatever was made of it meanwhile.
    case original
    /// The model that the step is given: the assistant before (Mirzadeh et al. 2020, arXiv:1902.03393), or a student of the same form
    /// (born-again networks, Furlanello et al. 2018, arXiv:1805.04770).
    case previous
  }

  /// Where a student's weights begin.
  public enum Start: String, RecipeWord {
    /// At random.
    case drawn
    /// At the most that fits of the teacher's; see `TruncatedStart`.
    case truncated
  }

  public var student: StudentArchitecture
  public var temperature: Temperature
  /// α, in `0 ... 1`: the share of the labels.
  public var hardWeight: Scheduled
  /// What of the teacher's scores is learned.
  public var target: DistillationTarget
  public var teacher: Source
  public var start: Start
  public var weighting: RowWeighting
  /// The weight of what changing position costs, beside the rest: see `TurnoverPenalty`. The position before is the teacher's.
  public var turnoverPenalty: Double
  /// Terms on hidden values.
  public var inside: [InnerLesson]
  /// Terms on the graph between symbols, for a student over panels; nil for none.
  public var graph: GraphLesson?
  /// Terms on the teacher's reasons, for a student over panels; nil for none.
  public var explanation: ExplanationLesson?
  /// Rows between the training rows, which the teacher answers, too; nil for none.
  public var mixing: RowMixing?
  /// Students that learn together, each from the others as well; the best of them on the validation part is kept.
  public var peers: Int
  /// For a recurrent student whose state runs through time; nil where each row is learned by itself.
  public var alongTime: AlongTime?
  public var training: TrainingSchedule

  public init(
    into student: StudentArchitecture, temperature: Temperature, hardWeight: Scheduled, target: DistillationTarget = .softTargets,
    teacher: Source = .original, start: Start = .drawn, weighting: RowWeighting = RowWeighting(), turnoverPenalty: Double = 0,
    inside: [InnerLesson] = [], graph: GraphLesson? = nil, explanation: ExplanationLesson? = nil, mixing: RowMixing? = nil, peers: Int = 1,
    alongTime: AlongTime? = nil, training: TrainingSchedule = TrainingSchedule()
  ) {
    (self.student, self.temperature, self.hardWeight, self.target) = (student, temperature, hardWeight, target)
    (self.teacher, self.start, self.weighting, self.turnoverPenalty) = (teacher, start, weighting, turnoverPenalty)
    (self.inside, self.graph, self.explanation, self.mixing) = (inside, graph, explanation, mixing)
    (self.peers, self.alongTime, self.training) = (peers, alongTime, training)
  }

  public init(
    into student: NetworkArchitecture, temperature: Double, hardWeight: Double,
    training: TrainingSchedule = TrainingSchedule()
  ) {
    self.init(into: .rows(student), temperature: .scheduled(.constant(temperature)), hardWeight: .constant(hardWeight), training: training)
  }

  /// The same student trained by the same schedule on the labels alone: what distillation has to be better than.
  public var withoutTeacher: Distillation {
    Distillation(
      into: student, temperature: temperature, hardWeight: .constant(1), weighting: weighting, alongTime: alongTime,
      training: training)
  }

  public var effects: WeightEffects { WeightEffects(needsRealWeights: false, undoes: WeightEffects.renewal) }

  public func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
    try validate(at: ParameterPath())
    let scores = try model.graph.scores()
    var lesson = try teaching.lesson(inPlaceOf: model, asking: teacher, scores: scores, for: Self.name, in: context)
    let original = teacher == .previous ? model : context.teacher ?? model
    var generator = SeededGenerator(seed: context.seed, stream: "\(Self.name)/student")
    var students = try (0..<peers).map { _ in
      try StudentGraph.graph(of: student, inPlaceOf: model.graph, scores: scores, seed: generator.next())
    }
    if start == .truncated { students = try students.map { try begun($0, from: original.graph) } }
    lesson = try deepened(lesson, of: students[0], teacher: original.graph, seed: context.seed)
    let trained: Graph
    if peers > 1 {
      trained = try MutualLearning(students: students, scores: scores.value, lesson: lesson, temperature: temperature)
        .train(by: training, for: Self.name, in: context)
    } else {
      trained = try taught(students[0], by: lesson, scores.value, in: context)
    }
    let layers = trained.linearLayers.map {
      LayerReport(layer: $0.name, outcome: "trained anew, \($0.inputCount) to \($0.outputCount)")
    }
    var result = Model(graph: trained, sections: model.sections)
    result.sections[AlongTime.section] = try alongTime.map(StrictYAML.json)
    return CompressionResult(model: result, layers: layers)
  }

  private func taught(_ student: Graph, by lesson: Teaching.Lesson, _ scores: String, in context: CompressionContext) throws -> Graph {
    if let alongTime {
      return try alongTime.train(student, loss: lesson.loss(scores), on: lesson, by: training, for: Self.name, in: context)
    }
    return try training.train(
      student, loss: lesson.loss(scores), for: Self.name, in: context, training: lesson.training, validation: lesson.validation,
      groups: lesson.groups)
  }

  /// Trains a student further from where it is: by the same loss, weights of rows and schedule, on the context's rows.
  ///
  /// - Returns: the model with other weights. Neither a start nor peers play a part.
  public func train(_ student: Model, in context: CompressionContext) throws -> Model {
    try validate(at: ParameterPath())
    let scores = try student.graph.scores()
    var lesson = try teaching.lesson(inPlaceOf: student, asking: teacher, scores: scores, for: Self.name, in: context)
    let original = teacher == .previous ? student : context.teacher ?? student
    lesson = try deepened(lesson, of: student.graph, teacher: original.graph, seed: context.seed)
    return Model(graph: try taught(student.graph, by: lesson, scores.value, in: context), sections: student.sections)
  }

  /// The lesson with terms on more than scores.
  private func deepened(_ lesson: Teaching.Lesson, of student: Graph, teacher: Graph, seed: UInt64) throws -> Teaching.Lesson {
    var lesson = try InnerLessons(inside, of: teacher, seed: seed).added(to: lesson, of: student)
    if let graph { lesson = try graph.added(to: lesson, of: student, teacher: teacher) }
    if let explanation { lesson = try explanation.added(to: lesson, of: student, teacher: teacher, seed: seed) }
    return lesson
  }

  private var teaching: Teaching {
    Teaching(
      hardWeight: hardWeight, temperature: temperature, target: target, weighting: weighting, turnoverPenalty: turnoverPenalty,
      mixing: mixing)
  }

  private func begun(_ student: Graph, from teacher: Graph) throws -> Graph {
    let isStateSpace = StateSpaceTruncation.concerns(teacher) && StateSpaceTruncation.concerns(student)
    let fitting =
      isStateSpace ? try StateSpaceTruncation(teacher: teacher).applied(to: student) : try TruncatedStart(teacher: teacher).applied(to: student)
    guard let begun = fitting else {
      throw CompressionError(
        "no-start", subject: "\(Self.name): start: truncated",
        expected: "a student of dense layers, no more and no wider ones than the teacher's, or of S3G with parts that the teacher has, on the same inputs",
        found: "\(self.student.words) for '\(teacher.name)'")
    }
    return begun
  }
}
