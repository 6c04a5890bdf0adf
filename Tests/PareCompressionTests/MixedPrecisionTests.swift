import PareCompression
import PareGraph
import PareInference
import PareTensor
import PareTraining
import Testing

@Suite struct MixedPrecisionTests {
  static let layers = ["dense_0", "dense_1", "dense_2"]

  static func uniform(_ precision: QuantizationPrecision, _ model: Model) throws -> Model {
    try Quantization(precision).apply(to: model, in: Fixture.context())
  }

  /// What the weights of a layer are stored as.
  static func elementType(of layer: String, in graph: Graph) throws -> ElementType {
    let node = try #require(graph.nodes.first { $0.name == layer })
    guard let producer = graph.producer(of: node.inputs[1]) else {
      return try #require(graph.parameters[node.inputs[1]]).storage.elementType
    }
    return try #require(graph.parameters[producer.inputs[0]]).storage.elementType
  }

  static func decibels(_ model: Model, against original: Model) throws -> Double {
    let rows = try Fixture.rows()
    func logits(_ model: Model) throws -> [Double] {
      try #require(Scorer(model.graph, outputs: ["logits"]).run(rows)["logits"]).doubles
    }
    let (before, after) = (try logits(original), try logits(model))
    let means = (0..<3).map { column in
      stride(from: column, to: before.count, by: 3).reduce(0) { $0 + before[$1] } / Double(before.count / 3)
    }
    func centred(_ scores: [Double]) -> [Double] { scores.enumerated().map { $1 - means[$0 % 3] } }
    return ErrorMeasure(of: centred(after), against: centred(before)).signalToNoiseDecibels ?? .infinity
  }

  // MARK: budgets

  @Test(arguments: [0.22, 0.25, 0.4, 0.7, 1]) func aBudgetOfBytesIsKeptAndUsed(_ ratio: Double) throws {
    let model = try Fixture.model(hidden: [48, 40])
    let mixed = try MixedPrecision(budget: .ratio(ratio)).apply(to: model, in: Fixture.context())
    let limit = ratio * Double(model.graph.storedByteCount)
    #expect(Double(mixed.graph.storedByteCount) <= limit)
    // Nothing needs to be rounded where everything fits.
    if ratio == 1 { #expect(mixed.graph.parameters == model.graph.parameters) }
  }

  @Test func aTightBudgetSpendsItsBitsWhereTheScoresFeelThem() throws {
    let model = try Fixture.model(hidden: [48, 40])
    let (int4, int8) = (try Self.uniform(.int4, model), try Self.uniform(.int8, model))
    let limit = (int4.graph.storedByteCount + int8.graph.storedByteCount) / 2
    let mixed = try MixedPrecision(budget: .bytes(limit)).apply(to: model, in: Fixture.context())
    #expect(mixed.graph.storedByteCount <= limit)
    let types = try Set(Self.layers.map { try Self.elementType(of: $0, in: mixed.graph) })
    #expect(types.count > 1)
    #expect(try Self.decibels(mixed, against: model) > Self.decibels(int4, against: model))
  }

  @Test(arguments: [15.0, 25, 35]) func theScoresKeepTheirSignalInTheFewestBytes(_ decibels: Double) throws {
    let model = try Fixture.model(hidden: [48, 40])
    let mixed = try MixedPrecision(budget: .outputSignalToNoise(decibels: decibels)).apply(to: model, in: Fixture.context())
    #expect(try Self.decibels(mixed, against: model) >= decibels)
    #expect(mixed.graph.storedByteCount < model.graph.storedByteCount)
  }

  @Test func aBudgetOfLatencyIsKeptByTheCostTable() throws {
    let model = try Fixture.model(hidden: [128, 128])
    let (float32, int8) = (try ExecutionPlan(model).estimate, try ExecutionPlan(Self.uniform(.int8, model)).estimate)
    guard let float32, let int8, int8 < float32 else { return }
    let limit = (float32 + int8) / 2
    let mixed = try MixedPrecision([QuantizationScheme(.int8)], budget: .latency(nanoseconds: limit))
      .apply(to: model, in: Fixture.context())
    #expect(try #require(ExecutionPlan(mixed).estimate) <= limit)
  }

  @Test func aBudgetOfLossIsCountedFromTheModelsOwn() throws {
    let model = try Fixture.model(hidden: [48, 40])
    let mixed = try MixedPrecision(budget: .lossIncrease(0.001)).apply(to: model, in: Fixture.context())
    func loss(_ model: Model) throws -> Double {
      try Trainer().loss(of: model.graph, by: CrossEntropy(logits: "logits"), on: Fixture.rows())
    }
    #expect(try loss(mixed) <= loss(model) * 1.001)
    #expect(mixed.graph.storedByteCount < model.graph.storedByteCount / 2)
  }

  @Test func aBudgetBelowTheFewestBitsSaysByHowMuch() throws {
    let model = try Fixture.model()
    let fewest = try Self.uniform(.int8, model).graph.storedByteCount
    let error = #expect(throws: CompressionError.self) {
      try MixedPrecision([QuantizationScheme(.int8)], budget: .bytes(100)).apply(to: model, in: Fixture.context())
    }
    #expect(error?.code == "compression.budget")
    #expect(error?.expected == "at most 100 bytes of parameters")
    #expect(error?.found == "\(fewest) bytes of parameters in the cheapest forms")
  }

  // MARK: the frontier

  @Test(arguments: 0..<50) func theFrontierIsWhatTryingAllCombinationsFinds(_ seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let units = (0..<4).map { unit in
      let options = (0..<3).map { _ in
        // Few different numbers, so that some are equal.
        PrecisionOption(
          scheme: QuantizationScheme(.int8), noise: (generator.uniform() * 6).rounded(), cost: -(generator.uniform() * 6).rounded())
      }
      return PrecisionUnit(layers: ["\(unit)"], options: options + [PrecisionOption(scheme: QuantizationScheme(.float32), noise: 0, cost: 0)])
    }
    let sums = units.reduce([(noise: 0.0, cost: 0.0)]) { sums, unit in
      sums.flatMap { sum in unit.options.map { (sum.noise + $0.noise, sum.cost + $0.cost) } }
    }
    let frontier = PrecisionAllocation.frontier(of: units)
    for (noise, cost) in sums { #expect(frontier.contains { $0.noise <= noise && $0.cost <= cost }) }
    for (allocation, next) in zip(frontier, frontier.dropFirst()) {
      #expect(allocation.cost < next.cost && allocation.noise > next.noise)
    }
    for allocation in frontier {
      #expect(allocation.noise == zip(units, allocation.choices).reduce(0) { $0 + $1.0.options[$1.1].noise })
      #expect(allocation.cost == zip(units, allocation.choices).reduce(0) { $0 + $1.0.options[$1.1].cost })
    }
  }

  @Test func aLongFrontierIsThinnedToItsLimitAndKeepsItsEnds() {
    var generator = SeededGenerator(seed: 1)
    let units = (0..<30).map { unit in
      PrecisionUnit(
        layers: ["\(unit)"],
        options: [0.0, 1, 2].map { bits in
          PrecisionOption(scheme: QuantizationScheme(.int8), noise: bits * generator.uniform(), cost: -bits * (1 + generator.uniform()))
        })
    }
    let frontier = PrecisionAllocation.frontier(of: units)
    #expect(frontier.count <= PrecisionAllocation.limit)
    #expect(frontier.first?.choices.allSatisfy { $0 == 0 } == true)
    #expect(frontier.last?.noise == 0)
  }

  // MARK: limits

  /// Counts layers whose weights have at least 8 bits.
  static func context(counting: Bool = true) throws -> CompressionContext {
    var context = try Fixture.context()
    context.measure = { model in
      ["wide": try Double(layers.count { try elementType(of: $0, in: model.graph) != .int4 })]
    }
    return context
  }

  @Test(arguments: [0, 1, 2, 3]) func layersReturnToMoreBitsUntilALimitHolds(_ wide: Int) throws {
    let model = try Fixture.model(hidden: [48, 40])
    let result = try MixedPrecision(limits: [FigureLimit("wide", .atLeast(Double(wide)))]).compress(model, in: Self.context())
    let kept = try Self.layers.count { try Self.elementType(of: $0, in: result.model.graph) != .int4 }
    #expect(kept == wide)
    let summary = try #require(result.layers.first)
    #expect(summary.layer == "all layers")
    #expect(summary.figures["returns"] == Double(wide))
  }

  @Test func whatCostsTheScoresMostReturnsFirst() throws {
    let model = try Fixture.model(hidden: [48, 40])
    let result = try MixedPrecision(limits: [FigureLimit("wide", .fallsByAtMost(2))]).compress(model, in: Self.context())
    let noise = Dictionary(uniqueKeysWithValues: result.layers.dropFirst().map { ($0.layer, $0.figures["output_snr_db_int4"] ?? .infinity) })
    let worst = try #require(Self.layers.min { noise[$0, default: 0] < noise[$1, default: 0] })
    #expect(try Self.elementType(of: worst, in: result.model.graph) == .int8)
  }

  @Test func limitsOutweighTheBudgetAndTheReportSaysSo() throws {
    let model = try Fixture.model(hidden: [48, 40])
    let fewest = try Self.uniform(.int4, model).graph.storedByteCount
    let result = try MixedPrecision(budget: .bytes(fewest + 1), limits: [FigureLimit("wide", .atLeast(2))])
      .compress(model, in: Self.context())
    #expect(result.model.graph.storedByteCount > fewest + 1)
    #expect(result.layers[0].outcome.contains("above the budget for the sake of the limits"))
  }

  @Test func limitsThatCannotHoldAreErrors() throws {
    let model = try Fixture.model()
    func error(_ limit: FigureLimit, _ context: CompressionContext) -> CompressionError? {
      #expect(throws: CompressionError.self) { try MixedPrecision(limits: [limit]).apply(to: model, in: context) }
    }
    let missing = try error(FigureLimit("acuracy", .atLeast(1)), Self.context())
    #expect(missing?.description.contains("'acuracy'") == true)
    let unmeasured = try error(FigureLimit("accuracy", .atLeast(1)), Fixture.context())
    #expect(unmeasured?.expected == "figures of models to be measured here")
    let hopeless = try error(FigureLimit("wide", .atLeast(4)), Self.context())
    #expect(hopeless?.expected == "wide at least 4.0")
    #expect(hopeless?.found == "3.0 before anything is rounded")
  }

  @Test func neitherBudgetNorLimitsIsAnError() throws {
    let error = #expect(throws: CompressionError.self) {
      _ = try Recipe(yaml: "schema: 1\nname: x\nsteps: [{technique: mixed-precision}]")
    }
    #expect(error?.subject == "steps[0].budget")
  }

  @Test func layersThatShareAWeightTakeOneForm() throws {
    var builder = GraphBuilder(name: "shared")
    var generator = SeededGenerator(seed: 5)
    let x = try builder.input("x", ValueType(.float32, ["batch", 16]))
    let w = try builder.parameter("w", NetworkFixture.tensor([16, 16], &generator), isTrainable: true)
    let a = try builder.apply("Gemm", [x, w], attributes: ["transB": .int(1)], name: "first")
    let b = try builder.apply("Relu", [a], name: "relu")
    let c = try builder.apply("Gemm", [b, w], attributes: ["transB": .int(1)], name: "second")
    let last = try builder.parameter("last", NetworkFixture.tensor([3, 16], &generator), isTrainable: true)
    try builder.output(builder.apply("Gemm", [c, last], attributes: ["transB": .int(1)], name: "third", output: "y"))
    var rows = SeededGenerator(seed: 6)
    let context = CompressionContext(training: try TrainingData(["x": NetworkFixture.tensor([64, 16], scale: 1, &rows)]))
    let mixed = try MixedPrecision(budget: .ratio(0.3)).apply(to: Model(graph: builder.graph), in: context)
    #expect(try Self.elementType(of: "first", in: mixed.graph) == Self.elementType(of: "second", in: mixed.graph))
  }
}
