import ArgumentParser
import Foundation
import PareEvaluation

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Shows what a model consists of, what it weighs and how it would run here.",
    discussion: """
      Example:
        pare inspect runs/demo/artifacts/teacher-int8.pare
      """)

  @Argument(help: "The model (.pare or .onnx).")
  var model: String

  @Flag(name: .long, help: "Print everything as JSON.")
  var json = false

  func run() throws {
    let loaded = try ModelFile.read(model)
    let size = (try? FileManager.default.attributesOfItem(atPath: model)[.size] as? NSNumber)?.intValue
    let inspection = try ModelInspection(loaded, fileBytes: size)
    guard !json else { return try JSONOutput.print(inspection) }

    print("\(inspection.name): \(inspection.inputs.joined(separator: ", ")) → \(inspection.outputs.joined(separator: ", "))")
    print(
      "\(inspection.learnedParameters) learned parameters, \(inspection.multiplyAdds) multiply-adds; "
        + "\(size.map { "\($0) bytes in the file, " } ?? "")\(inspection.parameterBytes) of parameters, \(inspection.planBytes) resident in the plan\n")
    var nodes = TextTable(["node", "operator", "output", "parameters", "bytes", "multiply-adds"], words: [0, 1, 2])
    for node in inspection.nodes {
      nodes.add([
        node.name, node.operatorName, node.outputs.joined(separator: " "), "\(node.parameters)", "\(node.bytes)",
        "\(node.multiplyAdds)",
      ])
    }
    print(nodes.rendered() + "\n")
    var parameters = TextTable(["parameter", "shape", "element", "layout", "zeros", "bytes"], words: [0, 1, 2, 3])
    for parameter in inspection.parameters {
      parameters.add([
        parameter.name, parameter.shape, parameter.elementType, parameter.layout,
        String(format: "%.1f%%", 100 * parameter.sparsity), "\(parameter.bytes)",
      ])
    }
    print(parameters.rendered() + "\n")
    var steps = TextTable(["step of the plan", "kernel", "ns by the table", "as Float32"], words: [0, 1])
    func words(_ nanoseconds: Double?) -> String { nanoseconds.map { String(format: "%.1f", $0) } ?? "" }
    for step in inspection.steps {
      steps.add([step.nodes.joined(separator: " + "), step.kernel, words(step.estimateNs), words(step.float32EstimateNs)])
    }
    print(steps.rendered())
    print("cost table \(inspection.costs)" + (inspection.estimateNs.map { String(format: "; a decision by it: %.1f ns", $0) } ?? ""))
    for step in inspection.steps {
      if let remark = step.remark { print("\(step.nodes.joined(separator: " + ")): \(remark)") }
    }
    for (name, text) in inspection.sections.sorted(by: { $0.key < $1.key }) { print("\n\(name): \(text)") }
  }
}
