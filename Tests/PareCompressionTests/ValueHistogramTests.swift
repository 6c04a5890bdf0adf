import PareCompression
import PareGraph
import PareTensor
import PareTraining
import Testing

/// What plots are told of weights and inputs.
@Suite struct ValueHistogramTests {
  /// A layer of two inputs and one output, and rows for it.
  private func analysis(weights: [Float], rows: [Float], on others: [Float]? = nil) throws -> QuantizationAnalysis {
    let layer = OneLayer(weights, outputs: 1)
    let model = try Quantization(.int8, weights: .symmetric(.perTensor)).apply(
      to: layer.model, in: CompressionContext(training: try layer.rows(rows)))
    return try #require(
      try QuantizationAnalysis.layers(of: model.graph, against: layer.model.graph, rows: try layer.rows(others ?? rows)).first)
  }

  @Test func binsHoldEveryNumberWhereItLies() throws {
    let analysis = try analysis(weights: [-1, 0.5], rows: [0, 1, 2, 3, 3, 3, 7.9, 4])
    let (weights, inputs) = (analysis.weightValues, analysis.inputValues)
    // −1 ... 0.5 in at most 64 bins, each a power of two wide: 2⁻⁵ makes 49, half of that would make 97.
    #expect(weights.width == 0x1p-5 && weights.start == -1 && weights.counts.count == 49)
    #expect(weights.counts.first == 1 && weights.counts.last == 1 && weights.counts.reduce(0, +) == 2)
    // 0 ... 7.9 in eighths.
    #expect(inputs.width == 0x1p-3 && inputs.start == 0 && inputs.counts.count == 64)
    #expect(inputs.counts[24] == 3 && inputs.counts[32] == 1 && inputs.counts[63] == 1 && inputs.counts.reduce(0, +) == 8)
    #expect(inputs.minimum == 0 && inputs.maximum == Double(Float(7.9)))
  }

  @Test func whatIntegersReachIsWhatTheScalesSay() throws {
    // Weights: 1/127 a step, of which −127 and 65 are taken. Inputs: 0 ... 5.1 in 255 steps of 0.02.
    let analysis = try analysis(weights: [-1, 0.51], rows: [0, 5.1], on: [10.2, -1])
    let step = Double(Float(1.0 / 127))
    #expect(analysis.weightValues.steps == step...step)
    #expect(analysis.weightValues.reach == -127 * step...65 * step)
    let reach = try #require(analysis.inputValues.reach)
    #expect(reach.lowerBound == 0 && abs(reach.upperBound - 5.1) < 1e-6)
    #expect(abs(try #require(analysis.inputValues.steps).lowerBound - 0.02) < 1e-8)
    // Rows that calibration did not see lie beyond on both sides.
    #expect(analysis.inputValues.minimum == -1 && analysis.inputValues.maximum == Double(Float(10.2)))
    #expect(analysis.inputSaturation == 1)
  }

  @Test func equalNumbersAreOneBin() throws {
    let values = try analysis(weights: [0.25, 0.25], rows: [3, 3, 3, 3]).inputValues
    #expect(values.counts == [4] && values.start == 3 && values.width == 0)
  }

  @Test func halvesAndSignsHaveNoStepsAndLeaveInputsAlone() throws {
    let layer = OneLayer([1, -0.3, 0.1, 2], outputs: 2)
    let rows = try layer.rows([1, 2, 3, 4])
    for precision in [QuantizationPrecision.float16, .bfloat16, .ternary] {
      let model = try Quantization(precision).apply(to: layer.model, in: CompressionContext(training: rows))
      let analysis = try #require(
        try QuantizationAnalysis.layers(of: model.graph, against: layer.model.graph, rows: rows).first, "\(precision)")
      #expect(analysis.weights.noiseEnergy > 0 && analysis.weightValues.steps == nil && analysis.weightErrorInHalfSteps == 0)
      let weights = try layer.decodedWeights(of: model.graph).map { Double($0) }
      #expect(analysis.weights == ErrorMeasure(of: weights, against: layer.weights.map { Double($0) }))
      let (least, greatest) = (try #require(weights.min()), try #require(weights.max()))
      #expect(analysis.weightValues.reach == least...greatest)
      #expect(analysis.input.noiseEnergy == 0 && analysis.inputValues.reach == nil && analysis.inputSaturation == 0)
    }
  }

  @Test func layersOfOtherSizesAreNotCompared() throws {
    let (small, large) = (OneLayer([1, 0.5], outputs: 1), OneLayer([1, 0.5, 2, 1], outputs: 2))
    let rows = try small.rows([1, 2, 3, 4])
    let quantized = try Quantization(.int8).apply(to: small.model, in: CompressionContext(training: rows))
    #expect(try QuantizationAnalysis.layers(of: quantized.graph, against: large.model.graph, rows: rows).isEmpty)
  }
}
