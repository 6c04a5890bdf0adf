import ArgumentParser
import Foundation
import PareArrays
import PareCompression
import PareEvaluation
import PareGraph

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Shows what a model consists of, what it weighs and how it would run here.",
    discussion: """
      --errors ORIGINAL --rows FILE: how far each quantized layer's weights, input and output are from the original's, and
      the outputs with their means taken off, in the floating-point reading.

      Examples:
        pare inspect runs/demo/artifacts/teacher-int8.pare
        pare inspect model-int8.pare --errors model.onnx --rows rows.npy --plot layers.html
      """)

  @Argument(help: "The model (.pare or .onnx).")
  var model: String

  @Option(name: .long, help: ArgumentHelp("The model that this one was made of.", valueName: "file"))
  var errors: String?

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp("With --errors: rows of the models' inputs.", valueName: "[name=]file.npy"))
  var rows: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp("With --errors: write ranges, histograms and errors of the layers as a page (.html).", valueName: "file"))
  var plot: String?

  @Flag(name: .long, help: "Print everything as JSON.")
  var json = false

  func validate() throws {
    guard errors == nil || !rows.isEmpty else { throw ValidationError("--errors: expected --rows FILE with it, found none") }
    guard errors != nil || rows.isEmpty else { throw ValidationError("--rows: expected --errors ORIGINAL with it, found none") }
    guard errors != nil || plot == nil else { throw ValidationError("--plot: expected --errors ORIGINAL with it, found none") }
  }

  func run() throws {
    let loaded = try ModelFile.read(model)
    if let errors { return try printErrors(of: loaded, against: errors) }
    let size = (try? FileManager.default.attributesOfItem(atPath: model)[.size] as? NSNumber)?.intValue
    let inspection = try ModelInspection(loaded, fileBytes: size)
    guard !json else { return try JSONOutput.print(inspection) }

    print("\(inspection.name): \(inspection.inputs.joined(separator: ", ")) → \(inspection.outputs.joined(separator: ", "))")
    print(
      "\(inspection.learnedParameters) learned parameters, \(inspection.multiplyAdds) multiply-adds; "
        + "\(size.map { "\($0) bytes in the file, " } ?? "")\(inspection.parameterBytes) of parameters, \(inspection.planBytes) resident in the plan")
    let use = inspection.bytesByUse
    print(
      "of the bytes: \(use.weights) weights, \(use.scales) scales, \(use.biases) biases, \(use.others) other parameters"
        + (size.map { ", \($0 - inspection.parameterBytes) graph, names and sections" } ?? "") + "\n")
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

  private func printErrors(of model: Model, against original: String) throws {
    let found = try ModelErrors(
      model, against: try ModelFile.read(original), inputs: try TensorFile.read(rows, option: "--rows"))
    if let plot {
      let names = [self.model, original].map { URL(fileURLWithPath: $0).lastPathComponent }
      try LayerPlot(found, model: names[0], original: names[1]).write(to: plot)
    }
    guard !json else { return try JSONOutput.print(found) }
    func decibels(_ error: ErrorMeasure) -> String { error.signalToNoiseDecibels.map { String(format: "%.1f", $0) } ?? "–" }
    var table = TextTable([
      "layer", "weights dB", "in half steps", "input dB", "in half steps", "saturated", "output dB", "output cosine",
    ])
    for layer in found.layers {
      table.add([
        layer.layer, decibels(layer.weights), layer.weightValues.steps.map { _ in String(format: "%.3f", layer.weightErrorInHalfSteps) } ?? "–",
        decibels(layer.input), layer.inputValues.reach.map { _ in String(format: "%.3f", layer.inputErrorInHalfSteps) } ?? "–",
        layer.inputValues.reach.map { _ in String(format: "%.2f%%", 100 * layer.inputSaturation) } ?? "–",
        decibels(layer.output), layer.output.cosine.map { String(format: "%.6f", $0) } ?? "–",
      ])
    }
    for output in found.outputs {
      table.add([
        output.name, "", "", "", "", "", decibels(output.error), output.error.cosine.map { String(format: "%.6f", $0) } ?? "–",
      ])
    }
    print(table.rendered())
    if let plot { print("\nWritten: \(plot)") }
  }
}
