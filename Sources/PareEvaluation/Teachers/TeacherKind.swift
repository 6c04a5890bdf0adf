import PareCompression

/// A way to come by a teacher, as an experiment's `teacher` spells it: a value that says all, with a function from data to teacher.
///
/// The same data and seed give the same teacher. A new kind is a file in `Kinds/` and a line in `TeacherCatalogue`.
public protocol TeacherKind: Codable, Hashable, Sendable {
  /// The key of `teacher` that stands for it.
  static var key: String { get }

  /// In a few words: `"MLP 128-64-32 on labels"`.
  var words: String { get }

  /// Features that it, or what it is made of, is fed in place of the experiment's.
  var inputs: [FeatureChoice] { get }

  /// Paths of files that it reads, whose contents are part of what it is.
  var files: [String] { get }

  /// What of the experiment it depends on besides data, label and seed, in words that change with it.
  func circumstances(in experiment: Experiment) throws -> String

  /// Checks the ranges of the settings.
  ///
  /// - Throws: `compression.range`, naming the setting by its path.
  func validate(at path: ParameterPath) throws

  /// Trains the teacher, or reads what it said, and asks it about every row.
  func teach(in room: TeacherRoom) throws -> TrainedTeacher
}

extension TeacherKind {
  public var inputs: [FeatureChoice] { [] }
  public var files: [String] { [] }
  public func circumstances(in experiment: Experiment) throws -> String { "" }
}

/// Every kind of teacher that an experiment can name. Adding one is a file in `Kinds/` and a line here.
package enum TeacherCatalogue {
  package static let all: [any TeacherKind.Type] = [
    NetworkTeacher.self,
    EnsembleTeacher.self,
    TreeTeacher.self,
    AgentTeacher.self,
    TruthTeacher.self,
    GraphTeacher.self,
    RecordedTeacher.self,
  ]
}

/// Whom an experiment's students learn from.
///
/// ```yaml
/// teacher: {model: {mlp: {hidden: [128, 64, 32]}}}
/// teacher: {recorded: {file: positions.csv, says: positions}}
/// ```
public struct TeacherConfiguration: Sendable {
  public var kind: any TeacherKind

  public init(_ kind: some TeacherKind = NetworkTeacher()) {
    self.kind = kind
  }

  /// A network that is trained on labels.
  public init(model: NetworkArchitecture, training: TrainingSchedule = NetworkTeacher.schedule) {
    self.init(NetworkTeacher(model: model, training: training))
  }

  public var words: String { kind.words }
  public var inputs: [FeatureChoice] { kind.inputs }

  /// How the linear baseline is trained: as the teacher, where that is a network.
  var baselineTraining: TrainingSchedule { (kind as? NetworkTeacher)?.training ?? NetworkTeacher.schedule }

  func validate(at path: ParameterPath) throws { try kind.validate(at: path) }
}

extension TeacherConfiguration: Hashable {
  public static func == (left: TeacherConfiguration, right: TeacherConfiguration) -> Bool {
    func equals<Kind: TeacherKind>(_ kind: Kind) -> Bool { (right.kind as? Kind) == kind }
    return equals(left.kind)
  }

  public func hash(into hasher: inout Hasher) { kind.hash(into: &hasher) }
}

extension TeacherConfiguration: Codable {
  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// A teacher that names no kind is a network.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let given = TeacherCatalogue.all.filter { container.contains(Key(stringValue: $0.key)) }
    try ParameterPath(decoder.codingPath).require(
      given.count <= 1, expected: "one of " + TeacherCatalogue.all.map { $0.key }.joined(separator: ", "),
      found: given.map { $0.key }.joined(separator: " and "))
    func decode<Kind: TeacherKind>(_ kind: Kind.Type) throws -> TeacherConfiguration { TeacherConfiguration(try Kind(from: decoder)) }
    let kind: any TeacherKind.Type = given.first ?? NetworkTeacher.self
    self = try decode(kind)
  }

  public func encode(to encoder: any Encoder) throws { try kind.encode(to: encoder) }
}
