import ArgumentParser
import PareCompression
import PareEvaluation

struct QuantizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quantize",
    abstract: "Quantizes a model after training: pare compress with a recipe of one step.",
    discussion: """
      Precisions: fp16, bf16, int8, int4, ternary, binary. What a layer cannot have in integers stays in Float32, and the
      table says why. Every setting and its meaning: docs/techniques/quantization.md; training under the rounding and
      several steps: pare compress.

      Examples:
        pare quantize model.onnx --precision int8 --calibration rows.npy --output model-int8.pare
        pare quantize model.pare --precision int4 --rounding gptq --calibration rows.npy --output model-int4.onnx
        pare quantize lstm.onnx --precision int8 --recurrent integers --calibration x=windows.npy --output lstm-int8.pare
      """)

  @OptionGroup var common: CompressionArguments

  @Option(name: .long, help: "The weights' numbers.")
  var precision: String

  @Option(name: .long, help: "What becomes of layers' inputs: static, dynamic or weight-only.")
  var mode: String?

  @Option(name: .long, help: "Weights that share a scale: per-tensor, per-channel or per-group.")
  var granularity: String?

  @Option(name: .long, help: "Weights in a group: 32, 64 or 128.")
  var groupSize: Int?

  @Option(name: .long, help: "How inputs' ranges are chosen: min-max, percentile, moving-average, mse or entropy.")
  var method: String?

  @Option(name: .long, help: "With the method percentile: how much of the inputs is covered, in per cent.")
  var percentile: Double?

  @Option(name: .long, help: "How weights are rounded: half-to-even, stochastic, gptq or adaround.")
  var rounding: String?

  @Flag(name: .long, help: "Let biases make up for what rounding adds to outputs.")
  var biasCorrection = false

  @Option(name: .long, help: "What becomes of LSTM and GRU layers: float or integers.")
  var recurrent: String?

  func run() throws {
    // Spelled as in a recipe, so that the same words are understood and the same mistakes are named.
    var step = ["technique: quantization", "precision: \(precision)"]
    if let mode { step.append("mode: \(mode)") }
    if granularity != nil || groupSize != nil {
      let size = groupSize.map { ", group-size: \($0)" } ?? ""
      step.append("weights: {symmetry: symmetric, granularity: \(granularity ?? "per-group")\(size)}")
    }
    if let method = method ?? percentile.map({ _ in "percentile" }) {
      step.append("calibration: {method: \(method)\(percentile.map { ", percentile: \($0)" } ?? "")}")
    }
    if let rounding { step.append("rounding: " + (["gptq", "adaround"].contains(rounding) ? "{\(rounding): {}}" : rounding)) }
    if biasCorrection { step.append("bias-correction: true") }
    if let recurrent { step.append("recurrent: \(recurrent)") }
    let recipe = try Recipe(
      yaml: "schema: 1\nname: \(precision)\nsteps: [{\(step.joined(separator: ", "))}]", source: "pare quantize")
    // Nothing is trained, so every row counts.
    try common.apply(recipe, validationShare: 0)
  }
}
