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

  init(
    _ graph: Graph, binding: [String: Int], precision: ReferenceEvaluator.Precision, outputs wanted: [String]?
  ) throws {
    let inferred = try graph.inferredTypes()
    let outputs = wanted ?? graph.outputs.map(\.name)
    let needed = graph.pruned(to: outputs)
    var types: [String: TensorType] = [:]
    for (name, type) in inferred {
      guard let shape = type.shape(binding: binding) else {
        throw GraphError("unbound", subject: "value '\(name)'", expected: "every dimension bound", found: "\(type)")
      }
      let widens = precision == .float64 && type.elementType == .float32
      types[name] = TensorType(widens ? .float64 : type.elementType, shape)
    }
    for output in outputs where types[output] == nil {
      throw GraphError("missing-value", subject: "output '\(output)'", expected: "a value of the graph", found: "none")
    }
    var parameters: [String: Tensor] = [:]
    for (name, parameter) in needed.parameters {
      let tensor = parameter.storage.decoded()
      parameters[name] = precision == .float64 ? tensor.converted(for: .float64) : tensor
    }

    // Inputs, parameters and outputs live all along; the rest from its maker to its last user.
    let end = needed.nodes.count
    var lifetimes: [String: ClosedRange<Int>] = [:]
    for name in needed.inputs.map(\.name) + needed.parameters.keys + outputs { lifetimes[name] = 0...end }
    for (index, node) in needed.nodes.enumerated() {
      for name in node.outputs where !name.isEmpty && lifetimes[name] == nil { lifetimes[name] = index...index }
      for name in node.inputs where !name.isEmpty {
        if let lifetime = lifetimes[name] { lifetimes[name] = lifetime.lowerBound...max(lifetime.upperBound, index) }
      }
    }
    let names = lifetimes.keys.sorted()
    memory = MemoryPlan(
      names.map { MemoryPlan.Request(byteCount: types[$0]?.byteCount ?? 0, lifetime: lifetimes[$0] ?? 0...end) })
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
      return PreparedNode(node: node, evaluation: try OperatorCatalogue.definition(of: node).prepare(context))
    }
    inputs = needed.inputs.map(\.name)
    self.outputs = outputs
    self.types = types
    self.parameters = parameters
  }
}
