import PareGraph

/// The values of a graph that carry what the network says of a row: real numbers that follow from its real inputs, or from learned
/// numbers picked by its others. Masks of integers and Booleans, positions and extents do not.
struct SignalValues {
  private let carriers: Set<String>

  init(_ graph: Graph, _ types: [String: ValueType]) {
    func isReal(_ value: String) -> Bool { types[value]?.elementType.isFloatingPoint ?? false }
    var carriers = Set(graph.inputs.map(\.name).filter(isReal))
    var dependent = Set(graph.inputs.map(\.name))
    var learned = Set(graph.parameters.filter { $0.value.isTrainable }.keys)
    for node in graph.nodes where node.operatorName != "Shape" && node.operatorName != "Size" {
      let isDependent = node.inputs.contains(where: dependent.contains)
      let isLearned = node.inputs.contains(where: learned.contains)
      if isDependent { dependent.formUnion(node.outputs) }
      if isLearned { learned.formUnion(node.outputs) }
      if node.inputs.contains(where: carriers.contains) || (isDependent && isLearned) {
        carriers.formUnion(node.outputs.filter(isReal))
      }
    }
    self.carriers = carriers
  }

  func contains(_ value: String) -> Bool { carriers.contains(value) }
}
