import PareGraph
import PareTensor

/// What a batch executor will do, for given extents: which nodes, what runs as one, and where every value lies. Making
/// one takes no memory for values.
struct BatchPlan {
  struct Step {
    fileprivate let task: FusedNode
    fileprivate let context: PreparationContext

    /// The node, or the first of those that run as one.
    var node: Node { task.node }
    var inputs: [String] { task.node.inputs }
    var outputs: [String] { task.node.outputs }

    /// How the step is evaluated: by a fast form, or by the reference where there is none. Takes the memory that the
    /// form works in.
    func prepared(_ kernels: TrainingKernels) throws -> (evaluation: Evaluation, isFast: Bool) {
      if let fast = try task.fastEvaluation(context, kernels) { return (fast, true) }
      return (try OperatorCatalogue.prepare(context), false)
    }
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
  /// Values that are others under another shape, and so lie where those do.
  let aliases: [String: String]

  /// - Parameters:
  ///   - wanted: the values to keep to the end.
  ///   - placed: values that lie in memory of the caller's: parameters in a vector, gradients.
  init(
    _ graph: Graph, binding: [String: Int], outputs wanted: [String], placed: Set<String>
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
    var aliases: [String: String] = [:]
    for task in fused {
      if Self.reshaping.contains(task.node.operatorName), let source = task.node.input(0), let target = task.node.outputs.first,
        !kept.contains(target)
      {
        aliases[target] = aliases[source] ?? source
        continue
      }
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
      steps.append(Step(task: task, context: context))
    }

    // Inputs, constants and outputs live all along; the rest from its maker to its last user.
    var lifetimes: [String: ClosedRange<Int>] = [:]
    let constants = needed.parameters.filter { !placed.contains($0.key) }
    for name in needed.inputs.map(\.name) + constants.keys { lifetimes[name] = 0...steps.count }
    for (index, step) in steps.enumerated() {
      for name in step.outputs where !name.isEmpty {
        lifetimes[name] = index...(kept.contains(name) ? steps.count : index)
      }
      for name in step.inputs.map({ aliases[$0] ?? $0 }) {
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
    self.aliases = aliases
  }

  /// Prepares every step and lets go of it again, to see what it takes.
  func prepareOnce(_ kernels: TrainingKernels = .best) throws {
    for step in steps { _ = try step.prepared(kernels) }
  }

  /// Operators that yield the bytes of their first input under another shape.
  private static let reshaping: Set<OperatorName> = [
    "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze", "pare.ReshapeLike", "pare.ReverseGradient",
  ]
}

/// A node to run in one step, with what follows it taken in.
struct FusedNode {
  /// As in the graph, but its outputs are those of the last node taken in, and a bias taken in is its last input.
  var node: Node
  /// Whether the bias of an Add behind a MatMul is taken in.
  var addsBias = false
  /// Whether this is a product with a bias, or a Conv, and a Relu behind it.
  var appliesRelu = false

  func fastEvaluation(_ context: PreparationContext, _ kernels: TrainingKernels) throws -> Evaluation? {
    if addsBias { return try MatrixForms.matMul(context, kernels, bias: 2, appliesRelu: appliesRelu) }
    if appliesRelu {
      return node.operatorName == "Conv"
        ? try ConvolutionForms.forward(Conv.self, context, kernels, appliesRelu: true)
        : try MatrixForms.gemm(context, kernels, appliesRelu: true)
    }
    return try FastForms.all[node.operatorName]?(context, kernels)
  }

  /// The nodes of a graph in order. Where nobody else reads or keeps a product, what follows it is taken in: into a
  /// MatMul the Add of a bias, into that, a Gemm with a bias or a Conv a Relu.
  static func fusing(_ graph: Graph, types: [String: TensorType], keeping kept: Set<String>) -> [FusedNode] {
    var users: [String: Int] = [:]
    for node in graph.nodes { for input in node.inputs { users[input, default: 0] += 1 } }
    func isOpen(_ value: String) -> Bool { users[value] == 1 && !kept.contains(value) }
    /// Products that may still take in what follows them, by their result: a bias, or a Relu.
    var products: [String: Int] = [:]
    var finished: [String: Int] = [:]
    var result: [FusedNode] = []
    for node in graph.nodes {
      if node.operatorName == "Relu", let index = finished[node.inputs[0]] {
        result[index].appliesRelu = true
        result[index].node.outputs = node.outputs
        continue
      }
      if node.operatorName == "Add", let (index, bias) = bias(node, of: products, types),
        // The bias has to be there when the product is made.
        graph.parameters[bias] != nil || graph.inputs.contains(where: { $0.name == bias })
      {
        result[index].addsBias = true
        result[index].node.inputs.append(bias)
        result[index].node.outputs = node.outputs
        if isOpen(node.outputs[0]) { finished[node.outputs[0]] = index }
        continue
      }
      if let output = node.outputs.first, isOpen(output) {
        if MatrixForms.takesBias(node, types) { products[output] = result.count }
        if MatrixForms.hasBias(node, types) || ConvolutionForms.takesConv(node, types) { finished[output] = result.count }
      }
      result.append(FusedNode(node: node))
    }
    return result
  }

  /// The product that an Add gives a number per column, and the bias that holds those.
  private static func bias(
    _ node: Node, of products: [String: Int], _ types: [String: TensorType]
  ) -> (product: Int, bias: String)? {
    for (product, bias) in [(node.inputs[0], node.inputs[1]), (node.inputs[1], node.inputs[0])] {
      guard let index = products[product], let columns = types[product]?.shape.dimensions.last,
        let shape = types[bias]?.shape, MatrixForms.isBias(shape, columns: columns), shape.rank <= types[product]?.shape.rank ?? 0
      else { continue }
      return (index, bias)
    }
    return nil
  }
}
