import PareCompression
import PareGraph
import PareTensor
import Testing

@Suite struct ModelSizeTests {
  @Test func zerosAreNotCountedInWhateverFormTheyAreStored() throws {
    // Half of four weights and no bias.
    let layer = OneLayer([0, -2, 0, 4], outputs: 2)
    let context = CompressionContext(training: try layer.rows([1, 2, 3, 4]))
    #expect(try layer.model.graph.learnedNonZeroCount() == 2)
    for technique: any CompressionTechnique in [
      Quantization(.int8), Quantization(.float16), Quantization(.ternary), WeightSharing(bits: 2),
      Quantization(.int8, weights: .asymmetric(.perTensor), mode: .weightOnly),
    ] {
      let graph = try technique.apply(to: layer.model, in: context).graph
      #expect(try graph.learnedNonZeroCount() == 2, "\(technique)")
    }
    // Signs have no zero.
    #expect(try Quantization(.binary).apply(to: layer.model, in: context).graph.learnedNonZeroCount() == 4)
  }
}
