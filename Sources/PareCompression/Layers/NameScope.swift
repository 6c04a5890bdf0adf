import PareGraph

/// The names that a graph uses, so that a rewrite adds none twice.
struct NameScope {
  private var taken: Set<String>

  init(_ graph: Graph) {
    taken = Set(graph.parameters.keys)
    taken.formUnion(graph.inputs.map { $0.name })
    for node in graph.nodes {
      taken.insert(node.name)
      taken.formUnion(node.outputs)
    }
  }

  /// The stem itself, or the stem with the first number that makes it new.
  mutating func fresh(_ stem: String) -> String {
    var candidate = stem
    var number = 1
    while !taken.insert(candidate).inserted {
      candidate = "\(stem)_\(number)"
      number += 1
    }
    return candidate
  }
}

extension Graph {
  /// Removes parameters that no node uses, among those named.
  mutating func removeUnused(_ names: [String]) {
    for name in names where !outputs.contains(where: { $0.name == name }) && consumers(of: name).isEmpty {
      parameters[name] = nil
    }
  }
}
