import PareCompression
import PareTraining
import Testing

@Suite struct RecipeOrderTests {
  static func error(_ steps: any CompressionTechnique...) -> CompressionError? {
    do { try Recipe(name: "x", steps: steps).validate() } catch { return error as? CompressionError }
    return nil
  }

  @Test func nothingFollowsWhatLeavesNoRealWeights() {
    let error = Self.error(Quantization(.int8, recurrent: .integers), WeightSharing(bits: 4))
    #expect(error?.code == "compression.order")
    #expect(error?.subject == "steps[1]")
    #expect(error?.expected == "nothing that works on Float32 weights after steps[0], 'quantization', which leaves none")
    #expect(error?.found == "'weight-sharing'")
    #expect(Self.error(Quantization(.int8, recurrent: .integers), Quantization(.int4)) != nil)
  }

  @Test func whatLeavesSomeLayersRealCanBeFollowed() {
    #expect(Self.error(Quantization(.int8, layers: .named(["a"]), recurrent: .integers), WeightSharing(bits: 4)) == nil)
    #expect(Self.error(Quantization(.int8), WeightSharing(bits: 4)) == nil)
    #expect(Self.error(Quantization(.float16), WeightSharing(bits: 4)) == nil)
    let student = Distillation(into: .mlp(hidden: [4]), temperature: 2, hardWeight: 0.5)
    #expect(Self.error(Quantization(.int8, recurrent: .integers), student, WeightSharing(bits: 4)) == nil)
  }

  @Test func whatALaterStepUndoesIsAWarning() {
    func warnings(_ steps: any CompressionTechnique...) -> [String] { Recipe(name: "x", steps: steps).warnings }
    #expect(
      warnings(Pruning(sparsity: 0.5), LowRankFactorization(.rank(2))) == [
        "steps[1], 'low-rank', undoes the zeros of steps[0], 'pruning': factors hold other numbers than the weights that they stand for"
      ])
    #expect(warnings(WeightSharing(bits: 4), Quantization(.int8)).count == 1)
    #expect(warnings(WeightSharing(bits: 4), Pruning(sparsity: 0.5, fineTuning: FineTuning())).count == 1)
    #expect(warnings(WeightSharing(bits: 4), Pruning(sparsity: 0.5)).isEmpty)
    #expect(warnings(Pruning(sparsity: 0.5), WeightSharing(bits: 4), Quantization(.int8)).count == 1)
    #expect(warnings(LowRankFactorization(.rank(2)), Pruning(sparsity: 0.5), WeightSharing(bits: 4)).isEmpty)
    let student = Distillation(into: .mlp(hidden: [4]), temperature: 2, hardWeight: 0.5)
    #expect(warnings(Pruning(sparsity: 0.5), student).count == 1)
  }
}
