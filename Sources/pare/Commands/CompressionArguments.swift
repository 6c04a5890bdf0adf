import ArgumentParser
import Foundation
import PareArrays
import PareCompression
import PareEvaluation
import PareGraph

/// What commands that apply a recipe to a model have in common.
struct CompressionArguments: ParsableArguments {
  @Argument(help: "The model (.pare or .onnx).")
  var model: String

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp(
      "Rows of the model's inputs; the name may be left out where there is one. An .npz holds several.",
      valueName: "[name=]file.npy"))
  var calibration: [String] = []

  @Option(name: .long, help: ArgumentHelp("Where to write (.pare or .onnx).", valueName: "file"))
  var output: String

  @Option(name: .long, help: "The seed of whatever is drawn.")
  var seed: UInt64 = 1

  @Flag(name: .long, help: "Print what each step did as JSON.")
  var json = false

  @Flag(name: .long, help: "No progress.")
  var quiet = false

  private struct Output: Encodable {
    let output: String
    /// Figures of the model as it was.
    let before: [String: Double]
    let steps: [StepReport]
  }

  /// Compresses, writes and prints.
  ///
  /// - Parameter recipe: read once the model is.
  func apply(_ recipe: @autoclosure () throws -> Recipe, teacher: String? = nil, labels: String? = nil, validationShare: Double) throws {
    let original = try ModelFile.read(model)
    let recipe = try recipe()
    for warning in recipe.warnings where !quiet { FileHandle.standardError.write(Data("warning: \(warning)\n".utf8)) }
    let compression = ModelCompression(
      original, recipe: recipe, teacher: try teacher.map { try ModelFile.read($0) }, seed: seed)
    let outcome = try compression.run(
      inputs: try TensorFile.read(calibration, option: "--calibration"), labels: try labels.map { try NPY.read($0) },
      validationShare: validationShare, observer: ProgressReporter(isQuiet: quiet))
    let compressed = outcome.compressed
    try ModelFile.write(compressed.model, to: output)
    guard !json else {
      return try JSONOutput.print(Output(output: output, before: outcome.before.filter { $0.value.isFinite }, steps: compressed.steps))
    }
    var table = TextTable(["step", "layer", "outcome", "SNR dB"], words: [0, 1, 2])
    for step in compressed.steps {
      table.add([
        step.technique, "\(step.bytes.before) → \(step.bytes.after) B",
        "\(step.parameters.before) → \(step.parameters.after) parameters", "",
      ])
      for layer in step.layers {
        table.add([
          "", layer.layer, layer.outcome,
          layer.weightError?.signalToNoiseDecibels.map { String(format: "%.1f", $0) } ?? "",
        ])
      }
    }
    print(table.rendered())
    print("\n" + FiguresTable(before: outcome.before, steps: compressed.steps).rendered())
    print("\nWritten: \(output)")
  }
}
