import PareCompression
import PareTensor
import Testing

@Suite struct RecipeErrorTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var yaml: String
    var message: String

    var testDescription: String { message }
  }

  /// A recipe of one step.
  static func step(_ step: String) -> String { "schema: 1\nname: r\nsteps:\n  - {\(step)}\n" }

  static let cases: [Case] = [
    Case(
      yaml: step("technique: pruning, sparsity: 1.2"),
      message: "steps[0].sparsity: expected a fraction in 0 ..< 1, found 1.2"),
    Case(
      yaml: step("technique: pruning, sparsity: .nan"),
      message: "steps[0].sparsity: expected a fraction in 0 ..< 1, found nan"),
    Case(
      yaml: step("technique: pruning, sparcity: 0.5"),
      message: "steps[0].sparcity: expected one of sparsity, criterion, pattern, scope, layers, rounds, fine-tuning (nearest: 'sparsity'), found 'sparcity'"),
    Case(
      yaml: step("technique: pruning, sparsity: half"),
      message: "steps[0].sparsity: expected a number, found 'half'"),
    Case(yaml: step("technique: pruning"), message: "steps[0].sparsity: expected a value, found none"),
    Case(
      yaml: step("technique: quantisation, precision: int8"),
      message:
        "steps[0].technique: expected one of \(TechniqueCatalogue.all.map { $0.name }.joined(separator: ", ")) (nearest: 'quantization'), found 'quantisation'"),
    Case(yaml: step("sparsity: 0.5"), message: "steps[0].technique: expected a value, found none"),
    Case(
      yaml: step("technique: quantization, precision: int5"),
      message:
        "steps[0].precision: expected one of fp32, fp16, bf16, int8, int4, ternary, binary (nearest: 'int8'), found 'int5'"),
    Case(
      yaml: step("technique: quantization, precision: {k-mean: 4}"),
      message: "steps[0].precision.k-mean: expected one of powers-of-two, k-means, learned (nearest: 'k-means'), found 'k-mean'"),
    Case(
      yaml: step("technique: quantization, precision: {k-means: 9}"),
      message: "steps[0].precision: expected bits in 1 ... 8, found 9"),
    Case(
      yaml: step("technique: quantization, precision: ternary, mode: static"),
      message: "steps[0].mode: expected 'weight-only': ternary is stored so and multiplied in Float32, found 'static'"),
    Case(
      yaml: step("technique: quantization, precision: binary, mode: dynamic"),
      message: "steps[0].mode: expected 'static' or 'weight-only': a sign has no range to find, found 'dynamic'"),
    Case(
      yaml: step("technique: quantization, precision: int8, weights: {symmetry: symmetric, granularity: per-group}"),
      message:
        "steps[0].weights.granularity: expected 'per-tensor' or 'per-channel': sums of groups have an integer form with int4 alone, found 'per-group'"),
    Case(
      yaml: step("technique: quantization, precision: int4, weights: {symmetry: symmetric, granularity: per-group, group-size: 48}"),
      message: "steps[0].weights.group-size: expected 32, 64 or 128, found 48"),
    Case(
      yaml: step("technique: quantization, precision: int4, weights: {symmetry: symmetric, granularity: per-channel, group-size: 64}"),
      message: "steps[0].weights.group-size: expected no value: only 'per-group' has groups, found 64"),
    Case(
      yaml: step("technique: quantization, precision: int8, weights: {symmetry: symmetric, granularity: per-channel, integers: unsigned}"),
      message: "steps[0].weights.integers: expected 'signed': products are of unsigned inputs with signed weights, found 'unsigned'"),
    Case(
      yaml: step("technique: quantization, precision: fp16, rounding: stochastic"),
      message: "steps[0].rounding: expected 'half-to-even': fp16 has no integers to choose between, found another"),
    Case(
      yaml: step("technique: quantization, precision: int8, rounding: {gptq: {damping: 0}}"),
      message: "steps[0].rounding.gptq.damping: expected a fraction above 0 and up to 1, found 0.0"),
    Case(
      yaml: step("technique: quantization, precision: int8, overrides: [{layers: all, precision: ternary, mode: static}]"),
      message:
        "steps[0].overrides[0].mode: expected 'weight-only': ternary is stored so and multiplied in Float32, found 'static'"),
    Case(
      yaml: step("technique: quantization, precision: int8, overrides: [{layer: all, precision: fp16}]"),
      message: "steps[0].overrides[0].layer: expected 'layers', found 'layer'"),
    Case(
      yaml: step("technique: quantization, precision: int8, calibration: {method: moving-average, momentum: 1}"),
      message: "steps[0].calibration.momentum: expected a fraction in 0 ..< 1, found 1.0"),
    Case(
      yaml: step("technique: quantization, precision: int8, weights: {symmetry: symetric, granularity: per-channel}"),
      message:
        "steps[0].weights.symmetry: expected one of symmetric, asymmetric (nearest: 'symmetric'), found 'symetric'"),
    Case(
      yaml: step("technique: quantization, precision: int8, weights: {symmetry: asymmetric, granularity: per-channel}"),
      message: "steps[0].weights.symmetry: expected 'symmetric': int8 weights have no zero point, found 'asymmetric'"),
    Case(
      yaml: step("technique: quantization, precision: int8, activations: {symmetry: symmetric, granularity: per-channel}"),
      message:
        "steps[0].activations.granularity: expected 'per-tensor': a layer sums over its channels, found 'per-channel'"),
    Case(
      yaml: step("technique: quantization, precision: int8, calibration: {method: percentile, percentile: 40}"),
      message: "steps[0].calibration.percentile: expected a percentage above 50 and up to 100, found 40.0"),
    Case(
      yaml: step("technique: quantization, precision: int8, calibration: {method: min-max, percentile: 99}"),
      message: "steps[0].calibration.percentile: expected one of method, regimes (nearest: 'regimes'), found 'percentile'"),
    Case(
      yaml: step("technique: low-rank, keep: {energy: 0.9, rank: 4}"),
      message: "steps[0].keep: expected exactly one of rank, energy, ratio, budget, found energy and rank"),
    Case(yaml: step("technique: low-rank, keep: {rank: 0}"), message: "steps[0].keep.rank: expected a rank of at least 1, found 0"),
    Case(yaml: step("technique: low-rank, keep: {rank: 1.5}"), message: "steps[0].keep.rank: expected an integer, found '1.5'"),
    Case(yaml: step("technique: weight-sharing, bits: 9"), message: "steps[0].bits: expected bits in 1 ... 8, found 9"),
    Case(
      yaml: step("technique: weight-sharing, bits: 4, layers: every"),
      message: "steps[0].layers: expected one of all, except-first-last (nearest: 'all'), found 'every'"),
    Case(
      yaml: step("technique: weight-sharing, bits: 4, layers: {operators: [Gem]}"),
      message: "steps[0].layers.operators[0]: expected one of Conv, ConvTranspose, GRU, Gemm, LSTM, MatMul, RNN (nearest: 'Gemm'), found 'Gem'"),
    Case(
      yaml: step("technique: distillation, student: {mpl: {hidden: [8]}}, temperature: 4, hard-weight: 0.5"),
      message: "steps[0].student.mpl: expected one of mlp, cnn, lstm, gru, tcn, transformer, deeplob, experts, linear, graph-attention, graph-transformer, s3g (nearest: 'mlp'), found 'mpl'"),
    Case(
      yaml: step("technique: distillation, student: {mlp: {hidden: [8, 0]}}, temperature: 4, hard-weight: 0.5"),
      message: "steps[0].student.mlp.hidden[1]: expected a width in 1 ... 65536, found 0"),
    Case(
      yaml: step("technique: distillation, student: {mlp: {hidden: [8]}}, temperature: 0, hard-weight: 0.5"),
      message: "steps[0].temperature: expected a number above 0, found 0.0"),
    Case(
      yaml: step(
        "technique: distillation, student: {mlp: {hidden: [8]}}, temperature: 1, hard-weight: 0.5, training: {epoch: 3}"),
      message:
        "steps[0].training.epoch: expected one of epochs, batch-size, learning-rate, weight-decay, patience, optimizer, decay, warm-up, gradient-norm (nearest: 'epochs'), found 'epoch'"),
    Case(yaml: "schema: 2\nname: r\nsteps: []", message: "schema: expected 1, found 2"),
    Case(yaml: "name: r\nsteps: []", message: "schema: expected a value, found none"),
    Case(yaml: "schema: 1\nname: ''\nsteps: []", message: "name: expected a name, found an empty text"),
    Case(yaml: "schema: 1\nname: r\nsteps: {}", message: "steps: expected a list, found keys with values"),
    Case(yaml: "schema: 1\nname: r\nstep: []", message: "step: expected one of schema, name, steps (nearest: 'steps'), found 'step'"),
    Case(yaml: "", message: "document: expected keys with values, found an empty document"),
  ]

  @Test(arguments: cases) func aMistakeIsNamedWithItsPlace(_ mistake: Case) throws {
    let error = try #require(throws: CompressionError.self) { try Recipe(yaml: mistake.yaml) }
    #expect(error.description == mistake.message)
    #expect(error.category == .badData)
  }

  @Test func theFileIsNamedFirst() throws {
    let error = try #require(throws: CompressionError.self) {
      try Recipe(yaml: Self.step("technique: weight-sharing, bits: 0"), source: "recipe.yaml")
    }
    #expect(error.description == "recipe.yaml: steps[0].bits: expected bits in 1 ... 8, found 0")
    #expect(error.code == "compression.range")
  }

  @Test func brokenYamlIsOneLine() throws {
    for text in ["steps: [", "a: b: c", "\t- x", "name: r\nname: s", "- 1\n- 2", "42"] {
      let error = try #require(throws: CompressionError.self) { try Recipe(yaml: text) }
      #expect(!error.description.contains("\n"))
    }
  }

  @Test func aStepOutOfRangeIsRefusedBeforeAnythingIsDone() throws {
    let recipe = Recipe("late") {
      Pruning(sparsity: 0.5)
      WeightSharing(bits: 12)
    }
    let error = try #require(throws: CompressionError.self) {
      try recipe.apply(to: Fixture.model(), in: CompressionContext())
    }
    #expect(error.description == "steps[1].bits: expected bits in 1 ... 8, found 12")
  }

  @Test func theNearestWordIsTheOneWithTheFewestEdits() {
    #expect(NearestWord.distance("sparsity", "sparcity") == 1)
    #expect(NearestWord.distance("abcd", "abdc") == 1)
    #expect(NearestWord.distance("", "abc") == 3)
    #expect(NearestWord.distance("Gemm", "gemm") == 0)
    #expect(NearestWord.to("per-chanel", among: ["per-tensor", "per-channel"]) == "per-channel")
  }
}
