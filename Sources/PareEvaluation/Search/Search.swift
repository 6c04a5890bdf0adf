import PareCompression

/// A search over recipes, as a search file spells it. Every key but `experiment` and `space` has a default.
///
/// ```yaml
/// schema: 1
/// name: small-and-fast
/// experiment: simulated.yaml
/// objectives: [net-return, bytes]
/// method: tpe
/// trials: 60
/// space:
///   - {technique: distillation, student: {mlp: {hidden: {choices: [[16, 8], [8]]}}}, temperature: {choices: [1, 4]}, hard-weight: 0.3}
///   - optional: {technique: quantization, precision: {choices: [int8, int4]}}
/// ```
public struct Search: Sendable {
  /// The version of the spelling.
  public static let schema = 1

  /// Where data, teacher, costs and thresholds come from.
  public enum Source: Sendable, Equatable {
    /// An experiment file. A relative path counts from the search file's folder.
    case file(String)
    case experiment(Experiment)
  }

  public var name: String
  /// Decides the order of the trials; what is trained takes the experiment's.
  public var seed: UInt64
  public var experiment: Source
  public var space: SearchSpace
  public var method: SearchMethod
  /// How many recipes are tried; nil is all of them for a grid, otherwise 50.
  public var trials: Int?
  /// What trials are compared by on the validation part; latency is the cost table's.
  public var objectives: [Objective]
  public var budget: SearchBudget
  /// As in ``Experiment``.
  public var choice: ChoiceRule
  public var tolerance: Double

  /// Trials at most, the number of combinations apart.
  var plannedTrials: Int { min(trials ?? (method == .grid ? space.count : 50), space.count) }

  /// What must not change while a search goes on, as JSON: all but how long it is.
  func specification() throws -> String {
    var copy = self
    copy.trials = nil
    return try StrictYAML.json(copy)
  }
}

extension Search: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case schema, name, seed, experiment, space, method, startup, trials, objectives, budget, choice, tolerance
  }

  /// - Throws: an error that names the key's path, what was expected there and what was found.
  public init(from decoder: any Decoder) throws {
    let path = ParameterPath(decoder.codingPath)
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let schema = try container.decodeIfPresent(Int.self, forKey: .schema) ?? Self.schema
    try path.key(CodingKeys.schema).require(schema == Self.schema, expected: "\(Self.schema)", found: schema)
    name = try container.decodeIfPresent(String.self, forKey: .name) ?? "search"
    seed = try container.decodeIfPresent(UInt64.self, forKey: .seed) ?? 1
    experiment = try container.decode(Source.self, forKey: .experiment)
    space = try SearchSpace(container.decode(SpaceValue.self, forKey: .space), at: path.key(CodingKeys.space))
    let startup = try container.decodeIfPresent(Int.self, forKey: .startup)
    switch try container.decodeIfPresent(SearchMethod.Word.self, forKey: .method) ?? .tpe {
    case .grid:
      try path.key(CodingKeys.startup).require(startup == nil, expected: "none beside the method 'grid'", found: startup ?? 0)
      method = .grid
    case .tpe: method = .parzen(startup: startup ?? SearchMethod.startup)
    }
    trials = try container.decodeIfPresent(Int.self, forKey: .trials)
    objectives = try container.wordsIfPresent(forKey: .objectives) ?? [.netReturn, .bytes]
    budget = try container.decodeIfPresent(SearchBudget.self, forKey: .budget) ?? SearchBudget()
    choice = try container.wordIfPresent(forKey: .choice) ?? .cheapest
    tolerance = try container.decodeIfPresent(Double.self, forKey: .tolerance) ?? 0.1
    try validate(at: path)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Self.schema, forKey: .schema)
    try container.encode(name, forKey: .name)
    try container.encode(seed, forKey: .seed)
    try container.encode(experiment, forKey: .experiment)
    try container.encode(space, forKey: .space)
    try container.encode(method.word, forKey: .method)
    if case .parzen(let startup) = method { try container.encode(startup, forKey: .startup) }
    try container.encodeIfPresent(trials, forKey: .trials)
    try container.encode(objectives, forKey: .objectives)
    try container.encode(budget, forKey: .budget)
    try container.encode(choice, forKey: .choice)
    try container.encode(tolerance, forKey: .tolerance)
  }

  private func validate(at path: ParameterPath) throws {
    try path.key(CodingKeys.name).require(
      name.isFileName, expected: "letters, digits, '-', '_' and '.', since it names a folder", found: "'\(name)'")
    if case .parzen(let startup) = method {
      try path.key(CodingKeys.startup).require((1...10_000).contains(startup), expected: "1 to 10000 trials", found: startup)
    }
    try path.key(CodingKeys.trials).require((trials ?? 1) > 0, expected: "at least 1", found: trials ?? 0)
    try path.key(CodingKeys.objectives).require(
      (1...4).contains(objectives.count) && Set(objectives).count == objectives.count, expected: "one to four different objectives",
      found: objectives.map(\.rawValue).joined(separator: ", "))
    try path.key(CodingKeys.tolerance).require((0...1).contains(tolerance), expected: "a share in 0 ... 1", found: tolerance)
  }
}

extension Search.Source: Codable {
  public init(from decoder: any Decoder) throws {
    if let path = try? decoder.singleValueContainer().decode(String.self) {
      self = .file(path)
    } else {
      self = .experiment(try Experiment(from: decoder))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .file(let path):
      var container = encoder.singleValueContainer()
      try container.encode(path)
    case .experiment(let experiment): try experiment.encode(to: encoder)
    }
  }
}
