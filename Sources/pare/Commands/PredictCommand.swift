import ArgumentParser
import PareArtifact
import PareEvaluation
import PareTensor

struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Runs a model over rows from .npy files and writes an output as .npy.",
    discussion: """
      Examples:
        pare predict teacher.pare --input rows.npy --output probabilities.npy --output-name probabilities
        pare predict int8.pare --input features=rows.npy --output decision.npy --engine reference
      """)

  @Argument(help: "The model (.pare).")
  var model: String

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp("A tensor per input; the name may be left out where there is one.", valueName: "[name=]file.npy"))
  var input: [String]

  @Option(name: .long, help: ArgumentHelp("Where to write.", valueName: "file.npy"))
  var output: String

  @Option(name: .long, help: "The value to write; the model's last output by default.")
  var outputName: String?

  @Option(
    name: .long,
    help: "plan: as deployed. reference: plain Swift, integers for a quantized model. qdq: its floating-point reading.")
  var engine: ModelPrediction.Engine = .plan

  @Flag(name: .long, help: "Print what was written as JSON.")
  var json = false

  private struct Output: Encodable {
    let output, elementType: String
    let shape: [Int]
  }

  func run() throws {
    let loaded = try Artifact.read(model)
    var inputs: [String: Tensor] = [:]
    for entry in input {
      let parts = entry.split(separator: "=", maxSplits: 1).map(String.init)
      let (name, path) = parts.count == 2 ? (parts[0], parts[1]) : ("", entry)
      guard inputs.updateValue(try NPY.read(path), forKey: name) == nil else {
        throw ValidationError("--input: expected each input once, found '\(name)' twice")
      }
    }
    let result = try ModelPrediction(loaded, engine: engine).run(inputs, output: outputName)
    try NPY.write(result, to: output)
    if json {
      try JSONOutput.print(
        Output(output: output, elementType: result.elementType.rawValue, shape: result.shape.dimensions))
    } else {
      print("\(output): \(result.elementType.rawValue)\(result.shape)")
    }
  }
}

extension ModelPrediction.Engine: ExpressibleByArgument {}
