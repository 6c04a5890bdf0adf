import ArgumentParser
import PareArrays
import PareEvaluation
import PareTensor

struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Runs a model over rows from .npy or .npz files and writes its outputs.",
    discussion: """
      Examples:
        pare predict teacher.pare --input rows.npy --output probabilities.npy --output-name probabilities
        pare predict model.onnx --input features=rows.npy --input state=state.npy --output outputs.npz
        pare predict int8.pare --input inputs.npz --output decision.npy --engine reference
      """)

  @Argument(help: "The model (.pare or .onnx).")
  var model: String

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp(
      "A tensor per input; the name may be left out where there is one. An .npz holds several.",
      valueName: "[name=]file.npy"))
  var input: [String] = []

  @Option(name: .long, help: ArgumentHelp("Where to write: one output as .npy, all of them as .npz.", valueName: "file.npy"))
  var output: String

  @Option(
    name: .long, parsing: .upToNextOption,
    help: "The value to write; by default the model's last output, and all of them into an .npz.")
  var outputName: [String] = []

  @Option(
    name: .long,
    help: "plan: as deployed. reference: plain Swift, integers for a quantized model. qdq: its floating-point reading.")
  var engine: ModelPrediction.Engine = .plan

  @Flag(name: .long, help: "Print what was written as JSON.")
  var json = false

  private struct Output: Encodable {
    let output: String
    /// Of an .npy file.
    var elementType: String?
    var shape: [Int]?
    /// Of an .npz file.
    var arrays: [Entry]?

    struct Entry: Encodable {
      let name, elementType: String
      let shape: [Int]
    }
  }

  func validate() throws {
    if !TensorFile.isArchive(output), outputName.count > 1 {
      throw ValidationError("--output-name: expected one value for an .npy file, found \(outputName.count)")
    }
  }

  func run() throws {
    let loaded = try ModelFile.read(model)
    let inputs = try TensorFile.read(input, option: "--input")
    var names = outputName.isEmpty ? loaded.graph.outputs.map(\.name) : outputName
    if !TensorFile.isArchive(output) { names = names.suffix(1) }
    let results = try ModelPrediction(loaded, engine: engine).run(inputs, outputs: names)
    let arrays = names.compactMap { name in results[name].map { (name: name, tensor: $0) } }
    var report = Output(output: output)
    if TensorFile.isArchive(output) {
      try NPZ.write(arrays, to: output)
      report.arrays = arrays.map {
        Output.Entry(name: $0.name, elementType: $0.tensor.elementType.rawValue, shape: $0.tensor.shape.dimensions)
      }
    } else if let only = arrays.last {
      try NPY.write(only.tensor, to: output)
      report.elementType = only.tensor.elementType.rawValue
      report.shape = only.tensor.shape.dimensions
    }
    guard !json else { return try JSONOutput.print(report) }
    for array in arrays { print("\(output): \(array.name): \(array.tensor.elementType.rawValue)\(array.tensor.shape)") }
  }
}

extension ModelPrediction.Engine: ExpressibleByArgument {}
