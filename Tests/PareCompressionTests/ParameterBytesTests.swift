import PareCompression
import PareGraph
import Testing

@Suite struct ParameterBytesTests {
  @Test(arguments: [nil, QuantizationPrecision.int8, .int4, .float16, .ternary, .binary, .kMeans(bits: 3)])
  func whatIsForWhatAddsUpToAllOfIt(_ precision: QuantizationPrecision?) throws {
    let original = try Fixture.model(hidden: [48, 40])
    let model = try precision.map { try Quantization($0).apply(to: original, in: Fixture.context()) } ?? original
    let bytes = ParameterBytes(of: model.graph)
    #expect(bytes.weights + bytes.scales + bytes.biases + bytes.others == model.graph.storedByteCount)
    // 6 × 48, 48 × 40 and 40 × 3 weights; 91 biases.
    let weights = 6 * 48 + 48 * 40 + 40 * 3
    if precision == nil { #expect(bytes.weights == 4 * weights && bytes.biases == 4 * 91 && bytes.scales == 0) }
    // Signs have a factor and a number to add for each output.
    if precision == .binary { #expect(bytes.scales == 4 * 91 && bytes.biases == 4 * 91) }
    if precision == .int8 {
      // A scale of 4 bytes an output, and a scale and a zero point for each layer's input.
      #expect(bytes.weights == weights && bytes.biases == 4 * 91 && bytes.scales == 4 * 91 + 3 * 5)
    }
  }
}
