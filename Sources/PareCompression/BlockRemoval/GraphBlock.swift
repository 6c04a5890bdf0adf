import PareGraph

/// A piece of a graph that can go: what read its end then reads its start, which is of the same type.
struct GraphBlock: Hashable {
  /// The value that it reads.
  let start: String
  /// The value that it makes for what comes behind.
  let end: String
  /// Names of its nodes with weights, in the order of evaluation.
  let layers: [String]

  /// What reports call it: its layers, all of them up to three.
  var name: String {
    layers.count <= 3 ? layers.joined(separator: ", ") : "\(layers[0]) … \(layers[layers.count - 1])"
  }
}

extension Graph {
  /// The same graph without a block. Its end stays under its name, as its start once more, where it is an output or holds the
  /// scores; what only the block needed goes with it.
  ///
  /// - Throws: `GraphError` where what is left does not fit together.
  func without(_ block: GraphBlock) throws -> Graph {
    var names = NameScope(self)
    var result = self
    result.nodes = []
    let keepsEnd = outputs.contains { $0.name == block.end } || (try? scores().value) == block.end
    for var node in nodes {
      if !keepsEnd {
        node.inputs = node.inputs.map { $0 == block.end ? block.start : $0 }
      } else if node.outputs.contains(block.end) {
        result.nodes.append(Node("Identity", name: names.fresh("\(node.name).skipped"), inputs: [block.start], outputs: [block.end]))
        node.outputs = node.outputs.map { $0 == block.end ? names.fresh($0) : $0 }
      }
      result.nodes.append(node)
    }
    result = result.pruned()
    _ = try result.inferredTypes()
    return result
  }
}
