import PareCompression
import PareGraph
import PareTensor
import PareTraining
import Testing

/// What weights are worth, where zeros may stand, and what those that stay make up for.
@Suite struct PruningCriterionTests {
  /// One dense layer `y = W x`, `[outputs, inputs]`.
  static func layer(_ weights: [Float], outputs: Int) throws -> Model {
    var builder = GraphBuilder(name: "layer")
    let inputs = weights.count / outputs
    let x = try builder.input("x", ValueType(.float32, ["batch", .fixed(inputs)]))
    let w = try builder.parameter("w", Tensor(weights, shape: [outputs, inputs]), isTrainable: true)
    try builder.output(builder.apply("Gemm", [x, w], attributes: ["transB": .int(1)], name: "dense", output: "y"))
    return Model(graph: builder.graph)
  }

  static func weights(_ model: Model) throws -> [Float] { try Fixture.weights(model.graph, "w") }

  static func context(_ rows: [[Float]], labels: [Int64]? = nil) throws -> CompressionContext {
    var tensors = ["x": Tensor(rows.flatMap { $0 }, shape: [rows.count, rows[0].count])]
    if let labels { tensors["labels"] = Tensor(labels) }
    return CompressionContext(training: try TrainingData(tensors))
  }

  static func normal(_ count: Int, seed: UInt64 = 51) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float(generator.normal()) }
  }

  // MARK: patterns

  @Test func ofEachRunTheLargestStay() throws {
    let model = try Self.layer([1, -4, 2, 3, 5, 1, -6, 7, 9, -8, 1, 2, 3, 3, 3, 3, 1, 2, 3, 4], outputs: 2)
    let pruned = try Pruning(keep: 2, of: 4).apply(to: model, in: CompressionContext())
    // Of the two weights at a row's end one stays.
    let kept = try Self.weights(pruned)
    for row in 0..<2 {
      for first in [0, 4, 8] {
        let run = kept[row * 10 + first..<row * 10 + min(first + 4, 10)]
        #expect(run.count { $0 != 0 } == (run.count + 1) / 2)
      }
    }
    #expect(Array(kept[0..<10]) == [0, -4, 0, 3, 0, 0, -6, 7, 9, 0])
  }

  @Test func aMatrixThatIsStoredByInputIsCutByOutputAllTheSame() throws {
    var builder = GraphBuilder(name: "turned")
    let x = try builder.input("x", ValueType(.float32, ["batch", 4]))
    let w = try builder.parameter("w", Tensor([1, 8, 2, 7, 3, 6, 4, 5] as [Float], shape: [4, 2]), isTrainable: true)
    try builder.output(builder.apply("MatMul", [x, w], name: "product", output: "y"))
    let pruned = try Pruning(keep: 1, of: 2).apply(to: Model(graph: builder.graph), in: CompressionContext())
    #expect(try Self.weights(pruned) == [0, 8, 2, 0, 0, 6, 4, 0])
  }

  @Test func blocksGoTogether() throws {
    let model = try Self.layer([1, 1, 9, 9, 1, 1, 9, 9, 5, 5, 2, 2], outputs: 3)
    let pruned = try Pruning(sparsity: 0.5, pattern: .block(outputs: 2, inputs: 2)).apply(to: model, in: CompressionContext())
    #expect(try Self.weights(pruned) == [0, 0, 9, 9, 0, 0, 9, 9, 5, 5, 0, 0])
  }

  // MARK: criteria

  /// The first feature is always 0: what multiplies it is worth nothing, however large.
  @Test(arguments: [Pruning.Criterion.gradient, .optimalBrainDamage, .optimalBrainSurgeon])
  func whatMultipliesNothingGoesFirst(_ criterion: Pruning.Criterion) throws {
    var weights = Self.normal(24)
    for output in 0..<3 { weights[output * 8] = 10 }
    let rows = (0..<64).map { row in [0] + Self.normal(7, seed: UInt64(row)) }
    let context = try Self.context(rows, labels: (0..<64).map { $0 % 3 })
    let pruned = try Pruning(sparsity: 0.125, criterion: criterion).apply(to: Self.layer(weights, outputs: 3), in: context)
    let kept = try Self.weights(pruned)
    for output in 0..<3 { #expect(kept[output * 8] == 0) }
    for index in kept.indices where index % 8 != 0 { #expect(kept[index] == weights[index]) }
  }

  /// Two inputs with E[x xᵀ] = [[1, ρ], [ρ, 1]]: with the second gone, the first takes ρ of it.
  @Test func theSurgeonMovesAWeightOntoWhatItGoesWith() throws {
    let rho: Float = 0.8
    let other = (1 - rho * rho).squareRoot()
    // Four rows of which the moments are exact.
    let rows: [[Float]] = [[1, rho + other], [1, rho - other], [-1, -rho + other], [-1, -rho - other]]
    let model = try Self.layer([2, -0.5], outputs: 1)
    let pruned = try Pruning(sparsity: 0.5, criterion: .optimalBrainSurgeon).apply(to: model, in: Self.context(rows))
    let kept = try Self.weights(pruned)
    // The damping of a hundredth makes both moments on the diagonal 1.01.
    #expect(kept[1] == 0)
    #expect((kept[0] - (2 - 0.5 * rho / 1.01)).magnitude < 1e-5)
  }

  @Test(arguments: [0.3, 0.5, 0.8]) func theSurgeonsOutputsAreNearerThanThoseOfACut(_ sparsity: Double) throws {
    let (inputs, outputs) = (40, 16)
    let model = try Self.layer(Self.normal(inputs * outputs), outputs: outputs)
    // Inputs that go together: sums of twelve.
    let mixing = Self.normal(inputs * 12, seed: 7)
    let rows = (0..<256).map { row -> [Float] in
      let sources = Self.normal(12, seed: 1000 + UInt64(row))
      return (0..<inputs).map { input in (0..<12).reduce(0) { $0 + mixing[input * 12 + $1] * sources[$1] } }
    }
    let context = try Self.context(rows)
    let data = try #require(context.training)
    func error(_ technique: Pruning) throws -> Double {
      let pruned = try technique.apply(to: model, in: context)
      let zeros = try Self.weights(pruned).count { $0 == 0 }
      #expect((Double(zeros) / Double(inputs * outputs) - sparsity).magnitude < 0.01)
      let (a, b) = (try NetworkFixture.output(model.graph, data), try NetworkFixture.output(pruned.graph, data))
      return zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    let (cut, surgery) = (
      try error(Pruning(sparsity: sparsity, scope: .perLayer)), try error(Pruning(sparsity: sparsity, criterion: .optimalBrainSurgeon)))
    #expect(surgery < 0.7 * cut)
  }

  @Test func theSurgeonKeepsPatterns() throws {
    let model = try Self.layer(Self.normal(8 * 16), outputs: 8)
    let rows = (0..<64).map { Self.normal(16, seed: UInt64($0)) }
    let pruned = try Pruning(keep: 2, of: 4, criterion: .optimalBrainSurgeon).apply(to: model, in: Self.context(rows))
    let kept = try Self.weights(pruned)
    for first in stride(from: 0, to: kept.count, by: 4) { #expect(kept[first..<first + 4].count { $0 != 0 } == 2) }
  }

  @Test(arguments: [Pruning.Criterion.gradient, .optimalBrainDamage]) func convolutionsAndRecurrentLayersHaveGradientsToo(
    _ criterion: Pruning.Criterion
  ) throws {
    let model = try NetworkFixture.recurrent()
    let rows = try NetworkFixture.windows(64).with("labels", Tensor((0..<64).map { Int64($0 % 3) }))
    let pruned = try Pruning(sparsity: 0.5, criterion: criterion).apply(to: model, in: CompressionContext(training: rows))
    let (zeros, count) = pruned.graph.weightTensors.reduce((0, 0)) { sum, tensor in
      let values = pruned.graph.parameters[tensor.weight]?.storage.decoded().doubles ?? []
      return (sum.0 + values.count { $0 == 0 }, sum.1 + values.count)
    }
    #expect(zeros == count / 2)
  }

  // MARK: rounds

  @Test func aSparsityIsReachedInRoundsAndZerosStay() throws {
    let tuning = FineTuning(TrainingSchedule(epochs: 1, batchSize: 64))
    let result = try Pruning(sparsity: 0.8, rounds: 3, fineTuning: tuning).compress(Fixture.model(), in: Fixture.context())
    let (zeros, count) = result.model.graph.weightTensors.reduce((0, 0)) { sum, tensor in
      let values = result.model.graph.parameters[tensor.weight]?.storage.decoded().doubles ?? []
      return (sum.0 + values.count { $0 == 0 }, sum.1 + values.count)
    }
    #expect(zeros == Int((0.8 * Double(count)).rounded()))
  }

  // MARK: the lottery

  @Test func aTicketIsComparedWithDrawsOfOtherWeights() throws {
    let schedule = TrainingSchedule(epochs: 3, batchSize: 64, learningRate: 0.01)
    let result = try LotteryTicket(sparsity: 0.6, rounds: 2, rewindEpochs: 1, draws: 2, training: schedule)
      .compress(Fixture.model(), in: Fixture.context())
    let (zeros, count) = result.model.graph.weightTensors.reduce((0, 0)) { sum, tensor in
      let values = result.model.graph.parameters[tensor.weight]?.storage.decoded().doubles ?? []
      return (sum.0 + values.count { $0 == 0 }, sum.1 + values.count)
    }
    #expect(zeros == Int((0.6 * Double(count)).rounded()))
    let verdict = result.layers[0]
    #expect(verdict.layer == "all layers" && verdict.outcome.contains("with 2 draws of other weights"))
    let (own, mean, spread) = (verdict.figures["loss"] ?? .nan, verdict.figures["loss_of_draws"] ?? .nan, verdict.figures["spread_of_draws"] ?? .nan)
    #expect(verdict.figures["wins"] == (own < mean - spread ? 1 : 0))
    #expect(own < 1.2)
  }

  // MARK: what cannot be done

  @Test(arguments: [
    ("pattern: {keep: 4, of: 4}", "steps[0].pattern.keep: expected a number in 1 ..< 4, found 4"),
    ("pattern: {keep: 2, of: 4}, scope: global", "steps[0].scope: expected 'per-layer': the pattern goes layer by layer, found 'global'"),
    ("pattern: {keep: 2, of: 4}, sparsity: 0.7", "steps[0].sparsity: expected nothing, or the pattern's 0.5, found 0.7"),
    ("pattern: {block: {outputs: 0, inputs: 2}}, sparsity: 0.5", "steps[0].pattern.block.outputs: expected at least 1, found 0"),
    ("sparsity: 0.5, rounds: 0", "steps[0].rounds: expected at least 1, found 0"),
  ])
  func mistakesAreNamedWithTheirPlace(_ keys: String, _ message: String) throws {
    let error = #expect(throws: CompressionError.self) {
      _ = try Recipe(yaml: "schema: 1\nname: x\nsteps: [{technique: pruning, \(keys)}]")
    }
    #expect(error?.description == message)
  }

  @Test func gradientsNeedLabels() throws {
    let error = #expect(throws: CompressionError.self) {
      try Pruning(sparsity: 0.5, criterion: .gradient).apply(to: Self.layer(Self.normal(12), outputs: 3), in: Self.context([[1, 2, 3, 4]]))
    }
    #expect(error?.code == "compression.missing-data")
  }
}
