import PareGraph
import PareTensor

/// Puts two nodes where one product stood.
struct FactorizationRewrite {
  private var graph: Graph
  private var names: NameScope
  private var replaced: [String] = []

  init(_ graph: Graph) {
    self.graph = graph
    names = NameScope(graph)
  }

  /// Replaces layers that share one weight `W = left · right`.
  ///
  /// Where the weight is `[out, in]` the input meets `right` first, `x·Wᵀ = (x·rightᵀ)·leftᵀ`; where it is `[in, out]`
  /// it meets `left`, `x·W = (x·left)·right`.
  mutating func replace(_ layers: [LinearLayer], by factors: (left: Tensor, right: Tensor)) {
    guard let shared = layers.first else { return }
    let isTrainable = graph.parameters[shared.weight]?.isTrainable ?? true
    let (inner, outer) = shared.outputAxis == 0 ? (factors.right, factors.left) : (factors.left, factors.right)
    let innerWeight = names.fresh("\(shared.name).v.weight")
    let outerWeight = names.fresh("\(shared.name).u.weight")
    graph.parameters[innerWeight] = Parameter(ParameterStorage(inner), isTrainable: isTrainable)
    graph.parameters[outerWeight] = Parameter(ParameterStorage(outer), isTrainable: isTrainable)
    for layer in layers {
      guard let position = graph.nodes.firstIndex(where: { $0.name == layer.name }) else { continue }
      let middle = names.fresh("\(layer.name).v")
      let first = Node(
        layer.node.operatorName, name: middle, inputs: [layer.input, innerWeight], outputs: [middle],
        attributes: layer.node.attributes.filter { $0.key == "transB" })
      var second = layer.node
      second.name = names.fresh("\(layer.name).u")
      second.inputs[0] = middle
      second.inputs[1] = outerWeight
      graph.nodes.replaceSubrange(position...position, with: [first, second])
    }
    replaced.append(shared.weight)
  }

  /// The graph, its names and shapes checked.
  consuming func finish() throws -> Graph {
    graph.removeUnused(replaced)
    _ = try graph.inferredTypes()
    return graph
  }
}
