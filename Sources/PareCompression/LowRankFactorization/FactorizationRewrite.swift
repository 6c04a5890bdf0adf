import PareGraph
import PareTensor

/// Puts two nodes where one product stood, or a product before a recurrent layer.
struct FactorizationRewrite {
  private var graph: Graph
  private var names: NameScope
  private var replaced: [String] = []

  init(_ graph: Graph) {
    self.graph = graph
    names = NameScope(graph)
  }

  /// Replaces layers that share one weight `W = left · right`, `[outputs, inputs]`.
  mutating func replace(_ matrix: FactorizableMatrix, _ layers: [WeightTensor], by factors: LowRankFactors) {
    let isTrainable = graph.parameters[matrix.tensor.weight]?.isTrainable ?? true
    func add(_ name: String, _ values: [Double], _ shape: Shape) -> String {
      let name = names.fresh(name)
      graph.parameters[name] = Parameter(ParameterStorage(Tensor(values.map { Float($0) }, shape: shape)), isTrainable: isTrainable)
      return name
    }
    let (outputs, inputs, rank) = (matrix.outputs, matrix.inputs, factors.rank)
    let stem = matrix.tensor.name
    if matrix.isRecurrent {
      let inner = add("\(stem).v.weight", factors.right.transposed(rows: rank), [inputs, rank])
      let outer = add("\(stem).u.weight", factors.left, [1, outputs, rank])
      for layer in layers { insert(before: layer.node, "MatMul", inner, outer, attributes: [:]) }
    } else {
      let inner = matrix.isByInput
        ? add("\(stem).v.weight", factors.right.transposed(rows: rank), [inputs, rank])
        : add("\(stem).v.weight", factors.right, [rank, inputs])
      let outer = matrix.isByInput
        ? add("\(stem).u.weight", factors.left.transposed(rows: outputs), [rank, outputs])
        : add("\(stem).u.weight", factors.left, [outputs, rank])
      for layer in layers {
        insert(
          before: layer.node, layer.node.operatorName, inner, outer, attributes: layer.node.attributes.filter { $0.key == "transB" },
          renamed: "u")
      }
    }
    replaced.append(matrix.tensor.weight)
  }

  private mutating func insert(
    before node: Node, _ operatorName: OperatorName, _ inner: String, _ outer: String, attributes: [String: Attribute],
    renamed suffix: String? = nil
  ) {
    guard let position = graph.nodes.firstIndex(where: { $0.name == node.name }) else { return }
    let middle = names.fresh("\(node.name).v")
    let first = Node(operatorName, name: middle, inputs: [node.inputs[0], inner], outputs: [middle], attributes: attributes)
    var second = node
    if let suffix { second.name = names.fresh("\(node.name).\(suffix)") }
    second.inputs[0] = middle
    second.inputs[1] = outer
    graph.nodes.replaceSubrange(position...position, with: [first, second])
  }

  /// The graph, its names and shapes checked.
  consuming func finish() throws -> Graph {
    graph.removeUnused(replaced)
    _ = try graph.inferredTypes()
    return graph
  }
}
