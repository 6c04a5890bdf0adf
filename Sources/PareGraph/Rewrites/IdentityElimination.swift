import PareTensor

extension Graph {
  /// The graph without nodes that pass a value on as it is: Identity, and Cast to the type that the value has.
  ///
  /// Inputs and outputs keep their names. A node stays where it joins an input or a parameter to an output, or two outputs
  /// to each other.
  ///
  /// - Throws: what the graph's types show to be wrong.
  public func withoutIdentities() throws -> Graph {
    let types = try inference().types
    let outputNames = Set(outputs.map(\.name))
    let made = Set(nodes.flatMap(\.outputs))
    var names: [String: String] = [:]
    var removed: Set<String> = []
    for node in nodes {
      guard let given = node.inputs.first, let result = node.outputs.first, node.passesOn(types) else { continue }
      let source = names[given] ?? given
      if !outputNames.contains(result) {
        names[result] = source
      } else if made.contains(source), !outputNames.contains(source) {
        // The value takes the output's name, wherever it was met so far.
        for (name, target) in names where target == source { names[name] = result }
        names[source] = result
      } else {
        continue
      }
      removed.insert(node.name)
    }
    guard !removed.isEmpty else { return self }
    var result = self
    result.nodes = nodes.filter { !removed.contains($0.name) }
    for index in result.nodes.indices {
      result.nodes[index].inputs = result.nodes[index].inputs.map { names[$0] ?? $0 }
      result.nodes[index].outputs = result.nodes[index].outputs.map { names[$0] ?? $0 }
    }
    return result.pruned()
  }
}

extension Node {
  fileprivate func passesOn(_ types: [String: ValueType]) -> Bool {
    switch operatorName {
    case "Identity": true
    case "Cast":
      inputs.first.flatMap { types[$0]?.elementType } == outputs.first.flatMap { types[$0]?.elementType }
        && inputs.first.flatMap { types[$0] } != nil
    default: false
    }
  }
}
