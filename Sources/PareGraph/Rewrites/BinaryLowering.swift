import PareTensor

/// Packs the signs between layers of signs, so that a plan hands bits from one to the next.
///
/// What `pare.BinaryDense` takes as numbers becomes `pare.PackSigns` of them; where one such layer feeds nothing but
/// others, it yields their bits itself. The outputs of the graph keep their bits.
public enum BinaryLowering {
  public static func applies(to graph: Graph) -> Bool {
    graph.nodes.contains { $0.operatorName == BinaryDense.name }
  }

  /// - Throws: what a graph that does not fit together throws.
  public static func lower(_ graph: Graph) throws -> Graph {
    let types = try graph.inferredTypes()
    let outputs = Set(graph.outputs.map(\.name))
    var consumers: [String: [Node]] = [:]
    for node in graph.nodes {
      for input in Set(node.inputs) { consumers[input, default: []].append(node) }
    }
    func takesSigns(_ node: Node, of value: String) -> Bool {
      node.operatorName == BinaryDense.name && node.inputs[0] == value && !node.inputs.dropFirst().contains(value)
    }
    var names = FreshNames(graph)
    var packed: [String: String] = [:]
    var result = graph
    result.nodes = []
    for var node in graph.nodes {
      if node.operatorName == BinaryDense.name {
        let x = node.inputs[0]
        if types[x]?.elementType.isFloatingPoint == true {
          if packed[x] == nil {
            let bits = names.fresh("\(x).signs")
            result.nodes.append(Node(PackSigns.name, name: bits, inputs: [x], outputs: [bits]))
            packed[x] = bits
          }
          node.inputs[0] = packed[x] ?? x
        }
        let y = node.outputs[0]
        let users = consumers[y] ?? []
        if types[y]?.elementType.isFloatingPoint == true, !outputs.contains(y), !users.isEmpty,
          users.allSatisfy({ takesSigns($0, of: y) })
        {
          let bits = names.fresh("\(y).signs")
          node.outputs = [bits]
          node.attributes["packs"] = .int(1)
          packed[y] = bits
        }
      }
      result.nodes.append(node)
    }
    _ = try result.inferredTypes()
    return result
  }
}

/// Names that a graph does not use yet.
struct FreshNames {
  private var taken: Set<String>

  init(_ graph: Graph) {
    taken = Set(graph.inputs.map(\.name) + graph.parameters.keys + graph.nodes.flatMap { [$0.name] + $0.outputs })
  }

  mutating func fresh(_ stem: String) -> String {
    var name = stem
    while !taken.insert(name).inserted { name += "_" }
    return name
  }
}
