import PareCompression
import PareTensor

/// Recipes to choose from: steps whose parameters are lists of choices, steps that may be left out, alternatives of steps.
///
/// ```yaml
/// space:
///   - {technique: distillation, student: {mlp: {hidden: {choices: [[16, 8], [8]]}}}, temperature: {choices: [1, 4]}, hard-weight: 0.3}
///   - optional: {technique: pruning, sparsity: {choices: [0.3, 0.5, 0.7]}}
///   - one-of:
///     - {technique: quantization, precision: int8}
///     - {technique: weight-sharing, bits: 4}
///     - []
/// ```
/// A point of the space is a number below `count`; the same file gives the same point the same recipe.
public struct SearchSpace: Sendable {
  /// The most points that a space may have: methods look at all of them.
  public static let maximumCount = 100_000

  /// How many combinations there are.
  public let count: Int
  package let decisions: [SpaceDecision]
  private let steps: [SpaceStep]
  private let value: SpaceValue

  /// - Parameter path: the place of the space in its file, for messages.
  /// - Throws: an error with the path of what is no step, of a choice that is given twice, or of a parameter that no recipe takes.
  init(_ value: SpaceValue, at path: ParameterPath) throws {
    var parser = SpaceParser()
    steps = try parser.steps(value, at: path)
    decisions = parser.decisions
    self.value = value
    count = SpaceIndex.count(of: steps)
    guard count <= Self.maximumCount else {
      throw EvaluationError(
        "space", subject: path.description, expected: "at most \(Self.maximumCount) combinations",
        found: count == SpaceIndex.tooMany ? "more than can be counted" : "\(count)")
    }
    try validate()
  }

  /// The option taken at each decision; −1 where the point does not come by it.
  package func choices(at point: Int) -> [Int] {
    var index = SpaceIndex(point: point, choices: [Int](repeating: -1, count: decisions.count))
    index.take(steps)
    return index.choices
  }

  /// - Throws: `CompressionError` where the steps do not go together: `compression.order`.
  package func recipe(at point: Int, name: String) throws -> Recipe {
    try recipe(taking: choices(at: point), name: name)
  }

  /// Whether the steps of a point go together.
  package func isRecipe(_ point: Int) -> Bool { (try? recipe(at: point, name: "space")) != nil }

  /// What sets a point apart, in words: `distillation hidden [16, 8] temperature 4, then quantization`.
  package func words(at point: Int) -> String {
    let steps = SpaceResolution(choices(at: point)).steps(self.steps)
    return steps.isEmpty ? "nothing" : steps.map(\.words).joined(separator: ", then ")
  }

  /// Every point, in an order that the seed decides.
  package func shuffled(seed: UInt64) -> [Int] {
    var generator = SeededGenerator(seed: seed, stream: "search/order")
    return generator.permutation(count)
  }

  private func recipe(taking choices: [Int], name: String) throws -> Recipe {
    let steps = SpaceResolution(choices).steps(self.steps)
    do {
      return try Recipe(yaml: "{schema: 1, name: \(name), steps: [\(steps.map(\.yaml).joined(separator: ", "))]}")
    } catch let error as CompressionError {
      throw error.placed(in: steps.map(\.path))
    }
  }

  /// Every option once, with the first options elsewhere. Steps that only do not go together are told later, point by point.
  private func validate() throws {
    var wanted: [[SpaceDecision.Taken]] = [[]]
    for (number, decision) in decisions.enumerated() {
      wanted += decision.options.indices.map { decision.needs + [SpaceDecision.Taken(decision: number, option: $0)] }
    }
    for taken in wanted {
      var choices = [Int](repeating: 0, count: decisions.count)
      for option in taken { choices[option.decision] = option.option }
      do {
        _ = try recipe(taking: choices, name: "space")
      } catch let error as CompressionError where error.code == "compression.order" {}
    }
  }
}

extension SearchSpace: Encodable {
  public func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}

extension CompressionError {
  /// The same error, with the place of a step in the search file in the place of its number in the recipe.
  fileprivate func placed(in paths: [String]) -> CompressionError {
    for (index, path) in paths.enumerated() {
      let step = "steps[\(index)]"
      guard subject == step || subject.hasPrefix(step + ".") else { continue }
      return CompressionError(
        String(code.dropFirst("compression.".count)), subject: path + subject.dropFirst(step.count), expected: expected, found: found,
        category: category, cause: cause)
    }
    return self
  }
}
