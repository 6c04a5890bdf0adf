import PareGraph

/// Finds the blocks of a graph: residual branches, and layers whose output has the type of their input.
///
/// A block is a passage with weights in it that is no sequence of two, and the activations, biases and normalizations behind it; of
/// passages with the same weights the longest, so that a branch goes with the normalization that opens it and the sum that closes
/// it. A normalization that follows belongs to the block where none opens it. Within a residual branch only other branches are
/// blocks; none is all of the network's weights.
struct BlockFinder {
  private let graph: Graph
  private let types: [String: ValueType]
  private let signals: SignalValues
  private let readers: [String: [Int]]
  private let outputs: Set<String>
  private let layers: Set<String>

  /// - Throws: what the graph's types show to be wrong.
  init(_ graph: Graph) throws {
    self.graph = graph
    types = try graph.inferredTypes()
    signals = SignalValues(graph, types)
    var readers: [String: [Int]] = [:]
    for (index, node) in graph.nodes.enumerated() { for input in node.inputs.unique() { readers[input, default: []].append(index) } }
    self.readers = readers
    outputs = Set(graph.outputs.map(\.name))
    layers = Set(graph.weightTensors.map(\.name))
  }

  /// In the order of their last nodes, what lies within others before them.
  func blocks() -> [GraphBlock] {
    var longest: [[String]: Passage] = [:]
    for passage in PassageSearch(graph, types, signals, layers: self.layers).elementary() {
      let layers = passage.nodes.map { graph.nodes[$0].name }.filter(layers.contains)
      guard !layers.isEmpty, layers.count < self.layers.count else { continue }
      if let other = longest[layers], other.nodes.count >= passage.nodes.count { continue }
      longest[layers] = passage
    }
    let branches = longest.values.filter(isBranch).map { Set($0.nodes) }
    longest = longest.filter { _, passage in
      isBranch(passage) || !branches.contains { $0.isSuperset(of: passage.nodes) }
    }
    func place(_ entry: (key: [String], value: Passage)) -> (Int, Int, String) {
      (entry.value.nodes.last ?? 0, entry.key.count, entry.key.joined(separator: ", "))
    }
    let order = longest.sorted { place($0) < place($1) }
    return order.map { layers, passage in
      let whole = extended(passage)
      return GraphBlock(start: whole.start, end: whole.end, layers: layers)
    }
  }

  /// Whether it adds to what it reads.
  private func isBranch(_ passage: Passage) -> Bool {
    guard let last = passage.nodes.last.map({ graph.nodes[$0] }), last.outputs.first == passage.end else { return false }
    return (last.operatorName == "Add" || last.operatorName == "Sum") && last.inputs.contains(passage.start)
  }

  /// With what follows and belongs to it.
  private func extended(_ passage: Passage) -> Passage {
    let opening = (readers[passage.start] ?? []).filter(passage.nodes.contains)
    let isOpened = opening.contains { Self.normalizations.contains(graph.nodes[$0].operatorName) }
    var result = passage
    while !outputs.contains(result.end), let next = readers[result.end], next.count == 1 {
      let node = graph.nodes[next[0]]
      guard let end = node.outputs.first, !outputs.contains(end), types[end] == types[result.end],
        node.outputs.dropFirst().allSatisfy({ readers[$0] == nil && !outputs.contains($0) }),
        node.inputs.allSatisfy({ $0 == result.end || !signals.contains($0) }),
        isTrailer(node, besides: result.end, isOpened: isOpened)
      else { break }
      result.end = end
      result.nodes.append(next[0])
    }
    return result
  }

  private func isTrailer(_ node: Node, besides value: String, isOpened: Bool) -> Bool {
    if Self.normalizations.contains(node.operatorName) { return !isOpened }
    if Self.activations.contains(node.operatorName) { return node.inputs[0] == value }
    guard ["Add", "Sub", "Mul", "Div"].contains(node.operatorName) else { return false }
    // A number for each channel: more may hold positions, which belong to none.
    return node.inputs.allSatisfy { input in
      input == value || graph.parameters[input].map { $0.storage.shape.dimensions.count { $0 > 1 } <= 1 } ?? false
    }
  }

  private static let normalizations: Set<OperatorName> = [
    "BatchNormalization", "LayerNormalization", "RMSNormalization", "InstanceNormalization", "GroupNormalization",
  ]

  private static let activations: Set<OperatorName> = [
    "Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Sigmoid", "Tanh", "Softplus", "Softsign", "HardSigmoid", "HardSwish", "Gelu",
    "Mish", "Swish", "ThresholdedRelu", "Clip", "Dropout", "Identity",
  ]
}
