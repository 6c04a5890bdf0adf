import PareTensor

extension Graph {
  /// The graph with names of extents replaced by numbers, and without the nodes that only compute shapes: what they
  /// yield are parameters now.
  ///
  /// - Parameters:
  ///   - binding: the extent of each name; a name without one stays.
  ///   - kept: values whose nodes stay in any case.
  package func specialized(_ binding: [String: Int], keeping kept: Set<String> = []) throws -> Graph {
    var result = self
    for index in inputs.indices {
      result.inputs[index].type.dimensions = inputs[index].type.dimensions.map { dimension in
        dimension.extent(binding: binding).map(Dimension.fixed) ?? dimension
      }
    }
    let inference = try result.inference()
    let kept = kept.union(outputs.map(\.name))
    result.nodes = []
    for node in nodes {
      let values = node.outputs.map { inference.known[$0]?.tensor }
      let folds = zip(node.outputs, values).allSatisfy { name, value in
        // Floating point is left to be computed in the precision of whoever runs the graph.
        if let value { !value.elementType.isFloatingPoint && !kept.contains(name) } else { name.isEmpty }
      }
      guard folds else {
        result.nodes.append(node)
        continue
      }
      for (name, value) in zip(node.outputs, values) {
        if let value { result.parameters[name] = Parameter(ParameterStorage(value), isTrainable: false) }
      }
    }
    for index in result.outputs.indices {
      if let type = inference.types[result.outputs[index].name] { result.outputs[index].type = type }
    }
    return result
  }
}
