import PareCompression
import PareGraph
import PareTensor
import Testing

@Suite struct RecipeTests {
  static let swift = Recipe("student-int8") {
    Distillation(into: .mlp(hidden: [16, 8]), temperature: 4, hardWeight: 0.3)
    Pruning(sparsity: 0.5)
    Quantization(
      .int8, weights: .symmetric(.perChannel), activations: .asymmetric(.perTensor), calibration: .percentile(99.9))
  }

  static let yaml = """
    schema: 1
    name: student-int8
    steps:
      - {technique: distillation, student: {mlp: {hidden: [16, 8]}}, temperature: 4, hard-weight: 0.3}
      - {technique: pruning, sparsity: 0.5}
      - {technique: quantization, precision: int8, weights: {symmetry: symmetric, granularity: per-channel}, activations: {symmetry: asymmetric, granularity: per-tensor}, calibration: {method: percentile, percentile: 99.9}}
    """

  @Test func bothSpellingsAreOneValue() throws {
    #expect(try Recipe(yaml: Self.yaml) == Self.swift)
  }

  @Test func whatWasEncodedDecodesToTheSame() throws {
    #expect(try Recipe(yaml: Self.swift.yaml()) == Self.swift)
    #expect(try Recipe(yaml: Self.swift.json()) == Self.swift)
  }

  @Test func numbersKeepEveryBit() throws {
    let recipe = Recipe("bits") { Pruning(sparsity: 0.1 + 0.2) }
    #expect(try Recipe(yaml: recipe.yaml()) == recipe)
    #expect(try recipe.yaml().contains("0.30000000000000004"))
  }

  @Test func namesThatLookLikeSomethingElseStayNames() throws {
    for name in ["true", "12", "~", "a: b", "x # y", "ünï", "2024-01-01"] {
      let recipe = Recipe(name: name, steps: [Pruning(sparsity: 0.5)])
      #expect(try Recipe(yaml: recipe.yaml()) == recipe, "\(name)")
    }
  }

  @Test func aRecipeThatDiffersInOneParameterIsAnother() {
    var other = Self.swift
    other.steps[1] = Pruning(sparsity: 0.25)
    #expect(other != Self.swift)
    other.steps[1] = WeightSharing(bits: 4)
    #expect(other != Self.swift)
  }

  @Test func theBuilderTakesConditionsAndLoops() {
    let prunes = false
    let recipe = Recipe("built") {
      if prunes { Pruning(sparsity: 0.5) } else { LowRankFactorization(.energy(0.9)) }
      for bits in [2, 4] { WeightSharing(bits: bits) }
    }
    #expect(recipe.steps.map { type(of: $0).name } == ["low-rank", "weight-sharing", "weight-sharing"])
  }

  @Test func applyingRecordsEveryStep() throws {
    var context = try Fixture.context()
    context.measure = { ["weights": Double($0.graph.learnedElementCount)] }
    let recipe = Recipe("small") {
      Pruning(sparsity: 0.5)
      Quantization(.int8)
    }
    let model = try Fixture.model(hidden: [32, 16])
    let result = try recipe.apply(to: model, in: context)
    #expect(result.steps.map { $0.technique } == ["pruning", "quantization"])
    let (pruning, quantization) = (result.steps[0], result.steps[1])
    #expect(pruning.bytes.before == model.graph.storedByteCount)
    #expect(pruning.bytes.after == quantization.bytes.before)
    #expect(quantization.bytes.after == result.model.graph.storedByteCount)
    #expect(quantization.bytes.after < pruning.bytes.after && pruning.bytes.after < pruning.bytes.before)
    // Quantized weights count as learned, though training no longer changes them.
    #expect(quantization.parameters.after == model.graph.trainableElementCount)
    #expect(quantization.figures == ["weights": Double(model.graph.trainableElementCount)])
    let pruningNoise = try #require(pruning.weightError?.signalToNoiseDecibels)
    let quantizationNoise = try #require(quantization.weightError?.signalToNoiseDecibels)
    #expect(pruningNoise < quantizationNoise)
  }

  @Test func theModelCarriesTheRecipesThatMadeIt() throws {
    let context = try Fixture.context()
    let first = Recipe("first") { Pruning(sparsity: 0.5) }
    let second = Recipe("second") { Quantization(.int8) }
    let once = try first.apply(to: Fixture.model(), in: context).model
    #expect(try Recipe(yaml: #require(once.sections[Recipe.section])) == first)
    let twice = try second.apply(to: once, in: context).model
    #expect(try Recipe(yaml: #require(twice.sections[Recipe.section])) == Recipe(name: "second", steps: first.steps + second.steps))
    #expect(twice.sections["label"] == once.sections["label"])
  }
}
