import Foundation
import PareArtifact
import PareGraph
import PareTensor

/// Turns a model into a file's messages.
struct ModelExport {
  /// Bytes of weights that still go into the model's own file; a message holds at most 2^31.
  private static let inlineLimit = 3 << 29
  /// Tensors below this stay in the model's file: shapes, scales, biases.
  private static let leastExternal = 1024
  private static let alignment = 64

  private(set) var file = WireModel()
  /// The content of the file beside the model; nil where there is none.
  private(set) var external: [UInt8]?

  /// - Parameter externalName: what the file beside the model is called; nil where there can be none.
  /// - Throws: `GraphError` for a graph that is not valid; `onnx.no-standard-form`, naming the node; `onnx.opset`.
  init(_ model: Model, options: ONNXExportOptions, externalName: String?) throws {
    // Layers of signs in standard operators; a graph without them stays as it is.
    let graph = try BinaryDecomposition.decompose(model.graph)
    let types = try graph.inferredTypes()
    var context = ExportContext(graph, types: types)
    for node in graph.nodes {
      if let standard = ExportCatalogue.standardForm(of: node.operatorName) {
        try standard.export(node, in: &context)
      } else if node.operatorName.domain == "pare" {
        throw ONNXError(
          "no-standard-form", subject: "node '\(node.name)'", expected: "an operator that ONNX has or can be written with",
          found: node.operatorName.description)
      } else {
        context.append(node)
      }
    }
    let opset = try Self.opset(options.opset, needed: context.opsets[""] ?? Graph.opset)
    context.require("", opset: opset)
    file.irVersion = OpsetVersions.irVersion(opset: opset)
    file.producerName = "pare"
    file.producerVersion = "0.1.0"
    file.opsetImport = context.opsets.sorted { $0.key < $1.key }.map { domain, version in
      var entry = WireOperatorSet()
      entry.domain = domain
      entry.version = Int64(version)
      return entry
    }
    file.graph.name = graph.name.isEmpty ? "graph" : graph.name
    file.graph.inputs = graph.inputs.map { WireValueInfo($0) }
    file.graph.outputs = graph.outputs.map { WireValueInfo($0) }
    file.graph.nodes = context.nodes
    // What the graphs within nodes take from around them counts, too.
    let within = context.nodes.flatMap(\.attributes).flatMap(\.graph.nodes).flatMap(\.inputs)
    let used = Set(context.nodes.flatMap(\.inputs) + within + graph.outputs.map(\.name))
    let parameters = graph.parameters.filter { used.contains($0.key) }
    let size = parameters.values.reduce(0) { $0 + $1.storage.shape.elementCount * $1.storage.elementType.bitCount / 8 }
    if options.externalData || size > Self.inlineLimit {
      guard let externalName else {
        throw ONNXError("too-large", subject: graph.name, expected: "weights that one message holds", found: "\(size) bytes")
      }
      var bytes: [UInt8] = []
      file.graph.initializers = parameters.map { Self.initializer($0, $1.storage.decoded(), beside: externalName, &bytes) }
      external = bytes
    } else {
      file.graph.initializers = parameters.map { WireTensor($0, $1.storage.decoded()) }
    }
    file.graph.initializers += context.constants.map { WireTensor($0.name, $0.tensor) }
    try addMetadata(model, trainable: parameters.filter { $0.value.isTrainable }.map(\.key))
  }

  /// A tensor whose elements go to the end of `bytes`, unless there are few of them.
  private static func initializer(
    _ name: String, _ tensor: Tensor, beside externalName: String, _ bytes: inout [UInt8]
  ) -> WireTensor {
    let data = tensor.rawData
    guard data.count >= leastExternal else { return WireTensor(name, tensor) }
    bytes += [UInt8](repeating: 0, count: (alignment - bytes.count % alignment) % alignment)
    var wire = WireTensor(name, tensor.elementType, tensor.shape)
    wire.location = .external
    wire.externalData = [
      WireEntry("location", externalName), WireEntry("offset", String(bytes.count)), WireEntry("length", String(data.count)),
    ]
    bytes += data
    return wire
  }

  private static func opset(_ asked: Int?, needed: Int) throws -> Int {
    guard let asked else { return needed }
    guard OpsetVersions.written.contains(asked), asked >= needed else {
      throw ONNXError(
        "opset", subject: "--opset",
        expected: "a version from \(needed), which the model's operators need, to \(OpsetVersions.written.upperBound)",
        found: "\(asked)", category: .usage)
    }
    return asked
  }

  /// Sections under their names, what an imported file said, and which parameters training changes.
  private mutating func addMetadata(_ model: Model, trainable: [String]) throws {
    for (name, text) in model.sections where name != ONNXSource.section {
      file.metadata.append(WireEntry(ONNXSource.sectionPrefix + name, text))
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    file.metadata.append(
      WireEntry(ONNXSource.trainableKey, String(decoding: try encoder.encode(trainable), as: UTF8.self)))
    guard let text = model.sections[ONNXSource.section],
      let source = try? JSONDecoder().decode(ONNXSource.self, from: Data(text.utf8))
    else { return }
    if let documentation = source.documentation { file.docString = documentation }
    if let domain = source.domain { file.domain = domain }
    if let version = source.modelVersion { file.modelVersion = Int64(version) }
    for (key, value) in source.metadata.sorted(by: { $0.key < $1.key }) { file.metadata.append(WireEntry(key, value)) }
    if !source.values.isEmpty {
      file.metadata.append(
        WireEntry(ONNXSource.valuesKey, String(decoding: try encoder.encode(source.values), as: UTF8.self)))
    }
  }
}

/// Which versions of ONNX Pare writes.
enum OpsetVersions {
  static let written = Graph.opset...28

  /// The version of the file format that came with an opset.
  static func irVersion(opset: Int) -> Int64 {
    switch opset {
    case ...22: 10
    case 23: 11
    case 24: 12
    case ...27: 13
    default: 14
    }
  }
}

extension WireEntry {
  package init(_ key: String, _ value: String) {
    self.key = key
    self.value = value
  }
}
