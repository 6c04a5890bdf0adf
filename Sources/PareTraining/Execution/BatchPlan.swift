import PareGraph
import PareTensor

/// What a batch executor will do, for given extents: which nodes, in which form, and where every value lies.
struct BatchPlan {
  struct Step {
    let inputs: [String]
    let outputs: [String]
    let evaluation: Evaluation
  }

  let inputs: [String]
  let outputs: [String]
  let types: [String: TensorType]
  let steps: [Step]
  /// The parameters that lie in the plan's own memory.
  let constants: [String: Tensor]
  let memory: MemoryPlan
  /// Byte offset of each value in the plan's memory. A value that is placed elsewhere is not here.
  let offsets: [String: Int]
  /// Nodes that the reference evaluates, for lack of a fast form.
  let fallbacks: [String]

  /// - Parameters:
  ///   - wanted: the values to keep to the end.
  ///   - placed: values that lie in memory of the caller's: parameters in a vector, gradients.
  init(
    _ graph: Graph, binding: [String: Int], outputs wanted: [String], placed: Set<String>, kernels: TrainingKernels
  ) throws {
    let graph = try graph.specialized(binding, keeping: placed.union(wanted))
    let inferred = try graph.inferredTypes()
    var needed = graph.pruned(to: wanted + placed.filter { inferred[$0] != nil }.sorted())
    let used = Set(needed.nodes.flatMap(\.inputs) + wanted)
    needed.inputs = needed.inputs.filter { used.contains($0.name) }
    var types: [String: TensorType] = [:]
    let names = needed.inputs.map(\.name) + needed.parameters.keys + needed.nodes.flatMap(\.outputs) + wanted
    for name in names where !name.isEmpty {
      guard let type = inferred[name] else {
        throw GraphError("missing-value", subject: "value '\(name)'", expected: "a value of the graph", found: "none")
      }
      guard let shape = type.shape(binding: binding) else {
        throw GraphError("unbound", subject: "value '\(name)'", expected: "every dimension bound", found: "\(type)")
      }
      types[name] = TensorType(type.elementType, shape)
    }

    let kept = Set(wanted).union(placed)
    let fused = FusedNode.fusing(needed, types: types, keeping: kept)
    var steps: [Step] = []
    var fallbacks: [String] = []
    for task in fused {
      let context = PreparationContext(
        node: task.node, inputs: task.node.inputs.map { types[$0] },
        outputs: try task.node.outputs.map { name in
          guard let type = types[name] else {
            throw GraphError("output", node: task.node, expected: "a name for every output", found: "'\(name)'")
          }
          return type
        },
        constants: task.node.inputs.map { name in
          graph.parameters[name].flatMap { $0.isTrainable ? nil : $0.storage.decoded() }
        })
      let evaluation: Evaluation
      if let fast = try task.fastEvaluation(context, kernels) {
        evaluation = fast
      } else {
        evaluation = try OperatorCatalogue.prepare(context)
        fallbacks.append(task.node.name)
      }
      steps.append(Step(inputs: task.node.inputs, outputs: task.node.outputs, evaluation: evaluation))
    }

    // Inputs, constants and outputs live all along; the rest from its maker to its last user.
    var lifetimes: [String: ClosedRange<Int>] = [:]
    let constants = needed.parameters.filter { !placed.contains($0.key) }
    for name in needed.inputs.map(\.name) + constants.keys { lifetimes[name] = 0...steps.count }
    for (index, step) in steps.enumerated() {
      for name in step.outputs where !name.isEmpty {
        lifetimes[name] = index...(kept.contains(name) ? steps.count : index)
      }
      for name in step.inputs {
        if let lifetime = lifetimes[name] { lifetimes[name] = lifetime.lowerBound...max(lifetime.upperBound, index) }
      }
    }
    let stored = lifetimes.keys.filter { !placed.contains($0) }.sorted()
    memory = MemoryPlan(
      stored.map { MemoryPlan.Request(byteCount: types[$0]?.byteCount ?? 0, lifetime: lifetimes[$0] ?? 0...steps.count) })
    offsets = Dictionary(uniqueKeysWithValues: zip(stored, memory.offsets))
    inputs = needed.inputs.map(\.name)
    outputs = wanted
    self.types = types
    self.steps = steps
    self.constants = Dictionary(uniqueKeysWithValues: constants.map { ($0.key, $0.value.storage.decoded()) })
    self.fallbacks = fallbacks
  }
}

/// A node to run in one step, with what follows it taken in.
struct FusedNode {
  /// As in the graph, but its outputs are those of the last node taken in.
  var node: Node
  /// Whether this is a Gemm or a Conv with a Relu behind it.
  var appliesRelu = false

  func fastEvaluation(_ context: PreparationContext, _ kernels: TrainingKernels) throws -> Evaluation? {
    if appliesRelu {
      return node.operatorName == "Conv"
        ? try ConvolutionForms.forward(Conv.self, context, kernels, appliesRelu: true)
        : try MatrixForms.gemm(context, kernels, appliesRelu: true)
    }
    return try FastForms.all[node.operatorName]?(context, kernels)
  }

  /// The nodes of a graph in order, each Relu taken into the Gemm with a bias or the Conv before it where nobody else
  /// reads or keeps the product.
  static func fusing(_ graph: Graph, types: [String: TensorType], keeping kept: Set<String>) -> [FusedNode] {
    var users: [String: Int] = [:]
    for node in graph.nodes { for input in node.inputs { users[input, default: 0] += 1 } }
    var products: [String: Int] = [:]
    var result: [FusedNode] = []
    for node in graph.nodes {
      if node.operatorName == "Relu", let index = products[node.inputs[0]] {
        result[index].appliesRelu = true
        result[index].node.outputs = node.outputs
        continue
      }
      if node.operatorName == "Gemm", let output = node.outputs.first, users[output] == 1, !kept.contains(output),
        let bias = node.input(2).flatMap({ types[$0] }), let type = types[output], type.elementType == .float32,
        MatrixForms.isBias(bias.shape, columns: type.shape[1]), (try? node.float("beta", default: 1)) == 1,
        type.shape.elementCount > 0, types[node.inputs[0]]?.shape.elementCount ?? 0 > 0
      {
        products[output] = result.count
      }
      if node.operatorName == "Conv", let output = node.outputs.first, users[output] == 1, !kept.contains(output),
        ConvolutionForms.takesConv(node, types: types)
      {
        products[output] = result.count
      }
      result.append(FusedNode(node: node))
    }
    return result
  }
}
