import PareCompression
import PareGraph
import PareTensor
import PareTraining
import Testing

/// The affine maps of the four schemes, by hand and by property.
@Suite struct QuantizationSchemeTests {
  // MARK: by hand

  @Test func asymmetricPerTensorByHand() {
    // S = (3 − (−1)) / (127 − (−128)) = 4/255, Z = −128 − round(−1 / S) = −128 + round(63.75) = −64.
    let map = AffineMap(covering: -1...3, symmetry: .asymmetric, onto: IntegerFormat(bits: 8, isSigned: true))
    #expect(map.scale == Float(4.0 / 255) && map.zeroPoint == -64)
    #expect(map.integer(of: -1) == -128 && map.integer(of: 0) == -64 && map.integer(of: 3) == 127)
    #expect(map.integer(of: 1) == 0)  // 63.75 − 64 rounds to −0.25 → 0
    // Unsigned: the same, 128 higher.
    let unsigned = AffineMap(covering: -1...3, symmetry: .asymmetric, onto: IntegerFormat(bits: 8, isSigned: false))
    #expect(unsigned.scale == map.scale && unsigned.zeroPoint == 64)
  }

  @Test func symmetricPerTensorByHand() {
    // S = α / q_max = 2.54 / 127 = 0.02, Z = 0.
    let map = AffineMap(covering: -2.54...1, symmetry: .symmetric, onto: IntegerFormat(bits: 8, isSigned: true, isNarrow: true))
    #expect((map.scale - 0.02).magnitude < 1e-8 && map.zeroPoint == 0 && map.integers == -127...127)
    #expect(map.integer(of: -2.54) == -127 && map.integer(of: 1) == 50 && map.integer(of: -9) == -127)
    // Four bits: 7 steps to either side.
    let four = AffineMap(covering: -1.4...0.7, symmetry: .symmetric, onto: IntegerFormat(bits: 4, isSigned: true, isNarrow: true))
    #expect((four.scale - 0.2).magnitude < 1e-7 && four.integers == -7...7 && four.integer(of: 0.72) == 4)
  }

  @Test(arguments: TensorScheme.Symmetry.allCases) func perChannelByHand(_ symmetry: TensorScheme.Symmetry) throws {
    // Two outputs: 0.55, −1, 0.2 and 0, 4, 1.9.
    let weights: [Float] = [0.55, -1, 0.2, 0, 4, 1.9]
    let scheme = QuantizationScheme(.int8, weights: TensorScheme(symmetry: symmetry, granularity: .perChannel), mode: .weightOnly)
    let layer = try OneLayer(weights, outputs: 2).quantized(scheme)
    let scales = try Fixture.weights(layer, "w.scale")
    let integers = try #require(layer.parameters["w"]).storage.decoded().doubles
    switch symmetry {
    case .symmetric:
      #expect(scales == [Float(1.0 / 127), Float(4.0 / 127)])
      #expect(integers == [70, -127, 25, 0, 127, 60])  // 69.85, 25.4 and 60.325
    case .asymmetric:
      // S = 1.55 / 255 and Z = −128 + round(164.52) = 37; S = 4 / 255 and Z = −128.
      #expect(scales == [Float((Double(Float(0.55)) + 1) / 255), Float(4.0 / 255)])
      #expect(try #require(layer.parameters["w.zero"]).storage.decoded().doubles == [37, -128])
      #expect(integers == [127, -128, 70, -128, 127, -7])  // 37 + 90, 37 − 165, 37 + 33; 255 − 128, 121 − 128
    }
  }

  @Test func groupsByHand() throws {
    // One output of 64 inputs: the first 32 within 0.7, the second within 1.4. sw = 1.4 / 7 / 255, m = 128 and 255.
    let weights = (0..<64).map { Float($0 < 32 ? 0.7 : 1.4) * ($0 % 2 == 0 ? 1 : -0.6) }
    let layer = try OneLayer(weights, outputs: 1).quantized(QuantizationScheme(.int4, mode: .weightOnly))
    #expect(try #require(layer.parameters["w.multiplier"]).storage.decoded() == Tensor([UInt8(128), 255], shape: [1, 2]))
    #expect(try Fixture.weights(layer, "w.scale") == [Float(1.4 / 7 / 255)])
    let integers = try #require(layer.parameters["w"]).storage.decoded().doubles
    #expect(integers.prefix(2) == [7, -4] && integers.suffix(2) == [7, -4])  // 0.42 / 0.1004 = 4.18; 0.84 / 0.2 = 4.2
  }

  // MARK: by property

  static let adversarial: [(name: String, weights: [Float])] = {
    var generator = SeededGenerator(seed: 11)
    func normal(_ scale: Float) -> [Float] { (0..<192).map { _ in Float(generator.normal()) * scale } }
    var outlier = normal(1)
    outlier[77] = 1e6
    var mixed = normal(1)
    for index in 0..<96 { mixed[index] *= 1e-30 }
    return [
      ("random", normal(1)), ("positive", normal(1).map(\.magnitude)), ("negative", normal(3).map { -$0.magnitude }),
      ("all equal", [Float](repeating: 0.3, count: 192)), ("all zero", [Float](repeating: 0, count: 192)),
      ("one outlier", outlier), ("denormal", normal(1e-41)), ("tiny", normal(1e-37)), ("huge", normal(5e37)),
      ("half tiny", mixed), ("greatest", (0..<192).map { $0 % 2 == 0 ? .greatestFiniteMagnitude : -.greatestFiniteMagnitude }),
      ("one value", (0..<192).map { $0 == 5 ? -2.5 : 0 }),
    ]
  }()

  static let schemes: [QuantizationScheme] = [QuantizationPrecision.int8, .int4].flatMap { precision in
    TensorScheme.Symmetry.allCases.flatMap { symmetry in
      [TensorScheme.Granularity.perTensor, .perChannel, .perGroup(32), .perGroup(64)].flatMap { granularity in
        TensorScheme.Signedness.allCases.map { signedness in
          QuantizationScheme(
            precision, weights: TensorScheme(symmetry: symmetry, granularity: granularity, signedness: signedness), mode: .weightOnly)
        }
      }
    }
  }

  @Test(arguments: schemes) func everyWeightIsWithinHalfAStep(_ scheme: QuantizationScheme) throws {
    for (name, weights) in Self.adversarial {
      let layer = OneLayer(weights, outputs: 2)
      let result = try Quantization(scheme).compress(layer.model, in: CompressionContext())
      let report = try #require(result.layers.first)
      // The scale is rounded to Float32, and so is the product with a multiplier: 255 steps of 2 · 2⁻²⁴ each.
      #expect(try #require(report.figures["weight_error_in_half_steps"]) <= 1 + 2 * 255 * 0x1p-23, "\(name)")
      let decoded = try layer.decodedWeights(of: result.model.graph)
      #expect(decoded.allSatisfy { $0.isFinite }, "\(name)")
      for (weight, real) in zip(weights, decoded) where weight == 0 { #expect(real == 0, "\(name)") }
    }
  }

  @Test(arguments: schemes) func theMapOfARangeIsWithinHalfAStep(_ scheme: QuantizationScheme) {
    var generator = SeededGenerator(seed: 12)
    let bits = scheme.precision.integerBits ?? 8
    for _ in 0..<300 {
      let size = Double(sign: .plus, exponent: generator.below(160) - 80, significand: 1)
      let (a, b) = (generator.normal() * size, generator.normal() * size)
      let format = IntegerFormat(
        bits: bits, isSigned: scheme.weights.signedness == .signed, isNarrow: scheme.weights.isNarrow ?? false)
      let map = AffineMap(covering: min(a, b)...max(a, b), symmetry: scheme.weights.symmetry, onto: format)
      #expect(map.integer(of: 0) == map.zeroPoint && map.integers.contains(map.zeroPoint))
      for part in stride(from: 0.0, through: 1, by: 0.0625) {
        let r = min(a, b) + part * (max(a, b) - min(a, b))
        #expect((r - map.real(of: map.integer(of: r))).magnitude <= Double(map.scale) * (0.5 + 255 * 0x1p-24))
      }
    }
  }

  @Test func stochasticRoundingIsWithinAStepAndRightOnAverage() throws {
    let weights = (0..<4096).map { _ in Float(0.3) } + [Float(1.27)]
    let scheme = QuantizationScheme(.int8, weights: .symmetric(.perTensor), mode: .weightOnly, rounding: .stochastic)
    let layer = OneLayer(weights, outputs: 1)
    let decoded = try layer.decodedWeights(of: layer.quantized(scheme)).prefix(4096)
    #expect(decoded.allSatisfy { (Double($0) - 0.3).magnitude < 0.01 })
    let coarse = QuantizationScheme(.int4, weights: .symmetric(.perTensor), mode: .weightOnly, rounding: .stochastic)
    let levels = try layer.decodedWeights(of: layer.quantized(coarse)).prefix(4096)
    // A step is 0.181: draws between 0.181 and 0.363 with a standard error of 0.0015.
    #expect(Set(levels).count == 2)
    #expect((levels.reduce(0) { $0 + Double($1) } / 4096 - 0.3).magnitude < 0.006)
  }
}

/// `y = x · Wᵀ` with weights `[outputs, inputs]` named `w`.
struct OneLayer {
  let weights: [Float]
  let outputs: Int
  var inputs: Int { weights.count / outputs }
  let model: Model

  init(_ weights: [Float], outputs: Int, bias: [Float]? = nil) {
    self.weights = weights
    self.outputs = outputs
    let inputs = weights.count / outputs
    var graph = Graph(name: "one", inputs: [ValueInfo("x", ValueType(.float32, ["batch", .fixed(inputs)]))])
    graph.parameters["w"] = Parameter(ParameterStorage(Tensor(weights, shape: [outputs, inputs])), isTrainable: true)
    if let bias { graph.parameters["b"] = Parameter(ParameterStorage(Tensor(bias)), isTrainable: true) }
    graph.nodes = [
      Node("Gemm", name: "y", inputs: ["x", "w"] + (bias == nil ? [] : ["b"]), outputs: ["y"], attributes: ["transB": .int(1)])
    ]
    graph.outputs = [ValueInfo("y", ValueType(.float32, ["batch", .fixed(outputs)]))]
    model = Model(graph: graph)
  }

  func quantized(_ scheme: QuantizationScheme, context: CompressionContext = CompressionContext()) throws -> Graph {
    try Quantization(scheme).apply(to: model, in: context).graph
  }

  /// What the weights of a quantized graph stand for, as the graph itself computes it.
  func decodedWeights(of graph: Graph) throws -> [Float] {
    let gemm = try #require(graph.nodes.first { $0.operatorName == "Gemm" })
    if let plain = graph.parameters[gemm.inputs[1]] { return plain.storage.decoded().values(as: Float.self) }
    let rows = try TrainingData(["x": Tensor([Float](repeating: 0, count: inputs), shape: [1, inputs])])
    return try #require(Scorer(graph, outputs: [gemm.inputs[1]]).values(rows)[gemm.inputs[1]]).values(as: Float.self)
  }

  /// Rows of the input.
  func rows(_ values: [Float]) throws -> TrainingData {
    try TrainingData(["x": Tensor(values, shape: [values.count / inputs, inputs])])
  }
}
