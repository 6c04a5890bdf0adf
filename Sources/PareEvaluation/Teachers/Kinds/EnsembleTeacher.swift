import PareCompression
import PareGraph
import PareModels
import PareTensor

/// Several teachers that speak with one voice: `{ensemble: {members: {mlp: {model: …}, trees: {trees: …}}, combine: stacked}}`.
///
/// How far the members are apart on a row is kept as the ensemble's uncertainty. Weights of members are fitted to what each says of rows
/// that come after those it learned from, within the training part: see ``ForwardFolds``.
public struct EnsembleTeacher: TeacherKind {
  public static let key = "ensemble"

  /// How members' voices become one.
  public enum Combination: String, Sendable, Hashable, Codable, CaseIterable {
    /// The mean of the members' probabilities.
    case average
    /// A mean with weights of at least 0 that add up to 1, those of least log loss on the forward folds.
    case weighted
    /// A linear model of the members' log-probabilities, fitted to the forward folds (Wolpert 1992, "Stacked generalization").
    case stacked
  }

  /// By name.
  public var members: [String: TeacherConfiguration]
  public var combine: Combination
  /// Blocks of the training part that members say something of without having learned from them or anything later.
  public var folds: Int

  public init(_ members: [String: TeacherConfiguration], combine: Combination = .average, folds: Int = 3) {
    (self.members, self.combine, self.folds) = (members, combine, folds)
  }

  public var words: String { "\(combine.rawValue) ensemble of " + names.joined(separator: ", ") }
  public var inputs: [FeatureChoice] { names.flatMap { members[$0]?.inputs ?? [] } }
  public var files: [String] { names.flatMap { members[$0]?.kind.files ?? [] } }
  public func circumstances(in experiment: Experiment) throws -> String {
    Set(try names.compactMap { try members[$0]?.kind.circumstances(in: experiment) }).sorted().joined(separator: " ")
  }

  /// In the order in which they are trained and combined.
  private var names: [String] { members.keys.sorted() }

  public func validate(at path: ParameterPath) throws {
    let place = path.key(Self.key)
    try place.key(CodingKeys.members).require(members.count >= 2, expected: "at least 2", found: members.count)
    try place.key(CodingKeys.folds).require((1...50).contains(folds), expected: "1 to 50", found: folds)
    for name in names {
      try place.key(CodingKeys.members).require(
        name.isFileName, expected: "names of letters, digits, '-', '_' and '.'", found: "'\(name)'")
      try members[name]?.validate(at: place.key(CodingKeys.members).key(name))
    }
  }

  public func teach(in room: TeacherRoom) throws -> TrainedTeacher {
    let count = combine == .average ? 1 : folds + 1
    let share = 1 / Double(count * members.count)
    var done = 0.0
    func taught(_ name: String, span: LearningSpan?, label: String) throws -> TrainedTeacher {
      defer { done += share }
      guard let member = members[name] else { preconditionFailure("a member of no name") }
      return try member.kind.teach(in: room.room(for: label, span: span, share: (done, share)))
    }
    var combiner = MemberCombination.average(members.count)
    if combine != .average {
      let view = try room.view(nil)
      let folds = try ForwardFolds(view.dataset, rows: view.trainingRows, count: folds)
      var said: [[TeacherOutputs]] = []
      for (index, fold) in folds.folds.enumerated() {
        said.append(try names.map { try taught($0, span: fold.span, label: "\($0)-fold-\(index + 1)").outputs })
      }
      combiner = try folds.combination(combine, of: said, seed: room.seed, name: room.name)
    }
    let trained = try names.map { try taught($0, span: nil, label: $0) }
    let outputs = try combiner.outputs(of: trained.map(\.outputs), source: "teacher '\(room.name)'")
    let merged = try combiner.merged(trained, named: room.name, view: room.view(nil))
    let parts = merged.map { [TrainedTeacher.Part(name: room.name, model: $0, fed: .rows(nil))] } ?? zip(names, trained).flatMap { name, one in
      one.parts.map { TrainedTeacher.Part(name: one.parts.count == 1 ? name : "\(name)-\($0.name)", model: $0.model, fed: $0.fed) }
    }
    return TrainedTeacher(outputs: outputs, parts: parts, curves: trained.flatMap(\.curves))
  }
}

extension EnsembleTeacher: Codable {
  private enum OuterKeys: String, CodingKey, CaseIterable {
    case ensemble
  }

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case members, combine, folds
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.strictContainer(keyedBy: OuterKeys.self).superDecoder(forKey: .ensemble)
      .strictContainer(keyedBy: CodingKeys.self)
    self.init(try container.decode([String: TeacherConfiguration].self, forKey: .members))
    combine = try container.wordIfPresent(forKey: .combine) ?? combine
    folds = try container.decodeIfPresent(Int.self, forKey: .folds) ?? folds
  }

  public func encode(to encoder: any Encoder) throws {
    var outer = encoder.container(keyedBy: OuterKeys.self)
    var container = outer.nestedContainer(keyedBy: CodingKeys.self, forKey: .ensemble)
    try container.encode(members, forKey: .members)
    try container.encode(combine, forKey: .combine)
    try container.encode(folds, forKey: .folds)
  }
}
