import PareCompression

/// A value with choices somewhere inside it.
indirect enum SpaceNode: Sendable {
  case scalar(String)
  case list([SpaceNode])
  case object([Member])
  /// One of several values.
  case choice(decision: Int, [SpaceNode])

  struct Member: Sendable {
    let key: String
    let node: SpaceNode
  }
}

/// A part of a space's recipes.
indirect enum SpaceStep: Sendable {
  /// A step, with its place in the search file, and whether what it says tells it from alternatives.
  case step(SpaceNode, path: String, isAlternative: Bool)
  /// One of several lists of steps; a step that may be left out is one beside the empty list.
  case alternatives(decision: Int, [[SpaceStep]])
}

/// Reads the steps of a space and numbers the decisions in them, in the order of the file.
struct SpaceParser {
  static let (choices, optional, oneOf) = ("choices", "optional", "one-of")

  private(set) var decisions: [SpaceDecision] = []

  /// - Parameters:
  ///   - value: a list of steps.
  ///   - needs: what must be taken for a point to come by here.
  mutating func steps(
    _ value: SpaceValue, at path: ParameterPath, isAlternative: Bool = false, needs: [SpaceDecision.Taken] = []
  ) throws -> [SpaceStep] {
    guard case .list(let entries) = value else {
      throw Self.mismatch(path, expected: "a list of steps", found: value)
    }
    return try entries.enumerated().map { try step($1, at: path.index($0), isAlternative: isAlternative, needs: needs) }
  }

  private mutating func step(
    _ value: SpaceValue, at path: ParameterPath, isAlternative: Bool, needs: [SpaceDecision.Taken]
  ) throws -> SpaceStep {
    if let inside = value.only(Self.optional) {
      return try alternatives([.list([]), inside], at: path.key(Self.optional), isOneOf: false, needs: needs)
    }
    if let inside = value.only(Self.oneOf) {
      let path = path.key(Self.oneOf)
      guard case .list(let entries) = inside, entries.count > 1 else {
        throw Self.mismatch(path, expected: "a list of at least two steps or lists of steps", found: inside)
      }
      return try alternatives(entries, at: path, isOneOf: true, needs: needs)
    }
    guard case .object(let members) = value, members.contains(where: { $0.key == "technique" }) else {
      throw Self.mismatch(
        path, expected: "a step with a 'technique', '\(Self.optional)' or '\(Self.oneOf)'", found: value)
    }
    return .step(try node(value, at: path, needs: needs), path: path.description, isAlternative: isAlternative)
  }

  /// - Parameter isOneOf: whether they stand in a list, their places being part of their paths.
  private mutating func alternatives(
    _ entries: [SpaceValue], at path: ParameterPath, isOneOf: Bool, needs: [SpaceDecision.Taken]
  ) throws -> SpaceStep {
    let decision = try decide(path, entries.map(Self.words), needs)
    let lists = try entries.enumerated().map { option, entry in
      let place = isOneOf ? path.index(option) : path
      let needs = needs + [SpaceDecision.Taken(decision: decision, option: option)]
      guard case .list = entry else { return [try step(entry, at: place, isAlternative: isOneOf, needs: needs)] }
      return try steps(entry, at: place, isAlternative: isOneOf, needs: needs)
    }
    return .alternatives(decision: decision, lists)
  }

  private mutating func node(_ value: SpaceValue, at path: ParameterPath, needs: [SpaceDecision.Taken]) throws -> SpaceNode {
    if let inside = value.only(Self.choices) {
      let path = path.key(Self.choices)
      guard case .list(let entries) = inside, !entries.isEmpty else {
        throw Self.mismatch(path, expected: "a list of values", found: inside)
      }
      let decision = try decide(path, entries.map(\.yaml), needs)
      return .choice(
        decision: decision,
        try entries.enumerated().map { option, entry in
          try node(entry, at: path.index(option), needs: needs + [SpaceDecision.Taken(decision: decision, option: option)])
        })
    }
    switch value {
    case .scalar(let text): return .scalar(text)
    case .list(let values): return .list(try values.enumerated().map { try node($1, at: path.index($0), needs: needs) })
    case .object(let members):
      return .object(try members.map { .init(key: $0.key, node: try node($0.value, at: path.key($0.key), needs: needs)) })
    }
  }

  private mutating func decide(_ path: ParameterPath, _ options: [String], _ needs: [SpaceDecision.Taken]) throws -> Int {
    for (index, option) in options.enumerated() where options[..<index].contains(option) {
      throw EvaluationError("space", subject: path.index(index).description, expected: "an option once", found: "\(option) again")
    }
    decisions.append(SpaceDecision(path: path.description, options: options, needs: needs))
    return decisions.count - 1
  }

  /// The text of an alternative, by which two of them are told apart.
  private static func words(_ alternative: SpaceValue) -> String {
    alternative == .list([]) ? "nothing" : alternative.yaml
  }

  private static func mismatch(_ path: ParameterPath, expected: String, found: SpaceValue) -> EvaluationError {
    EvaluationError("space", subject: path.description, expected: expected, found: found.kind)
  }
}
