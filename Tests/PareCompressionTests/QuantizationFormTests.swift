import PareArtifact
import PareCompression
import PareGraph
import PareInference
import PareModels
import PareTensor
import PareTraining
import Testing

/// What each precision makes of a dense network: its file, its operators, its numbers.
@Suite struct QuantizationFormTests {
  static func stored(_ scheme: QuantizationScheme, hidden: [Int] = [64, 64]) throws -> Graph {
    try Quantization(scheme).apply(to: Fixture.model(hidden: hidden), in: Fixture.context()).graph
  }

  struct Size: Sendable {
    var scheme: QuantizationScheme
    /// Bytes of the weight 64 × 64 and all that belongs to it.
    var bytes: Int
  }

  static let sizes: [Size] = [
    Size(scheme: QuantizationScheme(.float16), bytes: 8192),
    Size(scheme: QuantizationScheme(.bfloat16), bytes: 8192),
    Size(scheme: QuantizationScheme(.int8), bytes: 4096 + 4 * 64),
    Size(scheme: QuantizationScheme(.int8, weights: .symmetric(.perTensor)), bytes: 4096 + 4),
    Size(scheme: QuantizationScheme(.int8, weights: .asymmetric(.perChannel), mode: .weightOnly), bytes: 4096 + 5 * 64),
    Size(scheme: QuantizationScheme(.int4), bytes: 2048 + 64 * 2 + 4 * 64),
    Size(scheme: QuantizationScheme(.int4, weights: .symmetric(.perGroup(64))), bytes: 2048 + 64 + 4 * 64),
    Size(scheme: QuantizationScheme(.int4, weights: .symmetric(.perChannel)), bytes: 2048 + 4 * 64),
    Size(scheme: QuantizationScheme(.binary, mode: .weightOnly), bytes: 512 + 4 * 64),
    Size(scheme: QuantizationScheme(.powersOfTwo(bits: 4)), bytes: 2048 + 4 * 15),
    Size(scheme: QuantizationScheme(.kMeans(bits: 3)), bytes: 1536 + 4 * 8),
    Size(scheme: QuantizationScheme(.learned(bits: 3)), bytes: 1536 + 4 * 8),
  ]

  @Test(arguments: sizes) func theFileHoldsTheBitsThatThePrecisionSays(_ size: Size) throws {
    let graph = try Self.stored(size.scheme)
    let belonging = graph.parameters.filter { $0.key.hasPrefix("dense_1.weight") }
    #expect(belonging.values.reduce(0) { $0 + $1.storage.byteCount } == size.bytes)
    let bytes = try Artifact.encode(Model(graph: graph))
    #expect(try Artifact.decode(bytes).graph.parameters["dense_1.weight"] == graph.parameters["dense_1.weight"])
  }

  /// Of 20-8×512-3, everything in the file included, against its Float32 artifact.
  @Test(arguments: [(QuantizationPrecision.int8, 0.26), (.int4, 0.15), (.binary, 0.05), (.float16, 0.51), (.ternary, 0.07)])
  func theFileOfALargeNetworkShrinksAsItsBitsDo(_ precision: QuantizationPrecision, _ most: Double) throws {
    let graph = try MultilayerPerceptron(inputs: 20, hidden: [Int](repeating: 512, count: 8), outputs: 3).graph(seed: 5)
    let model = Model(graph: graph)
    var generator = SeededGenerator(seed: 6)
    let rows = try TrainingData(["features": Tensor((0..<64 * 20).map { _ in Float(generator.normal()) }, shape: [64, 20])])
    let result = try Quantization(precision).apply(to: model, in: CompressionContext(training: rows))
    #expect(try Double(Artifact.encode(result).count) <= most * Double(Artifact.encode(model).count))
  }

  @Test func weightsKeepTheirSignal() throws {
    var generator = SeededGenerator(seed: 7)
    let layer = OneLayer((0..<256 * 128).map { _ in Float(generator.normal()) }, outputs: 128)
    for (scheme, least) in [
      (QuantizationScheme(.int8, mode: .weightOnly), 35.0), (QuantizationScheme(.int4, mode: .weightOnly), 18),
      (QuantizationScheme(.int4, weights: .symmetric(.perGroup(128)), mode: .weightOnly), 16),
    ] {
      let report = try #require(Quantization(scheme).compress(layer.model, in: CompressionContext()).layers.first)
      let decibels = try #require(report.weightError?.signalToNoiseDecibels)
      #expect(decibels > least, "\(decibels)")
      if scheme.precision == .int4 { #expect(try #require(report.figures["groups_below_15_db"]) < 0.02) }
    }
    // An outlier takes the steps of its group: 15.7 dB are left of 3 beside 100, 8.8 dB of 0.7 beside 10.
    let drowned = OneLayer((0..<64).map { $0 == 0 ? 100 : $0 < 32 ? 3 : 1 }, outputs: 1)
    let report = try #require(Quantization(.int4, mode: .weightOnly).compress(drowned.model, in: CompressionContext()).layers.first)
    #expect(report.figures["groups_below_15_db"] == 0)
    let noisy = OneLayer((0..<64).map { $0 == 0 ? 10 : $0 < 32 ? 0.7 : 1 }, outputs: 1)
    let other = try #require(Quantization(.int4, mode: .weightOnly).compress(noisy.model, in: CompressionContext()).layers.first)
    #expect(other.figures["groups_below_15_db"] == 0.5)
  }

  @Test func ternaryWeightsTakeABitAndOneForEachThatIsNotZero() throws {
    let graph = try Self.stored(QuantizationScheme(.ternary))
    let storage = try #require(graph.parameters["dense_1.weight"]).storage
    let zeros = storage.decoded().values(as: Float.self).count { $0 == 0 }
    #expect(zeros > 1000 && storage.byteCount == 512 + (4096 - zeros + 7) / 8)
  }

  /// Output signal over noise in dB on fresh rows, at least; what is known of each precision on random weights.
  static let noise: [(QuantizationScheme, Double)] = [
    (QuantizationScheme(.float16), 60), (QuantizationScheme(.bfloat16), 40), (QuantizationScheme(.int8), 35),
    (QuantizationScheme(.int8, mode: .dynamic), 35), (QuantizationScheme(.int8, mode: .weightOnly), 38),
    (QuantizationScheme(.int8, weights: .symmetric(.perGroup(32)), mode: .weightOnly), 38),
    (QuantizationScheme(.int4), 15), (QuantizationScheme(.int4, weights: .symmetric(.perChannel)), 13),
    (QuantizationScheme(.int4, weights: .asymmetric(.perGroup(32)), mode: .weightOnly), 15),
    (QuantizationScheme(.ternary), 3), (QuantizationScheme(.binary, mode: .weightOnly), 2),
    (QuantizationScheme(.powersOfTwo(bits: 4)), 11), (QuantizationScheme(.kMeans(bits: 4)), 16),
    (QuantizationScheme(.learned(bits: 4)), 16),
  ]

  @Test(arguments: noise.indices) func outputsStandForTheRealOnes(_ index: Int) throws {
    let (scheme, least) = Self.noise[index]
    let graph = try Self.stored(scheme)
    let rows = try Fixture.rows(300, seed: 90)
    let expected = try #require(Scorer(Fixture.model(hidden: [64, 64]).graph, outputs: ["logits"]).run(rows)["logits"]).doubles
    let found = try #require(Scorer(graph, outputs: ["logits"]).values(rows)["logits"]).doubles
    let decibels = try #require(ErrorMeasure(of: found, against: expected).signalToNoiseDecibels)
    #expect(decibels > least, "\(scheme.precision) \(scheme.mode): \(decibels) dB")
  }

  @Test(arguments: noise.indices) func thePlanGivesTheReadingOfTheGraph(_ index: Int) throws {
    let (scheme, _) = Self.noise[index]
    let graph = try Self.stored(scheme)
    let plan = try ExecutionPlan(graph, outputs: ["logits"])
    #expect(plan.steps.allSatisfy { $0.isFast })
    let context = plan.makeContext()
    let rows = try Fixture.rows(20, seed: 91)
    let features = try #require(rows["features"]).values(as: Float.self)
    for row in 0..<20 {
      let one = Array(features[row * Fixture.features..<(row + 1) * Fixture.features])
      let data = try TrainingData(["features": Tensor(one, shape: [1, Fixture.features])])
      let expected = try #require(Scorer(graph, outputs: ["logits"]).values(data)["logits"]).values(as: Float.self)
      let found = try #require(context.run(["features": Tensor(one, shape: [1, Fixture.features])])["logits"]).values(as: Float.self)
      // In integers each layer may be a step from the reading in floating point.
      let tolerance: Float = scheme.mode == .static ? 0.05 : 1e-4
      for (a, b) in zip(found, expected) { #expect((a - b).magnitude <= tolerance * max(1, b.magnitude)) }
    }
  }

  @Test func fourBitLayersRunInIntegersInGroupsOrWithoutThem() throws {
    for (granularity, type) in [
      (TensorScheme.Granularity.perGroup(32), "pare.QuantizedGroupDense"), (.perChannel, "pare.QuantizedDense"),
      (.perTensor, "pare.QuantizedDense"),
    ] {
      let graph = try Self.stored(QuantizationScheme(.int4, weights: .symmetric(granularity)))
      #expect(try IntegerLowering.lower(graph).nodes.count { $0.operatorName.description == type } == 3)
      #expect(graph.parameters["dense_1.weight"]?.storage.elementType == .int4)
    }
  }

  @Test func signsOnBothSidesKeepTheMeanOfEveryOutput() throws {
    let context = try Fixture.context()
    let rows = try #require(context.training)
    let model = try Fixture.model(hidden: [64, 64])
    let result = try Quantization(.binary, layers: .named(["dense_1"])).compress(model, in: context)
    let graph = result.model.graph
    let node = try #require(graph.nodes.first { $0.operatorName == "pare.BinaryDense" })
    #expect(node.name == "dense_1" && graph.parameters["dense_1.weight"]?.storage.element == .sign)
    #expect(graph.parameters["dense_1.bias"] == nil)
    let expected = try #require(Scorer(model.graph, outputs: ["dense_1"]).run(rows)["dense_1"]).doubles
    let found = try #require(Scorer(graph, outputs: ["dense_1"]).run(rows)["dense_1"]).doubles
    for output in 0..<64 {
      let (a, b) = stride(from: output, to: found.count, by: 64).reduce((0, 0)) { ($0.0 + found[$1], $0.1 + expected[$1]) }
      #expect((a - b).magnitude / Double(rows.rowCount) < 1e-4)
    }
    // A least-squares line explains some of the output: less noise than the output's own variance.
    var centred = ErrorMeasure()
    for output in 0..<64 {
      let real = stride(from: output, to: found.count, by: 64).map { expected[$0] }
      let mean = real.reduce(0, +) / Double(real.count)
      centred.add(stride(from: output, to: found.count, by: 64).map { found[$0] - mean }, against: real.map { $0 - mean })
    }
    #expect(try #require(centred.signalToNoiseDecibels) > 2)
    #expect(try ExecutionPlan(graph, outputs: ["logits"]).steps.allSatisfy(\.isFast))
  }

  @Test func anOverrideGivesALayerAnotherScheme() throws {
    let technique = Quantization(
      .int8,
      overrides: [
        LayerOverride(.operators(["Gemm"]), QuantizationScheme(.int4)),
        LayerOverride(.named(["dense_0"]), QuantizationScheme(.float16)),
        LayerOverride(.named(["dense_2"]), QuantizationScheme(.float32)),
      ])
    let result = try technique.compress(Fixture.model(), in: Fixture.context())
    let types = (0..<3).map { result.model.graph.parameters["dense_\($0).weight"]?.storage.elementType }
    #expect(types == [.float16, .int4, .float32])
    #expect(result.layers.last?.outcome == "left in Float32: as asked")
    let error = try #require(throws: CompressionError.self) {
      try Quantization(.int8, overrides: [LayerOverride(.named(["dense9"]), QuantizationScheme(.float16))]).apply(
        to: Fixture.model(), in: Fixture.context())
    }
    #expect(error.code == "compression.no-layers")
  }

  @Test func weightsAloneNeedNoRows() throws {
    for scheme in [
      QuantizationScheme(.float16), QuantizationScheme(.int4, mode: .weightOnly), QuantizationScheme(.ternary),
      QuantizationScheme(.kMeans(bits: 2)), QuantizationScheme(.int8, mode: .dynamic),
    ] {
      _ = try Quantization(scheme).apply(to: Fixture.model(), in: CompressionContext())
    }
    for scheme in [QuantizationScheme(.int8), QuantizationScheme(.learned(bits: 2)), QuantizationScheme(.binary)] {
      #expect(throws: CompressionError.self) { try Quantization(scheme).apply(to: Fixture.model(), in: CompressionContext()) }
    }
  }

  @Test func powersOfTwoAreTheNearest() throws {
    let weights: [Float] = [1, 0.76, 0.74, 0.38, 0.37, 0.26, 0.2, 0.1, 0.09, 0.0624, -3, -2.9, 0]
    let layer = OneLayer(weights, outputs: 1)
    // Three bits: 0 and ±{1, 2, 4}; 3 lies half-way and goes down, so the highest is 2.
    let decoded = try layer.decodedWeights(of: layer.quantized(QuantizationScheme(.powersOfTwo(bits: 3))))
    #expect(decoded == [1, 1, 0.5, 0.5, 0.5, 0.5, 0, 0, 0, 0, -2, -2, 0])
  }

  @Test func ternaryIsTheBestOfAllThresholds() throws {
    var generator = SeededGenerator(seed: 5)
    let weights = (0..<40).map { _ in Float(generator.normal()) }
    let layer = OneLayer(weights, outputs: 1)
    let decoded = try layer.decodedWeights(of: layer.quantized(QuantizationScheme(.ternary)))
    func error(_ other: [Double]) -> Double { zip(weights, other).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) } }
    let found = error(decoded.map { Double($0) })
    for threshold in weights.map(\.magnitude) {
      let kept = weights.filter { $0.magnitude >= threshold }
      let scale = kept.reduce(0) { $0 + Double($1.magnitude) } / Double(kept.count)
      #expect(found <= error(weights.map { $0.magnitude < threshold ? 0 : $0 < 0 ? -scale : scale }) * (1 + 1e-6))
    }
  }

  @Test func learnedLevelsServeTheOutputBetterThanThoseOfTheWeights() throws {
    var generator = SeededGenerator(seed: 6)
    // A few inputs are large, the others small, and their weights the other way round.
    let weights = (0..<64 * 16).map { Float(generator.normal()) * ($0 % 64 < 4 ? 0.2 : 1) }
    let layer = OneLayer(weights, outputs: 16)
    let x = (0..<400 * 64).map { Float(generator.normal()) * ($0 % 64 < 4 ? 10 : 0.1) }
    let rows = try layer.rows(x)
    let real = try #require(Scorer(layer.model.graph).run(rows)["y"]).doubles
    func noise(_ precision: QuantizationPrecision) throws -> Double {
      let graph = try layer.quantized(QuantizationScheme(precision), context: CompressionContext(training: rows))
      return ErrorMeasure(of: try #require(Scorer(graph).run(rows)["y"]).doubles, against: real).noiseEnergy
    }
    #expect(try noise(.learned(bits: 3)) < 0.8 * noise(.kMeans(bits: 3)))
  }
}
