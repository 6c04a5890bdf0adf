import PareTensor

/// A graph made ready to run for given extents: the nodes that are needed, each prepared, and a place for every value.
struct ExecutionOrder {
  struct PreparedNode {
    let node: Node
    let evaluation: Evaluation
  }

  let inputs: [String]
  let outputs: [String]
  let nodes: [PreparedNode]
  let types: [String: TensorType]
  /// The parameters that are needed, in the precision to compute in.
  let parameters: [String: Tensor]
  let memory: MemoryPlan
  /// Byte offset of each value in the arena.
  let offsets: [String: Int]

  /// Bytes that a graph may ask for to be evaluated; more is taken for a mistake.
  private static let byteLimit = 1 << 36

  init(
    _ graph: Graph, binding: [String: Int], precision: ReferenceEvaluator.Precision, outputs wanted: [String]?
  ) throws {
    let outputs = wanted ?? graph.outputs.map(\.name)
    _ = try graph.inferredTypes()
    let graph = try graph.specialized(binding, keeping: Set(outputs))
    let inferred = try graph.inferredTypes()
    let needed = graph.pruned(to: outputs)
    for output in outputs where inferred[output] == nil {
      throw GraphError("missing-value", subject: "output '\(output)'", expected: "a value of the graph", found: "none")
    }
    let used = Set(needed.nodes.flatMap { $0.inputs + $0.outputs } + outputs)
    let inputs = needed.inputs.map(\.name).filter(used.contains)
    var types: [String: TensorType] = [:]
    for name in used.sorted() {
      guard let type = inferred[name] else { continue }
      guard let shape = type.shape(binding: binding) else {
        throw GraphError(
          "unbound", subject: "value '\(name)'", expected: "every dimension bound", found: "\(type) with \(binding)")
      }
      guard shape.elementCount <= Self.byteLimit / type.elementType.byteCount else {
        throw GraphError(
          "too-large", subject: "value '\(name)'", expected: "at most \(Self.byteLimit) bytes",
          found: "\(type.elementType.rawValue)\(shape)")
      }
      let widens = precision == .float64 && type.elementType.isFloatingPoint
      types[name] = TensorType(widens ? .float64 : type.elementType, shape)
    }
    var parameters: [String: Tensor] = [:]
    for (name, parameter) in needed.parameters {
      let tensor = parameter.storage.decoded()
      parameters[name] = precision == .float64 ? tensor.converted(for: .float64) : tensor
    }

    // Inputs, parameters and outputs live all along; the rest from its maker to its last user.
    let end = needed.nodes.count
    var lifetimes: [String: ClosedRange<Int>] = [:]
    for name in inputs + needed.parameters.keys + outputs { lifetimes[name] = 0...end }
    for (index, node) in needed.nodes.enumerated() {
      for name in node.outputs where !name.isEmpty && lifetimes[name] == nil { lifetimes[name] = index...index }
      for name in node.inputs where !name.isEmpty {
        if let lifetime = lifetimes[name] { lifetimes[name] = lifetime.lowerBound...max(lifetime.upperBound, index) }
      }
    }
    let names = lifetimes.keys.sorted()
    memory = MemoryPlan(
      names.map { MemoryPlan.Request(byteCount: types[$0]?.byteCount ?? 0, lifetime: lifetimes[$0] ?? 0...end) })
    guard memory.byteCount <= Self.byteLimit else {
      throw GraphError(
        "too-large", subject: "graph '\(graph.name)'", expected: "at most \(Self.byteLimit) bytes of values",
        found: "\(memory.byteCount)")
    }
    offsets = Dictionary(uniqueKeysWithValues: zip(names, memory.offsets))
    nodes = try needed.nodes.map { node in
      let context = PreparationContext(
        node: node, inputs: node.inputs.map { types[$0] },
        outputs: try node.outputs.map { name in
          guard let type = types[name] else {
            throw GraphError("output", node: node, expected: "a name for every output", found: "'\(name)'")
          }
          return type
        },
        constants: node.inputs.map { name in
          graph.parameters[name].flatMap { $0.isTrainable ? nil : $0.storage.decoded() }
        })
      return PreparedNode(node: node, evaluation: try OperatorCatalogue.prepare(context))
    }
    self.inputs = inputs
    self.outputs = outputs
    self.types = types
    self.parameters = parameters
  }
}
