import PareGraph
import PareTensor
import PareTraining

/// A term on hidden values, beside the one on scores: `{hint: {student: relu_0, teacher: relu_1, weight: 0.5}}`.
///
/// Values are called as in the graphs of student and teacher; `pare inspect` lists them. The teacher's are worked out once for all rows.
public struct InnerLesson: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// The student's values, through a learned linear map, are to be the teacher's (FitNets, Romero et al. 2015, arXiv:1412.6550).
    case hint
    /// Where the student's activations are large, the teacher's are to be (Zagoruyko and Komodakis 2017, arXiv:1612.03928).
    case attention
    /// Distances and angles between rows are to be the teacher's (Park et al. 2019, arXiv:1904.05068).
    case relation
    /// A row's values are to be told from other rows' by the teacher's (Tian et al. 2020, arXiv:1910.10699).
    case contrast
    /// Along time: how the student's state moves from step to step is to be how the teacher's value does, through a learned linear map.
    /// The student's value is `sequence.states`.
    case evolution
  }

  public var kind: Kind
  public var student: String
  public var teacher: String
  public var weight: Double

  public init(_ kind: Kind, student: String, teacher: String, weight: Double = 1) {
    (self.kind, self.student, self.teacher, self.weight) = (kind, student, teacher, weight)
  }

  func validate(at path: ParameterPath) throws {
    let place = path.key(kind.rawValue).key(ValueKeys.weight)
    try place.require(weight > 0 && weight.isFinite, expected: "a number above 0", found: weight)
  }

  /// The tensor that holds the teacher's values.
  var input: String { "teacher.\(teacher)" }

  func loss(teacherWidth: Int, seed: UInt64) -> any Loss {
    switch kind {
    case .hint: HintLoss(student: student, teacher: input, teacherWidth: teacherWidth, seed: seed)
    case .attention: AttentionTransfer(student: student, teacher: input, teacherChannels: teacherWidth)
    case .relation: RelationLoss(student: student, teacher: input, teacherWidth: teacherWidth)
    case .contrast: ContrastiveLoss(student: student, teacher: input, teacherWidth: teacherWidth, seed: seed)
    case .evolution: StateEvolutionLoss(student: student, teacher: input, teacherWidth: teacherWidth, seed: seed)
    }
  }
}

extension InnerLesson: Codable {
  private struct KindKey: CodingKey, CaseIterable {
    static let allCases = Kind.allCases.map { KindKey(stringValue: $0.rawValue) }
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  fileprivate enum ValueKeys: String, CodingKey, CaseIterable {
    case student, teacher, weight
  }

  public init(from decoder: any Decoder) throws {
    let (container, key) = try decoder.alternative(keyedBy: KindKey.self)
    guard let kind = Kind(rawValue: key.stringValue) else { preconditionFailure("a key that is no kind") }
    let values = try container.superDecoder(forKey: key).strictContainer(keyedBy: ValueKeys.self)
    self.init(
      kind, student: try values.decode(String.self, forKey: .student), teacher: try values.decode(String.self, forKey: .teacher),
      weight: try values.decodeIfPresent(Double.self, forKey: .weight) ?? 1)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: KindKey.self)
    var values = container.nestedContainer(keyedBy: ValueKeys.self, forKey: KindKey(stringValue: kind.rawValue))
    try values.encode(student, forKey: .student)
    try values.encode(teacher, forKey: .teacher)
    try values.encode(weight, forKey: .weight)
  }
}

/// Adds terms on hidden values to what a student learns.
struct InnerLessons {
  private let terms: [InnerLesson]
  private let teacher: Graph
  private let seed: UInt64

  init(_ terms: [InnerLesson], of teacher: Graph, seed: UInt64) {
    (self.terms, self.teacher, self.seed) = (terms, teacher, seed)
  }

  /// - Throws: `compression.no-value` where teacher or student have no value of the name, `compression.no-teacher` where the teacher
  ///   cannot take the student's rows.
  func added(to lesson: Teaching.Lesson, of student: Graph) throws -> Teaching.Lesson {
    guard !terms.isEmpty else { return lesson }
    let (own, known) = (try student.inferredTypes(), try teacher.inferredTypes())
    var (training, validation) = (lesson.training, lesson.validation)
    var losses: [(weight: Double, loss: any Loss)] = []
    for (index, term) in terms.enumerated() {
      guard own[term.student] != nil || term.kind == .evolution else { throw Self.missing(term.student, in: student, "student") }
      guard let type = known[term.teacher] else { throw Self.missing(term.teacher, in: teacher, "teacher") }
      let width = type.dimensions.dropFirst().reduce(1) { $0 * ($1.fixedValue ?? 1) }
      let channels = term.kind == .attention ? type.dimensions.dropFirst().first?.fixedValue ?? 1 : width
      training = try values(of: term, on: training)
      validation = try validation.map { try values(of: term, on: $0) }
      losses.append((weight: term.weight, loss: term.loss(teacherWidth: channels, seed: seed &+ UInt64(index))))
    }
    let base = lesson.loss
    return Teaching.Lesson(training: training, validation: validation, groups: lesson.groups) { scores in
      WeightedSum([(weight: 1, loss: base(scores))] + losses)
    }
  }

  private func values(of term: InnerLesson, on rows: TrainingData) throws -> TrainingData {
    guard rows[term.input] == nil else { return rows }
    let own = try TrainingData(rows.tensors.filter { name, _ in teacher.inputs.contains { $0.name == name } })
    guard let values = try Scorer(teacher, outputs: [term.teacher]).run(own)[term.teacher] else { return rows }
    return try rows.with(term.input, values)
  }

  private static func missing(_ name: String, in graph: Graph, _ role: String) -> CompressionError {
    let known = graph.nodes.flatMap(\.outputs)
    return CompressionError(
      "no-value", subject: "inside: \(role): '\(name)'", expected: NearestWord.expectation(name, among: known), found: "no such value")
  }
}
