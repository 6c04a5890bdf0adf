import PareCompression
import PareGraph
import PareLinearAlgebra
import PareTensor
import PareTraining
import Testing

/// What makes up for rounding: each lowers the error that it says it lowers, and changes nothing else.
@Suite struct QuantizationAdjustmentTests {
  /// Inputs that are correlated, as `x = L z`, with means far from zero.
  static func correlated(_ inputs: Int, rows: Int, seed: UInt64 = 31) throws -> TrainingData {
    var generator = SeededGenerator(seed: seed)
    let factors = (0..<inputs * 4).map { _ in generator.normal() }
    var values: [Float] = []
    for _ in 0..<rows {
      let common = (0..<4).map { _ in generator.normal() }
      for input in 0..<inputs {
        let sum = (0..<4).reduce(0) { $0 + factors[input * 4 + $1] * common[$1] }
        values.append(Float(max(sum + 0.2 * generator.normal() + 0.5, 0)))
      }
    }
    return try TrainingData(["x": Tensor(values, shape: [rows, inputs])])
  }

  static func layer(_ inputs: Int, outputs: Int, seed: UInt64 = 32, bias: Bool = true) -> OneLayer {
    var generator = SeededGenerator(seed: seed)
    return OneLayer(
      (0..<inputs * outputs).map { _ in Float(generator.normal()) }, outputs: outputs,
      bias: bias ? (0..<outputs).map { Float($0) * 0.1 } : nil)
  }

  /// The output's noise energy over rows that calibration did not see.
  static func noise(_ graph: Graph, against model: Model, _ rows: TrainingData) throws -> Double {
    ErrorMeasure(of: try NetworkFixture.output(graph, rows), against: try NetworkFixture.output(model.graph, rows)).noiseEnergy
  }

  static let schemes: [QuantizationScheme] = [
    QuantizationScheme(.int4, mode: .weightOnly), QuantizationScheme(.int4, weights: .symmetric(.perChannel), mode: .weightOnly),
    QuantizationScheme(.int4, weights: .asymmetric(.perGroup(32)), mode: .weightOnly),
    QuantizationScheme(.int8, weights: .symmetric(.perTensor), mode: .weightOnly),
  ]

  @Test(arguments: schemes, [WeightRounding.gptq(damping: 0.01), .adaptive(iterations: 400)])
  func roundingForTheOutputCostsItLess(_ scheme: QuantizationScheme, _ rounding: WeightRounding) throws {
    let layer = Self.layer(64, outputs: 24)
    let context = CompressionContext(training: try Self.correlated(64, rows: 600))
    var adjusted = scheme
    adjusted.rounding = rounding
    let result = try Quantization(adjusted).compress(layer.model, in: context)
    let figures = try #require(result.layers.first).figures
    let (before, after) = (try #require(figures["output_error_of_nearest"]), try #require(figures["output_error"]))
    let share = if case .adaptive = rounding { 0.3 } else { 0.8 }
    #expect(after < share * before, "\(after / before)")
    // Fresh rows of the same kind say the same.
    let fresh = try Self.correlated(64, rows: 900, seed: 31).rows(600..<900)
    let plain = try layer.quantized(scheme, context: context)
    #expect(try Self.noise(result.model.graph, against: layer.model, fresh) < 0.9 * Self.noise(plain, against: layer.model, fresh))
  }

  @Test func adaptiveRoundingGoesUpOrDownByOneStep() throws {
    let layer = Self.layer(32, outputs: 8)
    let context = CompressionContext(training: try Self.correlated(32, rows: 300))
    let scheme = QuantizationScheme(.int4, weights: .symmetric(.perChannel), mode: .weightOnly, rounding: .adaptive(iterations: 300))
    let report = try #require(Quantization(scheme).compress(layer.model, in: context).layers.first)
    #expect(try #require(report.figures["weight_error_in_half_steps"]) <= 2 + 1e-5)
  }

  @Test(arguments: [WeightRounding.gptq(damping: 0.01), .adaptive(iterations: 50)])
  func noOutputIsWorseThanRoundedToTheNearest(_ rounding: WeightRounding) throws {
    // Inputs without correlation leave nothing to win; dead inputs, pruned weights and dead outputs stay.
    var generator = SeededGenerator(seed: 33)
    var weights = (0..<16 * 6).map { _ in Float(generator.normal()) }
    for index in 0..<16 { weights[32 + index] = 0 }
    weights[3] = 0
    let layer = OneLayer(weights, outputs: 6)
    let rows = try layer.rows((0..<500 * 16).map { $0 % 16 == 5 ? 0 : Float(generator.normal()) })
    let scheme = QuantizationScheme(.int4, weights: .symmetric(.perChannel), mode: .weightOnly, rounding: rounding)
    let graph = try layer.quantized(scheme, context: CompressionContext(training: rows))
    var plainScheme = scheme
    plainScheme.rounding = .halfToEven
    let plain = try layer.quantized(plainScheme)
    let real = try NetworkFixture.output(layer.model.graph, rows)
    let (a, b) = (try NetworkFixture.output(graph, rows), try NetworkFixture.output(plain, rows))
    for output in 0..<6 {
      let places = stride(from: output, to: real.count, by: 6)
      func energy(_ found: [Double]) -> Double { places.reduce(0) { $0 + (found[$1] - real[$1]) * (found[$1] - real[$1]) } }
      #expect(energy(a) <= energy(b) * (1 + 1e-4) + 1e-9)
    }
    for (weight, decoded) in zip(weights, try layer.decodedWeights(of: graph)) where weight == 0 { #expect(decoded == 0) }
  }

  @Test func biasCorrectionKeepsEveryMeanOutput() throws {
    for bias in [true, false] {
      let layer = Self.layer(48, outputs: 10, bias: bias)
      let rows = try Self.correlated(48, rows: 400)
      let context = CompressionContext(training: rows)
      let scheme = QuantizationScheme(.int4, weights: .symmetric(.perTensor), mode: .weightOnly)
      func worstMean(_ corrects: Bool) throws -> Double {
        let graph = try Quantization(scheme, correctsBias: corrects).apply(to: layer.model, in: context).graph
        let (found, real) = (try NetworkFixture.output(graph, rows), try NetworkFixture.output(layer.model.graph, rows))
        return (0..<10).map { output in
          (stride(from: output, to: real.count, by: 10).reduce(0) { $0 + found[$1] - real[$1] } / 400).magnitude
        }.max() ?? 0
      }
      #expect(try worstMean(false) > 0.05)
      #expect(try worstMean(true) < 1e-4)
    }
  }

  @Test(arguments: ["conv_0", "conv_1"]) func convolutionsAreRoundedAndCorrectedByTheirWindows(_ name: String) throws {
    let model = try NetworkFixture.convolutional()
    let rows = try NetworkFixture.images(150)
    let real = try NetworkFixture.output(model.graph, rows, of: name)
    func errors(_ rounding: WeightRounding, corrects: Bool) throws -> (energy: Double, worstMean: Double) {
      let graph = try Quantization(
        QuantizationScheme(.int4, mode: .weightOnly, rounding: rounding), correctsBias: corrects, layers: .named([name])
      ).apply(to: model, in: CompressionContext(training: rows)).graph
      let found = try NetworkFixture.output(graph, rows, of: name)
      let filters = name == "conv_0" ? 8 : 6
      let positions = real.count / 150 / filters
      var means = [Double](repeating: 0, count: filters)
      for index in real.indices { means[index / positions % filters] += (found[index] - real[index]) / Double(150 * positions) }
      return (ErrorMeasure(of: found, against: real).noiseEnergy, means.map(\.magnitude).max() ?? 0)
    }
    let plain = try errors(.halfToEven, corrects: false)
    // Padding is in the windows, so means are met to the rounding of sums in Float32.
    let corrected = try errors(.halfToEven, corrects: true)
    #expect(corrected.worstMean < 1e-4, "\(corrected.worstMean) of \(plain.worstMean)")
    #expect(name == "conv_0" || corrected.energy < plain.energy && plain.worstMean > 1e-3)
    for rounding in [WeightRounding.gptq(damping: 0.01), .adaptive(iterations: 300)] {
      let adjusted = try errors(rounding, corrects: false).energy
      #expect(adjusted < (name == "conv_0" ? 1.0001 : 0.97) * plain.energy, "\(rounding): \(adjusted / plain.energy)")
    }
  }

  /// Some of six channels, and the filters that read them of a convolution of twelve filters in groups; the channels are
  /// what a layer before would leave: positive, correlated numbers.
  private static func convolution(groups: Int, channels: Range<Int> = 0..<6) throws -> (Model, TrainingData) {
    var generator = SeededGenerator(seed: 41)
    let perGroup = 6 / groups
    let filters = channels.lowerBound * 2..<channels.upperBound * 2
    let weights = NetworkFixture.tensor([12, perGroup, 3], &generator).values(as: Float.self)
    let bias = NetworkFixture.tensor([12], &generator).values(as: Float.self)
    var builder = GraphBuilder(name: "grouped")
    let x = try builder.input("x", ValueType(.float32, ["batch", .fixed(channels.count), 10]))
    let own = Array(weights[filters.lowerBound * perGroup * 3..<filters.upperBound * perGroup * 3])
    let w = try builder.parameter("w", Tensor(own, shape: [filters.count, perGroup, 3]), isTrainable: true)
    let b = try builder.parameter("b", Tensor(Array(bias[filters])), isTrainable: true)
    let attributes: [String: Attribute] = ["group": .int(channels.count / perGroup), "pads": .ints([1, 1])]
    try builder.output(builder.apply("Conv", [x, w, b], attributes: attributes, name: "conv", output: "y"))
    let values = try #require(correlated(60, rows: 200)["x"]).values(as: Float.self)
    let positions = channels.lowerBound * 10..<channels.upperBound * 10
    let picked: [Float] = values.indices.filter { positions.contains($0 % 60) }.map { values[$0] }
    let rows = try TrainingData(["x": Tensor(picked, shape: [200, channels.count, 10])])
    return (Model(graph: builder.graph), rows)
  }

  /// A grouped convolution is one convolution for each group, side by side.
  @Test(arguments: [2, 3, 6], [WeightRounding.gptq(damping: 0.01), .adaptive(iterations: 2000)])
  func groupsOfAConvolutionAreRoundedAsConvolutionsOfTheirOwn(_ groups: Int, _ rounding: WeightRounding) throws {
    func costs(_ channels: Range<Int>) throws -> (after: Double, nearest: Double) {
      let (model, rows) = try Self.convolution(groups: groups, channels: channels)
      let result = try Quantization(QuantizationScheme(.int4, mode: .weightOnly, rounding: rounding))
        .compress(model, in: CompressionContext(training: rows))
      let figures = result.layers[0].figures
      return (try #require(figures["output_error"]), try #require(figures["output_error_of_nearest"]))
    }
    let whole = try costs(0..<6)
    let parts = try (0..<groups).map { try costs($0 * 6 / groups..<($0 + 1) * 6 / groups) }
    #expect(whole.after < whole.nearest)
    let (after, nearest) = (parts.reduce(0) { $0 + $1.after }, parts.reduce(0) { $0 + $1.nearest })
    #expect(abs(whole.nearest - nearest) < 1e-4 * nearest)
    // A weight beside a tie may go the other way.
    #expect(abs(whole.after - after) < 1e-2 * after, "\(whole.after) and \(after)")
  }

  @Test(arguments: [2, 3, 6]) func biasCorrectionKeepsTheMeansOfGroupedConvolutions(_ groups: Int) throws {
    let (model, rows) = try Self.convolution(groups: groups)
    let graph = try Quantization(QuantizationScheme(.int4, mode: .weightOnly), correctsBias: true)
      .apply(to: model, in: CompressionContext(training: rows)).graph
    let (real, found) = (try NetworkFixture.output(model.graph, rows), try NetworkFixture.output(graph, rows))
    for filter in 0..<12 {
      let differences = real.indices.filter { $0 / 10 % 12 == filter }.map { found[$0] - real[$0] }
      #expect((differences.reduce(0, +) / 2000).magnitude < 1e-4)
    }
  }

  @Test(arguments: [WeightRounding.gptq(damping: 0.01), .adaptive(iterations: 300)])
  func aSharedWeightIsRoundedByTheInputsOfAllThatShareIt(_ rounding: WeightRounding) throws {
    var generator = SeededGenerator(seed: 42)
    var builder = GraphBuilder(name: "shared")
    let x = try builder.input("x", ValueType(.float32, ["batch", 24]))
    let w = try builder.parameter("w", NetworkFixture.tensor([24, 24], scale: 0.3, &generator), isTrainable: true)
    let first = try builder.apply("Relu", [builder.apply("MatMul", [x, w], name: "first")], name: "relu")
    try builder.output(builder.apply("MatMul", [first, w], name: "second", output: "y"))
    let (model, rows) = (Model(graph: builder.graph), try Self.correlated(24, rows: 400))
    func result(_ rounding: WeightRounding) throws -> CompressionResult {
      try Quantization(QuantizationScheme(.int4, mode: .weightOnly, rounding: rounding))
        .compress(model, in: CompressionContext(training: rows))
    }
    let (plain, adjusted) = (try result(.halfToEven), try result(rounding))
    #expect(try Self.noise(adjusted.model.graph, against: model, rows) < 0.8 * Self.noise(plain.model.graph, against: model, rows))
    #expect(adjusted.layers.count == 2)
  }

  // MARK: equalization and smoothing

  /// A network of three dense layers whose channels reach differently far.
  static func uneven() throws -> Model {
    var model = try Fixture.model(hidden: [24, 16])
    for (name, inputs) in [("dense_0.weight", 6), ("dense_1.weight", 24)] {
      let weights = try Fixture.weights(model.graph, name)
      let rows = weights.count / inputs
      let scaled = weights.enumerated().map { $1 * (($0 / inputs) % 5 == 0 ? 30 : ($0 / inputs) % 5 == 1 ? 0.02 : 1) }
      model.graph.parameters[name]?.storage = ParameterStorage(Tensor(scaled, shape: [rows, inputs]))
    }
    return model
  }

  @Test func equalizationLeavesEveryBitOfTheFunction() throws {
    for model in [try Self.uneven(), try NetworkFixture.convolutional()] {
      let equalized = try CrossLayerEqualization().apply(to: model, in: CompressionContext())
      let name = try #require(model.graph.inputs.first).name
      let rows = try name == "x" ? NetworkFixture.images(50) : Fixture.rows(200)
      let output = name == "x" ? "y" : "logits"
      #expect(try NetworkFixture.output(equalized.graph, rows, of: output) == NetworkFixture.output(model.graph, rows, of: output))
      #expect(equalized.graph.parameters != model.graph.parameters)
    }
  }

  @Test func equalizationBringsRangesWithinAFactorOfTwo() throws {
    let model = try Self.uneven()
    let result = try CrossLayerEqualization().compress(model, in: CompressionContext())
    #expect(result.layers.map(\.layer) == ["dense_0", "dense_1", "dense_2"])
    #expect(result.layers[2].outcome.hasPrefix("left as it is"))
    let graph = result.model.graph
    for (made, read, inputs) in [("dense_0.weight", "dense_1.weight", 6), ("dense_1.weight", "dense_2.weight", 24)] {
      let (a, b) = (try Fixture.weights(graph, made), try Fixture.weights(graph, read))
      let channels = a.count / inputs
      for channel in 0..<channels {
        let first = a[channel * inputs..<(channel + 1) * inputs].map(\.magnitude).max() ?? 0
        let second = stride(from: channel, to: b.count, by: channels).map { b[$0].magnitude }.max() ?? 0
        #expect(first / second <= 2.001 && second / first <= 2.001)
      }
    }
  }

  @Test func equalizationMakesOneScaleServeAllChannels() throws {
    let model = try Self.uneven()
    let context = try Fixture.context()
    let rows = try Fixture.rows(300, seed: 40)
    let scheme = QuantizationScheme(.int8, weights: .symmetric(.perTensor))
    let equalized = try CrossLayerEqualization().apply(to: model, in: context)
    func noise(_ from: Model) throws -> Double {
      let graph = try Quantization(scheme).apply(to: from, in: context).graph
      return ErrorMeasure(
        of: try NetworkFixture.output(graph, rows, of: "logits"),
        against: try NetworkFixture.output(model.graph, rows, of: "logits")
      ).noiseEnergy
    }
    #expect(try noise(equalized) < 0.5 * noise(model))
  }

  @Test func deadChannelsAreLeftWhenEqualizing() throws {
    var model = try Self.uneven()
    var weights = try Fixture.weights(model.graph, "dense_0.weight")
    for index in 0..<6 { weights[index] = 0 }
    model.graph.parameters["dense_0.weight"]?.storage = ParameterStorage(Tensor(weights, shape: [24, 6]))
    let after = try CrossLayerEqualization().apply(to: model, in: CompressionContext()).graph
    #expect(try Fixture.weights(after, "dense_0.weight").allSatisfy { $0.isFinite })
    #expect(try Fixture.weights(after, "dense_0.weight").prefix(6).allSatisfy { $0 == 0 })
  }

  @Test func smoothingLeavesTheFunctionAndLowersTheNoise() throws {
    let model = try NetworkFixture.attentive()
    let context = CompressionContext(training: try NetworkFixture.sequences(128))
    let result = try ActivationSmoothing().compress(model, in: context)
    let rows = try NetworkFixture.sequences(60, seed: 41)
    let real = try NetworkFixture.output(model.graph, rows)
    let smooth = try NetworkFixture.output(result.model.graph, rows)
    #expect(smooth == real, "\(ErrorMeasure(of: smooth, against: real).maximumError)")
    #expect(result.layers[0].outcome.hasSuffix("by what makes its input") && result.layers[1].outcome.hasPrefix("its input as divided"))
    #expect(result.model.graph.parameters["gamma"] != model.graph.parameters["gamma"])
    // Per channel of the weights, one scale for the activation.
    func noise(_ from: Model) throws -> Double {
      let graph = try Quantization(.int8, layers: .named(["query", "key", "value"])).apply(to: from, in: context).graph
      return ErrorMeasure(of: try NetworkFixture.output(graph, rows), against: real).noiseEnergy
    }
    let (after, before) = (try noise(result.model), try noise(model))
    #expect(after < 0.6 * before, "\(after) of \(before)")
  }

  @Test func smoothingAFirstLayerNeedsAMultiplication() throws {
    let layer = Self.layer(8, outputs: 4)
    var generator = SeededGenerator(seed: 42)
    let rows = try layer.rows((0..<800).map { Float(generator.normal()) * ($0 % 8 == 2 ? 50 : 1) })
    let context = CompressionContext(training: rows)
    let left = try ActivationSmoothing().compress(layer.model, in: context)
    #expect(left.layers[0].outcome == "left as it is: nothing before it takes factors in")
    #expect(left.model.graph.parameters == layer.model.graph.parameters)
    let inserted = try ActivationSmoothing(strength: 0.8, inserts: true).apply(to: layer.model, in: context)
    #expect(inserted.graph.nodes.map(\.operatorName) == ["Mul", "Gemm"])
    #expect(try NetworkFixture.output(inserted.graph, rows) == NetworkFixture.output(layer.model.graph, rows))
    let real = layer.model
    let plain = try layer.quantized(QuantizationScheme(.int8), context: context)
    let smooth = try Quantization(.int8).apply(to: inserted, in: context).graph
    #expect(try Self.noise(smooth, against: real, rows) < 0.5 * Self.noise(plain, against: real, rows))
  }
}
