import PareGraph

/// A node that computes with inputs, and the parameters that it reads: its own, and those behind nodes that only turn parameters into
/// others, as DequantizeLinear does. A parameter that several nodes read is the first one's.
package struct StoredLayer: GraphLayer {
  package let node: Node
  /// At least one.
  package let parameters: [String]

  package var weight: String { parameters[0] }
}

extension LayerSelector {
  /// The selected layers with their parameters, in whatever form these are: for `all`, every node that reads parameters.
  ///
  /// - Throws: as `layers(of:)`.
  func storedLayers(of graph: Graph) throws -> [StoredLayer] {
    let layers = graph.storedLayers
    if self == .all, !layers.isEmpty { return layers }
    return try selected(layers.filter { $0.hasWeights(in: graph) }, of: graph, having: "weights")
  }
}

extension StoredLayer {
  private static let integerOperators = [BinaryDense.name, QuantizedLSTM.name, QuantizedGRU.name]

  /// Whether the node multiplies by a parameter.
  fileprivate func hasWeights(in graph: Graph) -> Bool {
    let multiplies = WeightTensor.inputs[node.operatorName] != nil || Self.integerOperators.contains(node.operatorName)
    return multiplies && parameters.contains { (graph.parameters[$0]?.storage.shape.rank ?? 0) >= 2 }
  }
}

extension Graph {
  /// In the order of evaluation.
  package var storedLayers: [StoredLayer] {
    /// By value that follows from parameters alone: which.
    var sources = Dictionary(uniqueKeysWithValues: parameters.keys.map { ($0, [$0]) })
    var claimed: Set<String> = []
    var layers: [StoredLayer] = []
    for node in nodes {
      let inputs = node.inputs.filter { !$0.isEmpty }
      let read = inputs.flatMap { sources[$0] ?? [] }
      if !inputs.isEmpty, inputs.allSatisfy({ sources[$0] != nil }) {
        for output in node.outputs { sources[output] = read }
      } else {
        let own = read.filter { claimed.insert($0).inserted }
        if !own.isEmpty { layers.append(StoredLayer(node: node, parameters: own)) }
      }
    }
    return layers
  }
}
