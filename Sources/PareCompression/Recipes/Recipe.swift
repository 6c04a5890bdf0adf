import PareGraph

/// Techniques in the order in which they are applied, under a name.
///
/// ```swift
/// let recipe = Recipe("student-int8") {
///   Distillation(into: .mlp(hidden: [16, 8]), temperature: 4, hardWeight: 0.3)
///   Pruning(sparsity: 0.5)
///   Quantization(.int8, calibration: .percentile(99.9))
/// }
/// ```
/// The same value is spelled in YAML or JSON by `Recipe(yaml:)`, and `yaml()` and `json()` write it with every default
/// spelled out.
public struct Recipe: Sendable {
  /// The version of the spelling in YAML and JSON.
  public static let schema = 1

  public var name: String
  public var steps: [any CompressionTechnique]

  public init(name: String, steps: [any CompressionTechnique]) {
    self.name = name
    self.steps = steps
  }

  public init(_ name: String, @RecipeBuilder steps: () -> [any CompressionTechnique]) {
    self.init(name: name, steps: steps())
  }

  /// Checks the name, the ranges of every step's parameters, and whether each step can follow those before it.
  ///
  /// - Throws: `CompressionError` `compression.range`, naming the parameter as `steps[1].sparsity`; `compression.order` for a step with
  ///   nothing left to work on.
  public func validate(at path: ParameterPath = ParameterPath()) throws {
    try path.key(CodingKeys.name).require(!name.isEmpty, expected: "a name", found: "an empty text")
    for (index, step) in steps.enumerated() { try step.validate(at: path.key(CodingKeys.steps).index(index)) }
    try RecipeOrder(steps).validate(at: path.key(CodingKeys.steps))
  }

  /// What later steps undo of what earlier ones made, a sentence each.
  public var warnings: [String] { RecipeOrder(steps).warnings }
}

extension Recipe: Equatable {
  public static func == (left: Recipe, right: Recipe) -> Bool {
    left.name == right.name && left.steps.count == right.steps.count
      && zip(left.steps, right.steps).allSatisfy { $0.equals($1) }
  }
}

/// Collects the steps of a recipe.
@resultBuilder
public enum RecipeBuilder {
  public static func buildExpression(_ step: any CompressionTechnique) -> [any CompressionTechnique] { [step] }
  public static func buildBlock(_ steps: [any CompressionTechnique]...) -> [any CompressionTechnique] {
    steps.flatMap { $0 }
  }
  public static func buildOptional(_ steps: [any CompressionTechnique]?) -> [any CompressionTechnique] { steps ?? [] }
  public static func buildEither(first: [any CompressionTechnique]) -> [any CompressionTechnique] { first }
  public static func buildEither(second: [any CompressionTechnique]) -> [any CompressionTechnique] { second }
  public static func buildArray(_ steps: [[any CompressionTechnique]]) -> [any CompressionTechnique] {
    steps.flatMap { $0 }
  }
}

// MARK: - Spelling

extension Recipe {
  /// Reads a recipe from YAML or JSON.
  ///
  /// - Parameter source: the file's name, for messages.
  /// - Throws: `CompressionError`: `steps[1].sparsity: expected a fraction in 0 ..< 1, found 1.2`.
  public init(yaml text: String, source: String? = nil) throws {
    self = try StrictYAML.decode(text, source: source)
  }

  /// Compact JSON with sorted keys and every default spelled out: the same text for the same recipe.
  public func json() throws -> String { try StrictYAML.json(self) }

  /// YAML with every default spelled out.
  public func yaml() throws -> String { try StrictYAML.encode(self) }
}

extension Recipe: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable {
    case schema, name, steps
  }

  /// - Throws: `CompressionError` with the path of what is unknown, missing or out of range.
  public init(from decoder: any Decoder) throws {
    let path = ParameterPath(decoder.codingPath)
    let container = try decoder.strictContainer(keyedBy: CodingKeys.self)
    let schema = try container.decode(Int.self, forKey: .schema)
    guard schema == Self.schema else {
      throw CompressionError(
        "schema", subject: path.key(CodingKeys.schema).description, expected: "\(Self.schema)", found: "\(schema)")
    }
    name = try container.decode(String.self, forKey: .name)
    steps = try container.decode(RecipeSteps.self, forKey: .steps).steps
    try validate(at: path)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Self.schema, forKey: .schema)
    try container.encode(name, forKey: .name)
    try container.encode(RecipeSteps(steps), forKey: .steps)
  }
}

/// The steps of a recipe as a list by themselves, for documents that name recipes in their own way.
package struct RecipeSteps: Codable {
  private enum Keys: String, CodingKey {
    case technique
  }

  package let steps: [any CompressionTechnique]

  package init(_ steps: [any CompressionTechnique]) {
    self.steps = steps
  }

  package init(from decoder: any Decoder) throws {
    var list = try decoder.unkeyedContainer()
    var steps: [any CompressionTechnique] = []
    while !list.isAtEnd {
      let decoder = try list.superDecoder()
      let technique = try decoder.container(keyedBy: Keys.self).decode(String.self, forKey: .technique)
      let type = try TechniqueCatalogue.type(named: technique, at: ParameterPath(decoder.codingPath))
      steps.append(try type.init(from: decoder))
    }
    self.steps = steps
  }

  package func encode(to encoder: any Encoder) throws {
    var list = encoder.unkeyedContainer()
    for step in steps {
      let encoder = list.superEncoder()
      var container = encoder.container(keyedBy: Keys.self)
      try container.encode(type(of: step).name, forKey: .technique)
      try step.encode(to: encoder)
    }
  }
}
