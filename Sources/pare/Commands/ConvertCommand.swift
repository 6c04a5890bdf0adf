import ArgumentParser
import PareEvaluation
import PareONNX
import PareTensor

struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Turns a model of one format into another: .onnx and .pare, either way.",
    discussion: """
      An input that shapes depend on has to be a constant; --constant makes it one.

      Examples:
        pare convert teacher.onnx teacher.pare
        pare convert student-int8.pare student-int8.onnx --opset 22
        pare convert model.onnx model.pare --batch 1 --constant lengths=lengths.npy
      """)

  @Argument(help: "The model to read (.onnx or .pare).")
  var input: String

  @Argument(help: "The model to write (.onnx or .pare).")
  var output: String

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp("Inputs of the .onnx file that become constants.", valueName: "name=file.npy"))
  var constant: [String] = []

  @Option(name: .long, help: "The extent of the first axis, where the .onnx file leaves it open.")
  var batch: Int?

  @Option(name: .long, help: "The opset to write, by default the lowest from 21 that has the model's operators.")
  var opset: Int?

  @Flag(name: .long, help: "Write weights to a file beside the .onnx file.")
  var externalData = false

  @Flag(name: .long, help: "Print what was written as JSON.")
  var json = false

  private struct Output: Encodable {
    let output: String
    let inputs, outputs: [String]
    let nodes, parameters: Int
  }

  func validate() throws {
    if let batch, batch < 1 { throw ValidationError("--batch: expected a number from 1, found \(batch)") }
    if opset != nil || externalData, !ModelFile.isONNX(output) {
      throw ValidationError("--opset, --external-data: expected an .onnx file to write, found \(output)")
    }
  }

  func run() throws {
    let model = try ModelFile.read(
      input,
      options: ONNXImportOptions(constants: try TensorFile.read(constant, option: "--constant"), batch: batch))
    try ModelFile.write(model, to: output, options: ONNXExportOptions(opset: opset, externalData: externalData))
    let graph = model.graph
    let (inputs, outputs) = (graph.inputs.map { "\($0.name): \($0.type)" }, graph.outputs.map { "\($0.name): \($0.type)" })
    guard !json else {
      return try JSONOutput.print(
        Output(
          output: output, inputs: inputs, outputs: outputs, nodes: graph.nodes.count, parameters: graph.parameters.count))
    }
    print("\(output): \(inputs.joined(separator: ", ")) → \(outputs.joined(separator: ", "))")
    print("\(graph.nodes.count) nodes, \(graph.parameters.count) parameters")
  }
}
