import PareCompression
import PareGraph
import PareTensor
import PareTraining
import Testing

/// What degenerate models and data give: a defined outcome, or an error that says what is wrong.
@Suite struct QuantizationInputTests {
  static let schemes: [QuantizationScheme] = [
    QuantizationScheme(.int8), QuantizationScheme(.int8, weights: .symmetric(.perTensor)), QuantizationScheme(.int8, mode: .dynamic),
    QuantizationScheme(.int8, weights: .asymmetric(.perChannel), mode: .weightOnly), QuantizationScheme(.int4),
    QuantizationScheme(.int4, rounding: .gptq(damping: 0.01)), QuantizationScheme(.int8, rounding: .adaptive(iterations: 5)),
    QuantizationScheme(.ternary), QuantizationScheme(.binary), QuantizationScheme(.binary, mode: .weightOnly),
    QuantizationScheme(.float16), QuantizationScheme(.powersOfTwo(bits: 3)), QuantizationScheme(.kMeans(bits: 2)),
    QuantizationScheme(.learned(bits: 2)),
  ]

  @Test(arguments: schemes) func aConstantLayerYieldsItsBias(_ scheme: QuantizationScheme) throws {
    let layer = OneLayer([Float](repeating: 0, count: 64 * 3), outputs: 3, bias: [0.5, -1, 0])
    let rows = try layer.rows((0..<640).map { Float($0 % 7) - 3 })
    let graph = try layer.quantized(scheme, context: CompressionContext(training: rows))
    let output = try NetworkFixture.output(graph, rows)
    for (index, y) in output.enumerated() { #expect((y - [0.5, -1, 0][index % 3]).magnitude < 1e-6) }
  }

  @Test(arguments: schemes) func inputsThatAreAlwaysTheSameAreCarried(_ scheme: QuantizationScheme) throws {
    for constant in [Float(0), 3, -2] {
      let layer = OneLayer((0..<64 * 2).map { Float($0 % 5) - 2 }, outputs: 2, bias: [1, 2])
      let rows = try layer.rows([Float](repeating: constant, count: 640))
      let output = try NetworkFixture.output(layer.quantized(scheme, context: CompressionContext(training: rows)), rows)
      #expect(output.allSatisfy { $0.isFinite })
    }
  }

  @Test(arguments: schemes) func oneRowIsEnough(_ scheme: QuantizationScheme) throws {
    let layer = OneLayer((0..<64 * 2).map { Float($0 % 9) * 0.25 - 1 }, outputs: 2)
    let row = try layer.rows((0..<64).map { Float($0) * 0.1 - 2 })
    let result = try Quantization(scheme, correctsBias: scheme.precision.integerBits != nil).compress(
      layer.model, in: CompressionContext(training: row))
    let output = try NetworkFixture.output(result.model.graph, row)
    #expect(output.allSatisfy { $0.isFinite })
    if scheme.mode == .static, scheme.precision.integerBits != nil {
      #expect(result.layers[0].figures["calibration_rows"] == 1 && result.layers[0].figures["calibration_rows_needed"] == 1)
      #expect(result.layers[0].figures["range_drift_halves"] == nil)
    }
  }

  @Test(arguments: schemes) func aWeightThatIsNoNumberIsNamed(_ scheme: QuantizationScheme) throws {
    for bad in [Float.nan, .infinity] {
      var weights = [Float](repeating: 1, count: 128)
      weights[67] = bad
      let layer = OneLayer(weights, outputs: 2)
      let error = try #require(throws: CompressionError.self) {
        try layer.quantized(scheme, context: CompressionContext(training: layer.rows([Float](repeating: 1, count: 64))))
      }
      #expect(error.code == "compression.non-finite-value")
      #expect(error.description.hasPrefix("layer 'y', w[1, 3]: expected a finite number"))
    }
  }

  @Test func withoutAnyRowsTheMessageSaysSo() throws {
    let error = try #require(throws: TrainingError.self) { try TrainingData(["x": Tensor([Float](), shape: [0, 4])]) }
    #expect(error.description == "data: expected at least one row, found none")
    let missing = try #require(throws: CompressionError.self) {
      try ActivationSmoothing().apply(to: Fixture.model(), in: CompressionContext())
    }
    #expect(missing.description == "activation-smoothing: expected rows of the training part, found none")
  }

  @Test func rowsThatAreNoNumbersAreNamedWhateverNeedsThem() throws {
    let layer = OneLayer([Float](repeating: 1, count: 64), outputs: 1)
    let context = CompressionContext(training: try layer.rows([Float](repeating: .nan, count: 64)))
    for technique: any CompressionTechnique in [
      Quantization(.int8), Quantization(.int4, mode: .weightOnly, rounding: .gptq(damping: 0.01)), Quantization(.learned(bits: 2)),
      ActivationSmoothing(),
    ] {
      let error = try #require(throws: CompressionError.self) { try technique.apply(to: layer.model, in: context) }
      #expect(error.description == "value 'x': expected finite activations on the training part, found nan")
    }
  }

  @Test func deadChannelsStayDead() throws {
    var model = try Fixture.model(hidden: [64, 64])
    var weights = try Fixture.weights(model.graph, "dense_0.weight")
    for index in 0..<12 { weights[index] = 0 }
    model.graph.parameters["dense_0.weight"]?.storage = ParameterStorage(Tensor(weights, shape: [64, 6]))
    model.graph.parameters["dense_0.bias"]?.storage = ParameterStorage(Tensor([Float](repeating: 0, count: 64)))
    for scheme in Self.schemes where scheme.precision != .binary {
      let graph = try Quantization(scheme).apply(to: model, in: Fixture.context()).graph
      let values = try NetworkFixture.output(graph, Fixture.rows(20), of: "dense_0")
      for row in 0..<20 { #expect(values[row * 64] == 0 && values[row * 64 + 1] == 0, "\(scheme.precision)") }
    }
  }
}
