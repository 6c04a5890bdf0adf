import PareCompression
import PareGraph
import PareInference
import PareTensor
import PareTraining
import Testing

@Suite struct QuantizationTests {
  @Test func theGraphHasTheStandardForm() throws {
    let graph = try Quantization(.int8).apply(to: Fixture.model(), in: Fixture.context()).graph
    let types = graph.nodes.map { $0.operatorName.description }
    let layer = ["DequantizeLinear", "QuantizeLinear", "DequantizeLinear", "Gemm"]
    #expect(types == ["Sub", "Mul", "Clip"] + layer + ["Relu"] + layer + ["Relu"] + layer + ["Softmax", "pare.Decide"])
    for index in 0..<3 {
      let weight = try #require(graph.parameters["dense_\(index).weight"])
      #expect(weight.storage.elementType == .int8 && !weight.isTrainable)
      #expect(graph.parameters["dense_\(index).weight.scale"]?.storage.shape == [weight.storage.shape[0]])
      #expect(graph.parameters["dense_\(index).bias"]?.storage.elementType == .float32)
    }
    #expect(graph.parameters["normalized.scale"]?.storage.shape == [])
    #expect(graph.parameters["normalized.zero"]?.storage.elementType == .uint8)
    // What comes out of Relu starts at zero.
    #expect(graph.parameters["relu_0.zero"]?.storage.decoded() == Tensor(scalar: UInt8(0)))
  }

  @Test(arguments: [TensorScheme.Granularity.perChannel, .perTensor])
  func weightsAreWithinHalfAStepAndNarrow(_ granularity: TensorScheme.Granularity) throws {
    let model = try Fixture.model()
    let result = try Quantization(.int8, weights: .symmetric(granularity)).compress(model, in: Fixture.context())
    for layer in model.graph.linearLayers {
      let weights = try Fixture.weights(model.graph, layer.weight)
      let integers = try #require(result.model.graph.parameters[layer.weight]).storage.decoded().values(as: Int8.self)
      let scales = try Fixture.weights(result.model.graph, layer.weight + ".scale")
      #expect(scales.count == (granularity == .perChannel ? layer.outputCount : 1))
      #expect(integers.min() ?? 0 >= -127)
      for (position, (weight, integer)) in zip(weights, integers).enumerated() {
        let scale = Double(scales[granularity == .perChannel ? position / layer.inputCount : 0])
        #expect((Double(weight) - scale * Double(integer)).magnitude <= scale / 2)
      }
      // Every channel uses its whole range.
      if granularity == .perChannel {
        for row in 0..<layer.outputCount {
          #expect(integers[row * layer.inputCount..<(row + 1) * layer.inputCount].contains { $0.magnitude == 127 })
        }
      }
    }
    for report in result.layers { #expect(try #require(report.figures["weight_error_in_half_steps"]) <= 1) }
  }

  @Test func theAffineMapCoversItsRangeAndZeroExactly() {
    var generator = SeededGenerator(seed: 2)
    for _ in 0..<2000 {
      let scale = 0x1p-100 * Double(sign: .plus, exponent: generator.below(200), significand: 1)
      let (a, b) = (generator.normal() * scale, generator.normal() * scale)
      let range = min(a, b)...max(a, b)
      for symmetry in TensorScheme.Symmetry.allCases {
        let map = AffineMap(covering: range, symmetry: symmetry)
        #expect(map.integers.contains(map.zeroPoint) && (0...255).contains(map.zeroPoint))
        #expect(map.scale.isNormal && map.scale > 0)
        for r in [range.lowerBound, range.upperBound, 0, (range.lowerBound + range.upperBound) / 2] where range.contains(r) || r == 0 {
          let step = Double(map.scale)
          let q = min(max((r / step).rounded(.toNearestOrEven) + Double(map.zeroPoint), 0), 255)
          // S is rounded to Float32, which shifts the ends of the range by at most 255 · 2⁻²⁴ steps.
          #expect((r - step * (q - Double(map.zeroPoint))).magnitude <= step * (0.5 + 255 * 0x1p-24))
        }
      }
    }
  }

  @Test func aRangeOfNothingGetsScaleOne() {
    let map = AffineMap(covering: 0...0, symmetry: .asymmetric)
    #expect(map.scale == 1 && map.zeroPoint == 0)
    #expect(AffineMap(covering: 0...1e-300, symmetry: .asymmetric).scale == .leastNormalMagnitude)
    #expect(AffineMap(covering: -1e38 ... 3e38, symmetry: .asymmetric).scale.isFinite)
    // The range is widened to hold zero.
    #expect(AffineMap(covering: 2...4, symmetry: .asymmetric) == AffineMap(covering: 0...4, symmetry: .asymmetric))
    #expect(AffineMap(covering: -4 ... -2, symmetry: .asymmetric).zeroPoint == 255)
  }

  @Test func analysisFindsErrorsWithinHalfAStepAndNothingSaturatedAfterMinMax() throws {
    let model = try Fixture.model()
    let context = try Fixture.context()
    let rows = try #require(context.training)
    let graph = try Quantization(.int8).apply(to: model, in: context).graph
    let analyses = try QuantizationAnalysis.layers(of: graph, against: model.graph, rows: rows)
    #expect(analyses.map { $0.layer } == ["dense_0", "dense_1", "dense_2"])
    for (index, analysis) in analyses.enumerated() {
      #expect(analysis.weightErrorInHalfSteps <= 1)
      // Division, product and sum in Float32, at up to 255 steps from zero.
      #expect(analysis.inputErrorInHalfSteps <= 1 + 2 * 4 * 255 * 0x1p-24)
      // Behind a quantized layer activations may leave the calibrated range by the errors of that layer.
      if index == 0 { #expect(analysis.inputSaturation == 0) } else { #expect(analysis.inputSaturation < 0.005) }
      #expect(try #require(analysis.output.signalToNoiseDecibels) > 30)
      #expect(try #require(analysis.output.cosine) > 0.999)
      #expect(analysis.output.count == rows.rowCount * [12, 10, 3][index])
    }
  }

  @Test func percentilesTradeSaturationForResolution() throws {
    let model = try Fixture.model()
    let context = try Fixture.context()
    func first(_ calibration: Calibration) throws -> [String: Double] {
      try #require(Quantization(.int8, calibration: calibration).compress(model, in: context).layers.first).figures
    }
    let (full, clipped) = (try first(.minMax), try first(.percentile(98)))
    #expect(try #require(clipped["input_scale"]) < #require(full["input_scale"]))
    #expect(full["input_saturation"] == 0)
    // Two per cent on either side.
    #expect((try #require(clipped["input_saturation"]) - 0.04).magnitude < 0.01)
  }

  @Test func prunedWeightsStayZeroAndSparseInIntegers() throws {
    let context = try Fixture.context()
    let pruned = try Pruning(sparsity: 0.75).apply(to: Fixture.model(hidden: [32, 32]), in: context)
    let graph = try Quantization(.int8).apply(to: pruned, in: context).graph
    let storage = try #require(graph.parameters["dense_1.weight"]).storage
    #expect(storage.layout == .bitmask)
    let integers = storage.decoded().values(as: Int8.self)
    for (weight, integer) in zip(try Fixture.weights(pruned.graph, "dense_1.weight"), integers) where weight == 0 {
      #expect(integer == 0)
    }
    #expect(storage.byteCount < 1024 / 2)
  }

  /// Layers that are computed in integers once the graph is lowered.
  static func integerLayers(of graph: Graph) throws -> Int {
    try IntegerLowering.lower(graph).nodes.count { $0.operatorName == "pare.QuantizedDense" }
  }

  @Test(arguments: [
    Recipe("plain") { Quantization(.int8) },
    Recipe("symmetric") {
      Quantization(.int8, weights: .symmetric(.perTensor), activations: .symmetric(.perTensor), calibration: .percentile(99.9))
    },
    Recipe("factorized, pruned and shared") {
      LowRankFactorization(.ratio(0.5), layers: .named(["dense_1"]))
      Pruning(sparsity: 0.3)
      WeightSharing(bits: 5)
      Quantization(.int8)
    },
  ]) func everyLayerRunsInIntegersAndDecidesAlike(_ recipe: Recipe) throws {
    let model = try Fixture.model(hidden: [40, 30])
    let real = try Recipe(name: "real", steps: Array(recipe.steps.dropLast())).apply(to: model, in: Fixture.context()).model.graph
    let graph = try recipe.apply(to: model, in: Fixture.context()).model.graph
    #expect(try Self.integerLayers(of: graph) == real.linearLayers.count)
    let rows = try Fixture.rows(200, seed: 31)
    let expected = try #require(Scorer(real, outputs: ["decision"]).run(rows)["decision"]).values(as: Int8.self)
    let context = try ExecutionPlan(graph).makeContext()
    let features = try #require(rows["features"]).values(as: Float.self)
    let decisions = try (0..<200).map { row in
      try features[row * Fixture.features..<(row + 1) * Fixture.features].withContiguousStorageIfAvailable {
        try context.run(features: #require($0.baseAddress))
      } ?? 0
    }
    #expect(zip(decisions, expected).count { $0 == $1 } >= 190)
  }

  @Test func layersLeftOutStayReal() throws {
    let graph = try Quantization(.int8, layers: .exceptFirstAndLast).apply(to: Fixture.model(), in: Fixture.context()).graph
    #expect(graph.parameters["dense_0.weight"]?.storage.elementType == .float32)
    #expect(graph.parameters["dense_1.weight"]?.storage.elementType == .int8)
    #expect(graph.parameters["dense_2.weight"]?.storage.elementType == .float32)
    // The others can follow.
    let rest = try Quantization(.int8).apply(to: Model(graph: graph), in: Fixture.context()).graph
    #expect(rest.linearLayers.isEmpty)
    #expect(throws: CompressionError.self) { try Quantization(.int8).apply(to: Model(graph: rest), in: Fixture.context()) }
  }

  @Test func matMulAndSharedInputsAndWeightsAreQuantized() throws {
    var builder = GraphBuilder(name: "branches")
    let x = try builder.input("x", ValueType(.float32, ["batch", 4]))
    var generator = SeededGenerator(seed: 4)
    func matrix() -> Tensor { Tensor((0..<16).map { _ in Float(generator.normal()) }, shape: [4, 4]) }
    let w = try builder.parameter("w", matrix(), isTrainable: true)
    let v = try builder.parameter("v", matrix(), isTrainable: true)
    let a = try builder.apply("MatMul", [x, w], name: "a")
    let b = try builder.apply("MatMul", [a, v], name: "b")
    let c = try builder.apply("MatMul", [a, w], name: "c")
    try builder.output(builder.apply("Add", [b, c], name: "sum", output: "y"))
    let model = Model(graph: builder.graph)
    let rows = try TrainingData(["x": Tensor((0..<400).map { _ in Float(generator.normal()) }, shape: [100, 4])])
    let graph = try Quantization(.int8).apply(to: model, in: CompressionContext(training: rows)).graph
    #expect(graph.nodes.count { $0.operatorName == "QuantizeLinear" } == 2)
    #expect(graph.nodes.count { $0.operatorName == "DequantizeLinear" } == 4)
    let expected = try #require(Scorer(model.graph).run(rows)["y"]).doubles
    let found = try #require(Scorer(graph).run(rows)["y"]).doubles
    #expect(try #require(ErrorMeasure(of: found, against: expected).signalToNoiseDecibels) > 30)
    for analysis in try QuantizationAnalysis.layers(of: graph, against: model.graph, rows: rows) {
      #expect(analysis.weightErrorInHalfSteps <= 1)
      #expect(try #require(analysis.weights.signalToNoiseDecibels) > 35)
    }
    #expect(try Self.integerLayers(of: graph) == 3)
  }

  @Test func aBiasNeverLeavesTheAccumulator() throws {
    var model = try Fixture.model()
    var weights = try Fixture.weights(model.graph, "dense_1.weight")
    for index in 0..<12 { weights[index] *= 1e-12 }
    model.graph.parameters["dense_1.weight"]?.storage = ParameterStorage(Tensor(weights, shape: [10, 12]))
    model.graph.parameters["dense_1.bias"]?.storage = ParameterStorage(Tensor([Float](repeating: 0.5, count: 10)))
    let graph = try Quantization(.int8).apply(to: model, in: Fixture.context()).graph
    let weightScale = try Fixture.weights(graph, "dense_1.weight.scale")[0]
    let inputScale = try Fixture.weights(graph, "relu_0.scale")[0]
    #expect(0.5 / (Double(weightScale) * Double(inputScale)) <= 0x1p30 * (1 + 0x1p-20))
  }

  @Test func withoutRowsOrWithNaNTheMessageSaysSo() throws {
    let model = try Fixture.model()
    let missing = try #require(throws: CompressionError.self) { try Quantization(.int8).apply(to: model, in: CompressionContext()) }
    #expect(missing.description == "quantization: expected rows of the training part, found none")
    // Clip lets NaN pass.
    let rows = try TrainingData(["features": Tensor([Float](repeating: .nan, count: 12), shape: [2, 6])])
    let nan = try #require(throws: CompressionError.self) {
      try Quantization(.int8).apply(to: model, in: CompressionContext(training: rows))
    }
    #expect(nan.code == "compression.non-finite-value")
  }

  @Test func aLayerThatIsNotThereIsNamed() throws {
    let error = try #require(throws: CompressionError.self) {
      try Quantization(.int8, layers: .named(["dense1"])).apply(to: Fixture.model(), in: Fixture.context())
    }
    #expect(error.description == "model 'mlp': expected layer 'dense1' to be one of dense_0, dense_1, dense_2 (nearest: 'dense_1'), found no such layer")
  }
}
