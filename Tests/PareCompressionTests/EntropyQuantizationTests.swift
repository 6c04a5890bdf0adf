import PareArtifact
import PareCompression
import PareGraph
import PareTensor
import PareTraining
import Testing

@Suite struct EntropyQuantizationTests {
  private static func numbers(_ graph: Graph, _ name: String) -> [Float] {
    graph.parameters[name]?.storage.decoded().values(as: Float.self) ?? []
  }

  /// The greatest power of two of which all are multiples, by trying.
  private static func step(of values: [Float]) -> Float? {
    let used = values.filter { $0 != 0 }
    return (-40...10).reversed().map { Float(sign: .plus, exponent: $0, significand: 1) }
      .first { step in used.allSatisfy { ($0 / step).rounded() == $0 / step } }
  }

  @Test(arguments: [2.0, 3, 5])
  func everyNumberIsAMultipleOfItsStep(bits: Double) throws {
    let model = try Fixture.model(hidden: [24, 12])
    let result = try EntropyQuantization(bits: bits, rows: 256).compress(model, in: Fixture.context())
    for layer in result.layers {
      let (values, step) = (Self.numbers(result.model.graph, layer.layer), Float(try #require(layer.figures["step"])))
      #expect(values.allSatisfy { ($0 / step).rounded() == $0 / step }, "\(layer.layer)")
      // To the nearest: nowhere farther than half a step.
      let original = Self.numbers(model.graph, layer.layer)
      #expect(zip(values, original).allSatisfy { abs($0 - $1) <= step / 2 }, "\(layer.layer)")
    }
    let counts = result.layers.map { Double(Self.numbers(model.graph, $0.layer).count) }
    let spent = zip(result.layers, counts).reduce(0) { $0 + ($1.0.figures["bits_per_number"] ?? 0) * $1.1 } / counts.reduce(0, +)
    #expect(spent <= bits && spent > bits - 0.7, "\(spent) of \(bits) bits")
  }

  @Test func moreBitsMakeLessNoise() throws {
    let (model, context) = (try Fixture.model(hidden: [24, 12]), try Fixture.context())
    let rows = try #require(context.training)
    func error(_ graph: Graph) throws -> Double {
      let (own, real) = (try Scorer(graph, outputs: ["logits"]).run(rows)["logits"], try Scorer(model.graph, outputs: ["logits"]).run(rows)["logits"])
      return zip(try #require(own).doubles, try #require(real).doubles).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    let errors = try [2.0, 3, 4, 6].map { try error(EntropyQuantization(bits: $0, rows: 256).apply(to: model, in: context).graph) }
    #expect(errors == errors.sorted(by: >) && errors[3] < errors[0] / 100, "\(errors)")
  }

  /// The bits that steps are chosen by are those that a packed file takes, but for its header.
  @Test func aPackedFileIsAsSmallAsPromised() throws {
    let model = try Fixture.model(hidden: [48, 40])
    let recipe = Recipe("few bits") {
      EntropyQuantization(bits: 3, rows: 256)
      EntropyCoding(scope: .file)
    }
    let result = try recipe.apply(to: model, in: Fixture.context())
    #expect(result.model.isPacked)
    let header = try Artifact.encode(EntropyCoding(scope: .file).apply(to: Fixture.model(hidden: [1]), in: Fixture.context())).count
    let bits = 8 * Double(try Artifact.encode(result.model).count - header) / Double(model.graph.learnedElementCount)
    #expect(bits < 3.6, "\(bits) bits a number")
  }

  @Test func trainingUnderTheRoundingBringsScoresBack() throws {
    let (model, context) = (try Fixture.model(hidden: [24, 12]), try Fixture.context())
    let rows = try #require(context.validation ?? context.training)
    func error(_ graph: Graph) throws -> Double {
      let (own, real) = (try Scorer(graph, outputs: ["logits"]).run(rows)["logits"], try Scorer(model.graph, outputs: ["logits"]).run(rows)["logits"])
      return zip(try #require(own).doubles, try #require(real).doubles).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    let schedule = TrainingSchedule(epochs: 12, batchSize: 32, learningRate: 2e-3, weightDecay: 0, patience: 12)
    let rounded = try EntropyQuantization(bits: 2, rows: 256).apply(to: model, in: context)
    let trained = try EntropyQuantization(bits: 2, rows: 256, fineTuning: FineTuning(schedule, hardWeight: 0)).apply(to: model, in: context)
    #expect(try error(trained.graph) < 0.7 * error(rounded.graph))
    for (name, parameter) in trained.graph.parameters where parameter.isTrainable {
      let step = try #require(Self.step(of: Self.numbers(rounded.graph, name).filter { $0 != 0 } + [1024]))
      #expect(Self.numbers(trained.graph, name).allSatisfy { ($0 / step).rounded() == $0 / step }, "\(name)")
    }
  }

  /// Numbers that are rounded already are not taken for numbers that nobody misses.
  @Test func roundingAgainToFewerBitsKeepsWhatMatters() throws {
    let (model, context) = (try Fixture.model(hidden: [24, 12]), try Fixture.context())
    let first = try EntropyQuantization(bits: 4, rows: 256).apply(to: model, in: context)
    let second = try EntropyQuantization(bits: 3, rows: 256).apply(to: first, in: context)
    for name in ["dense_0.weight", "dense_1.weight", "dense_2.weight"] {
      #expect(Self.numbers(second.graph, name).contains { $0 != 0 }, "\(name)")
    }
  }

  @Test func aLaterQuantizationKeepsTheNumbers() throws {
    let (model, context) = (try Fixture.model(hidden: [24, 12]), try Fixture.context())
    let rounded = try EntropyQuantization(bits: 4, rows: 256).apply(to: model, in: context)
    let integers = try Quantization(.int8).apply(to: rounded, in: context)
    for name in ["dense_0.weight", "dense_1.weight"] {
      let dequantize = try #require(integers.graph.nodes.first { $0.operatorName == "DequantizeLinear" && $0.inputs[0].hasPrefix(name) })
      let levels = try #require(integers.graph.parameters[dequantize.inputs[0]]?.storage.decoded().doubles)
      let scales = try #require(integers.graph.parameters[dequantize.inputs[1]]?.storage.decoded().doubles)
      let real = Self.numbers(rounded.graph, name)
      let columns = real.count / scales.count
      #expect(zip(levels.indices, levels).allSatisfy { Float($1 * scales[$0 / columns]) == real[$0] }, "\(name)")
    }
  }

  @Test func numbersOutOfRangeAreNamed() {
    let error = #expect(throws: CompressionError.self) {
      try Recipe(yaml: "{schema: 1, name: x, steps: [{technique: entropy-quantization, bits: 0}]}")
    }
    #expect(error?.description.contains("steps[0].bits: expected bits above 0, at most 16, found 0") == true, "\(String(describing: error))")
  }
}
