import PareCompression
import PareEvaluation
import PareTensor
import Testing

@Suite struct SearchSpaceTests {
  private func message(_ space: String) -> String {
    do {
      _ = try Small.search("", space: space)
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test func everyCombinationIsARecipeOfItsOwn() throws {
    let space = try Small.search("").space
    #expect(space.count == 90)
    let recipes = try (0..<space.count).map { try space.recipe(at: $0, name: "x").json() }
    #expect(Set(recipes).count == 90)
    #expect(Set((0..<space.count).map { space.words(at: $0) }).count == 90)
    #expect(Set((0..<space.count).map { space.choices(at: $0) }).count == 90)
  }

  @Test func aPointIsSpelledAsItStands() throws {
    let space = try Small.search("").space
    #expect(space.words(at: 0) == "distillation hidden [4], then quantization precision int8")
    let last = space.count - 1
    #expect(space.words(at: last) == "distillation hidden [16, 8], then pruning sparsity 0.9")
    #expect(try space.recipe(at: last, name: "x") == Recipe("x") {
      Distillation(into: .mlp(hidden: [16, 8]), temperature: 2, hardWeight: 0.3)
      Pruning(sparsity: 0.9)
    })
  }

  @Test func decisionsKnowTheirOrderAndWhatTheyNeed() throws {
    let space = try Small.search("").space
    #expect(
      space.decisions.map(\.path) == [
        "space[0].student.mlp.hidden.choices", "space[1].optional", "space[1].optional.sparsity.choices", "space[2].one-of",
        "space[2].one-of[0].precision.choices",
      ])
    #expect(space.decisions.map(\.order) == [nil, nil, [0, 1, 2, 3, 4], nil, nil])
    for point in 0..<space.count {
      let choices = space.choices(at: point)
      #expect((choices[2] >= 0) == (choices[1] == 1) && (choices[4] >= 0) == (choices[3] == 0))
    }
  }

  @Test func choicesWithinChoicesAndStepsWithinSteps() throws {
    let space = try Small.search(
      "", space: """
        space:
          - optional:
            - optional: {technique: pruning, sparsity: {choices: [0.5, 0.25]}}
            - one-of: [[{technique: weight-sharing, bits: 3}], {technique: weight-sharing, bits: 4}]
          - technique: quantization
            precision: int8
            calibration: {choices: [{method: min-max}, {method: percentile, percentile: {choices: [99, 99.9]}}]}
        """).space
    // (1 + 3 · 2) · 3
    #expect(space.count == 21)
    let recipes = (0..<space.count).filter(space.isRecipe).map { space.words(at: $0) }
    #expect(Set(recipes).count == 21)
    #expect(recipes.contains("pruning sparsity 0.25, then weight-sharing bits 3, then quantization percentile 99.9 calibration {method: percentile, percentile: 99.9}"))
  }

  @Test func whatDoesNotGoTogetherIsNoRecipe() throws {
    let space = try Small.search(
      "", space: """
        space:
          - one-of: [{technique: quantization, precision: int8, recurrent: integers}, {technique: weight-sharing, bits: 4}]
          - {technique: pruning, sparsity: {choices: [0.5, 0.7]}}
        """).space
    #expect(space.count == 4)
    #expect(
      (0..<4).filter(space.isRecipe).map { space.words(at: $0) }
        == ["weight-sharing bits 4, then pruning sparsity 0.5", "weight-sharing bits 4, then pruning sparsity 0.7"])
    let grid = GridProposer(space, seed: 1)
    #expect(grid.propose(4, after: [], tried: []).count == 2)
  }

  @Test(arguments: [
    ("space: {technique: pruning}", "search.yaml: space: expected a list of steps, found 'technique'"),
    ("space: [7]", "search.yaml: space[0]: expected a step with a 'technique', 'optional' or 'one-of', found '7'"),
    ("space: [{choices: [{technique: pruning, sparsity: 0.5}]}]", "search.yaml: space[0]: expected a step with a 'technique', 'optional' or 'one-of', found 'choices'"),
    ("space: [{one-of: [{technique: pruning, sparsity: 0.5}]}]", "search.yaml: space[0].one-of: expected a list of at least two steps or lists of steps, found a list"),
    ("space: [{technique: pruning, sparsity: {choices: []}}]", "search.yaml: space[0].sparsity.choices: expected a list of values, found a list"),
    ("space: [{technique: pruning, sparsity: {choices: 0.5}}]", "search.yaml: space[0].sparsity.choices: expected a list of values, found '0.5'"),
    ("space: [{technique: pruning, sparsity: {choices: [0.5, 0.7, 0.5]}}]", "search.yaml: space[0].sparsity.choices[2]: expected an option once, found 0.5 again"),
    ("space: [{optional: {technique: pruning, sparsity: {choices: [0.5, 1.2]}}}]", "search.yaml: space[0].optional.sparsity: expected a fraction in 0 ..< 1, found 1.2"),
    ("space: [{technique: pruning, sparsity: 0.5}, {one-of: [[], {technique: quantisation}]}]", "search.yaml: space[1].one-of[1].technique: expected one of"),
    ("space: [{technique: pruning, sparcity: {choices: [0.5]}}]", "search.yaml: space[0].sparcity: expected one of"),
  ])
  func aMistakeIsNamedByItsPath(_ space: String, _ expected: String) {
    let message = message(space)
    #expect(message.hasPrefix(expected), "\(message)")
  }

  @Test func aSpaceHasABound() {
    let digits = (0..<20).map { "0.\($0 + 10)" }.joined(separator: ", ")
    func space(_ steps: Int) -> String {
      "space: [" + (0..<steps).map { _ in "{technique: pruning, sparsity: {choices: [\(digits)]}}" }.joined(separator: ", ") + "]"
    }
    #expect(message(space(4)) == "search.yaml: space: expected at most 100000 combinations, found 160000")
    #expect(message(space(20)) == "search.yaml: space: expected at most 100000 combinations, found more than can be counted")
  }
}
