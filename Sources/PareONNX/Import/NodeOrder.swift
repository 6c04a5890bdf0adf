import PareGraph

/// An order of a body's nodes in which every value is made before it is used.
///
/// ONNX wants files in such an order; any order without a cycle is taken. One that is right already is kept.
struct NodeOrder {
  /// Positions of the nodes that the outputs depend on, makers before users.
  private(set) var positions: [Int] = []
  /// Every name that some node or output of the body uses.
  private(set) var used: Set<String>

  private let nodes: [WireNode]
  /// For each node, the values that it and the graphs inside it take.
  private let inputs: [[String]]
  private var producers: [String: Int] = [:]

  /// - Parameters:
  ///   - outputs: what the body yields.
  ///   - declared: the body's own inputs and initializers.
  ///   - isVisible: whether a value exists without the body's nodes.
  /// - Throws: `graph.duplicate-value`, `graph.missing-value`, `graph.cycle`, naming the node.
  init(_ nodes: [WireNode], outputs: [String], declared: Set<String>, isVisible: (String) -> Bool) throws {
    self.nodes = nodes
    inputs = nodes.map { Self.inputs(of: $0) }
    used = Set(outputs)
    for (position, node) in nodes.enumerated() {
      for output in node.outputs where !output.isEmpty {
        guard producers.updateValue(position, forKey: output) == nil, !declared.contains(output) else {
          throw GraphError(
            "duplicate-value", node: node.outline, expected: "names of values used once", found: "a second \(quoted(output))")
        }
      }
    }
    for (position, node) in nodes.enumerated() {
      used.formUnion(inputs[position])
      for input in node.inputs where !input.isEmpty && producers[input] == nil && !isVisible(input) {
        throw GraphError(
          "missing-value", node: node.outline, expected: "value \(quoted(input)) to be made by the graph", found: "no such value")
      }
    }
    for output in outputs where producers[output] == nil && !isVisible(output) {
      throw GraphError("missing-value", subject: "output \(quoted(output))", expected: "a value of the graph", found: "none")
    }
    let order = try sorted()
    var isNeeded = [Bool](repeating: false, count: nodes.count)
    for output in outputs { if let producer = producers[output] { isNeeded[producer] = true } }
    for position in order.reversed() where isNeeded[position] {
      for input in inputs[position] { if let producer = producers[input] { isNeeded[producer] = true } }
    }
    positions = order.filter { isNeeded[$0] }
  }

  /// The names that a node takes, those that the graphs in its attributes take from outside included.
  private static func inputs(of node: WireNode) -> [String] {
    var names = node.inputs.filter { !$0.isEmpty }
    for attribute in node.attributes {
      for graph in attribute.graphs + (attribute.hasGraph ? [attribute.graph] : []) {
        let own = Set(graph.nodes.flatMap(\.outputs) + graph.initializers.map(\.name) + graph.inputs.map(\.name))
        names += (graph.nodes.flatMap { inputs(of: $0) } + graph.outputs.map(\.name)).filter { !own.contains($0) }
      }
    }
    return names
  }

  /// Every node, makers first; the file's order where that is one.
  private func sorted() throws -> [Int] {
    let isSorted = nodes.indices.allSatisfy { position in
      inputs[position].allSatisfy { producers[$0].map { $0 < position } ?? true }
    }
    if isSorted { return Array(nodes.indices) }
    enum State { case unseen, open, done }
    var states = [State](repeating: .unseen, count: nodes.count)
    var order: [Int] = []
    for start in nodes.indices where states[start] == .unseen {
      // Each entry: a node and how many of its inputs have been looked at.
      var path = [(node: start, next: 0)]
      states[start] = .open
      while let (node, next) = path.last {
        guard next < inputs[node].count else {
          states[node] = .done
          order.append(node)
          path.removeLast()
          continue
        }
        path[path.count - 1].next += 1
        guard let producer = producers[inputs[node][next]] else { continue }
        switch states[producer] {
        case .done: break
        case .open:
          throw GraphError(
            "cycle", node: nodes[producer].outline, expected: "values that do not depend on themselves",
            found: "a cycle through \(quoted(inputs[node][next]))")
        case .unseen:
          states[producer] = .open
          path.append((producer, 0))
        }
      }
    }
    return order
  }
}

extension WireNode {
  /// The node's operator, `ai.onnx` being the domain without a name.
  var qualifiedOperator: OperatorName { OperatorName(operatorName, domain: domain == "ai.onnx" ? "" : domain) }

  /// What messages need of a node: its name, or its first output's where it has none, and its operator.
  var outline: Node {
    Node(qualifiedOperator, name: name.isEmpty ? outputs.first { !$0.isEmpty } ?? "" : name, inputs: inputs, outputs: outputs)
  }
}
