import PareTensor

/// First states of recurrent layers that are zeros, as exporters write them out: the same as none.
package enum ZeroStates {
  /// The same function with such states left out, and what only made them.
  package static func dropped(from graph: Graph) -> Graph {
    var result = graph
    for (index, node) in graph.nodes.enumerated() where ["LSTM", "GRU", "RNN"].contains(node.operatorName) {
      for state in RecurrentInput.initialStates {
        guard let value = node.input(state), isZero(value, in: graph) else { continue }
        result.nodes[index].inputs[state] = ""
      }
      while result.nodes[index].inputs.last == "" { result.nodes[index].inputs.removeLast() }
    }
    return result.nodes == graph.nodes ? graph : result.pruned()
  }

  /// Whether a value is zeros whatever its extents.
  static func isZero(_ value: String, in graph: Graph) -> Bool {
    var value = value
    while true {
      if let parameter = graph.parameters[value] { return parameter.storage.decoded().doubles.allSatisfy { $0 == 0 } }
      guard let node = graph.producer(of: value), movers.contains(node.operatorName) else { return false }
      value = node.inputs[0]
    }
  }

  private static let movers: Set<OperatorName> = [
    "Expand", "Identity", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Gather", "Slice",
  ]
}
