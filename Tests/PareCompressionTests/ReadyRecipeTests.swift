import PareCompression
import PareGraph
import PareInference
import PareTraining
import Testing

@Suite struct ReadyRecipeTests {
  @Test(arguments: ReadyRecipe.allCases) func everyOneIsSpelledAndPassesItsChecks(_ ready: ReadyRecipe) throws {
    let recipe = ready.recipe
    #expect(recipe.name == ready.rawValue)
    #expect(try Recipe(yaml: recipe.yaml()) == recipe)
    #expect(recipe.warnings.isEmpty)
  }

  @Test(arguments: ReadyRecipe.allCases) func everyOneDoesWhatItSaysWithoutLabels(_ ready: ReadyRecipe) throws {
    let model = try Fixture.model(hidden: [48, 40])
    let features = try #require(Fixture.rows()["features"])
    let context = CompressionContext(training: try TrainingData(["features": features]))
    let result = try ready.recipe.apply(to: model, in: context).model
    if let latency = ready.latencyNanoseconds {
      if let estimate = try ExecutionPlan(result).estimate { #expect(estimate <= 0.6 * latency) }
    } else {
      #expect(5 * result.graph.storedByteCount < 2 * model.graph.storedByteCount)
    }
  }

  @Test func aModelThatIsFastAlreadyKeepsItsChannels() throws {
    let model = try Fixture.model()
    let result = try StructuredPruning(.latency(nanoseconds: 1e9), fineTuning: FineTuning()).compress(model, in: Fixture.context())
    #expect(result.model.graph.parameters == model.graph.parameters)
    #expect(result.layers.allSatisfy { $0.outcome.contains("stay") })
  }

  @Test func aBudgetOutOfReachSaysByHowMuch() throws {
    let recipe = Recipe("x") { MixedPrecision([QuantizationScheme(.int8)], budget: .latency(nanoseconds: 1)) }
    guard try ExecutionPlan(Fixture.model()).estimate != nil else { return }
    let error = #expect(throws: CompressionError.self) { try recipe.apply(to: Fixture.model(), in: Fixture.context()) }
    #expect(error?.code == "compression.budget")
    #expect(error?.found?.hasSuffix("by the cost table in the cheapest forms") == true)
  }
}
