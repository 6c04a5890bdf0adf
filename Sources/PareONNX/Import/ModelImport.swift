import OrderedCollections
import PareGraph
import PareTensor

/// Turns a file's messages into a model.
struct ModelImport {
  private let file: WireModel
  private let reading: TensorReading
  private let options: ONNXImportOptions

  /// - Parameter external: where data outside the file are; nil where there is no such place.
  init(_ file: WireModel, external: ExternalData?, options: ONNXImportOptions) {
    self.file = file
    reading = TensorReading(external: external)
    self.options = options
  }

  /// - Throws: `ONNXError` and `GraphError`, naming the place in the file.
  func model() throws -> Model {
    let wire = file.graph
    guard file.hasGraph, !wire.outputs.isEmpty else {
      throw ONNXError("content", subject: "graph", expected: "a graph with outputs", found: file.hasGraph ? "none" : "no graph")
    }
    if !wire.sparseInitializers.isEmpty {
      throw ONNXError("sparse", subject: "graph", expected: "dense initializers", found: "sparse ones")
    }
    let opsets = try OpsetReading.opsets(file.opsetImport)
    let initializers = try distinct(wire.initializers, "initializer") { $0.name }
    // Before IR version 4 every initializer was listed as an input too; since, that gives an input a default.
    let listed = try distinct(wire.inputs, "input") { $0.name }
    let inputs = listed.values.filter { initializers[$0.name] == nil }
    _ = try distinct(wire.outputs, "output") { $0.name }

    let types = try ValueTypeReading(inputs, options: options)
    var builder = GraphBuilder(name: wire.name)
    let visible = Set(inputs.map(\.name)).union(initializers.keys)
    builder.reserve(visible)
    builder.reserve(wire.nodes.lazy.flatMap(\.outputs))
    for input in inputs {
      if let constant = options.constants[input.name] {
        _ = try builder.parameter(input.name, constant, isTrainable: false)
      } else {
        _ = try builder.input(input.name, try types.type(of: input))
      }
    }
    var strings: [(name: String, texts: [String]?)] = []
    for (name, initializer) in initializers {
      guard initializer.elementType != 8 else {
        let texts = initializer.stringData.compactMap { String(validating: $0, as: UTF8.self) }
        strings.append((name, texts.count == initializer.stringData.count ? texts : nil))
        continue
      }
      _ = try builder.parameter(name, try reading.read(initializer, of: "an initializer"), isTrainable: false)
    }
    var nodes = try GraphImport(builder, functions: file.functions, opsets: opsets, values: visible, reading: reading)
    for (name, texts) in strings { nodes.leaveOut(name, texts: texts) }
    try nodes.add(wire.nodes, outputs: wire.outputs.map(\.name))
    let (graph, source) = try finish(nodes, opsets: opsets)
    return try withSections(graph, source)
  }

  private func distinct<Value>(
    _ values: [Value], _ kind: String, name: (Value) -> String
  ) throws -> OrderedDictionary<String, Value> {
    var result: OrderedDictionary<String, Value> = [:]
    for value in values {
      guard !name(value).isEmpty, result.updateValue(value, forKey: name(value)) == nil else {
        throw GraphError(
          "duplicate-value", subject: "\(kind) \(quoted(name(value)))", expected: "names used once", found: "none or a second one")
      }
    }
    return result
  }

  /// Declares the outputs, folds, and says what training changes.
  private func finish(_ nodes: GraphImport, opsets: [String: Int]) throws -> (Graph, ONNXSource) {
    var builder = nodes.context.builder
    var dropped: [String] = []
    for output in file.graph.outputs {
      guard let value = nodes.resolve(output.name) else { continue }
      if let reason = nodes.context.unrepresented[value] {
        guard !output.type.isRepresentable else {
          throw GraphError(
            "element-type", subject: "output \(quoted(output.name))", expected: "to follow from numbers alone", found: reason)
        }
        dropped.append("\(output.name): \(reason)")
        continue
      }
      if value != output.name {
        let name = builder.hasNode(named: output.name) ? builder.freshNodeName(output.name) : output.name
        _ = try builder.apply("Identity", [value], name: name, output: output.name)
      }
      try builder.output(output.name)
    }
    guard !builder.graph.outputs.isEmpty else {
      throw ONNXError(
        "outputs", subject: "graph", expected: "an output that is a tensor of \(ElementType.supportedNames)",
        found: dropped.joined(separator: ", "))
    }
    var graph = try ConstantFolding.fold(builder.graph.pruned()).withoutIdentities()
    let source = ONNXSource(file, opsets: opsets, dropped: dropped, metadata: nodes.context.metadata)
    let trainable = try source.trainable ?? weights(of: graph)
    for name in trainable { graph.parameters[name]?.isTrainable = true }
    _ = try graph.inferredTypes()
    return (graph, source)
  }

  /// Parameters of Float32 that stand where an operator has weights.
  private func weights(of graph: Graph) throws -> Set<String> {
    var weights: Set<String> = []
    for node in graph.nodes {
      for index in try OperatorCatalogue.definition(of: node).weightInputs {
        guard let name = node.input(index), let storage = graph.parameters[name]?.storage,
          storage.elementType == .float32, storage.shape.rank >= 1, storage.shape.elementCount > 1
        else { continue }
        weights.insert(name)
      }
    }
    return weights
  }

  private func withSections(_ graph: Graph, _ source: ONNXSource) throws -> Model {
    var model = Model(graph: graph, sections: source.sections)
    model.sections[ONNXSource.section] = try source.text
    return model
  }
}
