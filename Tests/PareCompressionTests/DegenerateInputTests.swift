import PareCompression
import PareGraph
import PareInference
import PareTensor
import PareTraining
import Testing

/// What techniques do at the edges: a model that is as it should be, or an error that says what is missing.
@Suite struct DegenerateInputTests {
  typealias Entry = DegenerateInput.Entry
  typealias Kind = DegenerateInput.Kind

  static func context(_ rows: TrainingData?) -> CompressionContext { CompressionContext(training: rows, seed: 3) }

  static func apply(_ technique: any CompressionTechnique, _ model: Model, _ rows: TrainingData?) throws -> CompressedModel {
    try Recipe(name: "edge", steps: [technique]).apply(to: model, in: context(rows))
  }

  @Test func everyTechniqueOfTheCatalogueIsTried() {
    #expect(Set(DegenerateInput.everyEntry.map { type(of: $0.technique).name }) == Set(TechniqueCatalogue.all.map { $0.name }))
  }

  /// By many rows, and by one.
  @Test(arguments: Kind.allCases, DegenerateInput.entries) func aModelAtAnEdgeIsCompressedOrRefused(_ kind: Kind, _ entry: Entry) throws {
    let model = try DegenerateInput.model(kind)
    for count in [256, 1] {
      let rows = try DegenerateInput.rows(count, for: model)
      if let refusal = DegenerateInput.refusal(entry, kind) {
        let error = try #require(throws: CompressionError.self) { try Self.apply(entry.technique, model, rows) }
        #expect(error.description == refusal)
        continue
      }
      let result = try Self.apply(entry.technique, model, rows)
      #expect(!result.steps[0].layers.isEmpty)
      #expect(result.model.graph.inputs == model.graph.inputs && result.model.graph.outputs == model.graph.outputs)
      let outputs = try NetworkFixture.output(result.model.graph, Fixture.rows(8), of: model.graph.outputs[0].name)
      #expect(outputs.allSatisfy { $0.isFinite })
      if kind == .zeroWeights, !entry.trains { #expect(outputs.allSatisfy { $0 == 0 }) }
      _ = try ExecutionPlan(result.model)
    }
  }

  @Test(arguments: DegenerateInput.entries) func withoutRowsATechniqueSaysThatItNeedsThem(_ entry: Entry) throws {
    let model = try Fixture.model(hidden: [8, 8])
    guard entry.needsRows else {
      #expect(try Self.apply(entry.technique, model, nil).model.graph.outputs == model.graph.outputs)
      return
    }
    let error = try #require(throws: CompressionError.self) { try Self.apply(entry.technique, model, nil) }
    #expect(error.code == "compression.missing-data")
    #expect(error.description == "\(type(of: entry.technique).name): expected rows of the training part, found none")
  }

  // MARK: what is no number

  private static func spoiled(_ name: String, _ place: Int, _ number: Float) throws -> Model {
    var model = try Fixture.model(hidden: [8, 8])
    let tensor = try #require(model.graph.parameters[name]).storage.decoded()
    var numbers = tensor.values(as: Float.self)
    numbers[place] = number
    model.graph.parameters[name]?.storage = ParameterStorage(Tensor(numbers, shape: tensor.shape))
    return model
  }

  @Test(arguments: DegenerateInput.entries) func weightsThatAreNoNumbersAreNamed(_ entry: Entry) throws {
    for (name, place, number, found) in [
      ("dense_1.weight", 19, Float.nan, "layer 'dense_1', dense_1.weight[2, 3]: expected a finite number, found nan"),
      ("dense_2.bias", 1, -.infinity, "layer 'dense_2', dense_2.bias[1]: expected a finite number, found -inf"),
      ("normalizer.scale", 5, .nan, "layer 'normalizer.rescale', normalizer.scale[5]: expected a number, found nan"),
    ] {
      let model = try Self.spoiled(name, place, number)
      for apply in [
        { try Self.apply(entry.technique, model, Fixture.rows(64)).model },
        { try entry.technique.apply(to: model, in: Self.context(Fixture.rows(64))) },
      ] {
        let error = try #require(throws: CompressionError.self) { try apply() }
        #expect(error.code == "compression.non-finite-value")
        #expect(error.description == found)
      }
    }
  }

  @Test func infiniteConstantsAreLeftAlone() throws {
    let model = try Self.spoiled("normalizer.high", 0, .infinity)
    #expect(try Self.apply(Pruning(sparsity: 0.5), model, nil).steps.count == 1)
  }

  /// A technique that divides by zero.
  struct Spoiling: CompressionTechnique {
    static let name = "spoiling"

    func validate(at path: ParameterPath) {}

    func compress(_ model: Model, in context: CompressionContext) throws -> CompressionResult {
      CompressionResult(model: try DegenerateInputTests.spoiled("dense_0.weight", 0, .infinity), layers: [])
    }
  }

  @Test func aStepThatMakesWhatIsNoNumberIsNamed() throws {
    let recipe = Recipe(name: "two", steps: [Pruning(sparsity: 0.5), Spoiling(), WeightSharing(bits: 2)])
    let error = try #require(throws: CompressionError.self) {
      try recipe.apply(to: Fixture.model(hidden: [8, 8]), in: CompressionContext())
    }
    #expect(
      error.description
        == "after steps[1], 'spoiling': layer 'dense_0', dense_0.weight[0, 0]: expected a finite number, found inf")
  }

  // MARK: ends of ranges

  /// Each with the parameter that is out of range.
  static let beyond: [(technique: any CompressionTechnique, message: String)] = [
    (Pruning(sparsity: 1), "steps[0].sparsity: expected a fraction in 0 ..< 1, found 1.0"),
    (LotteryTicket(sparsity: 1), "steps[0].sparsity: expected a fraction in 0 ..< 1, found 1.0"),
    (StructuredPruning(.ratio(1)), "steps[0].target.ratio: expected a fraction in 0 ..< 1, found 1.0"),
    (LowRankFactorization(.rank(0)), "steps[0].keep.rank: expected a rank of at least 1, found 0"),
    (TensorFactorization(.polyadic, .rank(0)), "steps[0].keep.rank: expected a rank of at least 1, found 0"),
    (TreeDistillation(trees: 0), "steps[0].trees: expected a number in 1 ... 1000, found 0"),
    (LookUpTable(features: 5, bins: 16), "steps[0].bins: expected at most 65536 cells, found 16 to the power of 5"),
    (WeightSharing(bits: 0), "steps[0].bits: expected bits in 1 ... 8, found 0"),
  ]

  @Test func nothingIsTakenOutEntirely() throws {
    for (technique, message) in Self.beyond {
      let error = try #require(throws: CompressionError.self) { try Self.apply(technique, Fixture.model(), nil) }
      #expect(error.description == message)
    }
  }

  /// Techniques that are asked for nothing.
  static let idle: [any CompressionTechnique] = [
    Pruning(sparsity: 0), StructuredPruning(.ratio(0)), StructuredPruning(.multiplyAdds(1)), BlockRemoval(.blocks(0)), BlockRemoval(.ratio(0)),
    BlockRemoval(.multiplyAdds(1)), LowRankFactorization(.rank(1000)), LowRankFactorization(.energy(1)), WeightSharing(bits: 8),
  ]

  @Test func whatIsAskedForNothingLeavesEveryWeightAsItIs() throws {
    let model = try Fixture.model(hidden: [8, 8])
    for technique in Self.idle {
      let after = try Self.apply(technique, model, Fixture.rows(64)).model.graph
      #expect(after.nodes == model.graph.nodes, "\(technique)")
      for (name, parameter) in model.graph.parameters {
        #expect(after.parameters[name]?.storage.decoded() == parameter.storage.decoded(), "\(technique): \(name)")
      }
    }
  }

  @Test func equalWeightsShareOneValueExactly() throws {
    let model = try DegenerateInput.model(.equalWeights)
    for technique in [WeightSharing(bits: 4), WeightSharing(bits: 1, start: .random), Quantization(.kMeans(bits: 4))] as [any CompressionTechnique] {
      let step = try Self.apply(technique, model, Fixture.rows(64)).steps[0]
      #expect(step.weightError?.maximumError == 0, "\(technique)")
    }
  }
}
