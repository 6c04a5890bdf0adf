import PareGraph
import PareTensor

/// A graph in which shared values are what is trained: in the place of a weight stands a Gather from a table, whose gradient is the
/// sum over the weights that share a value.
///
/// Zero, where it is one of the values, is left out of a table by its mask, and so stays.
struct CodebookForm {
  /// What is trained.
  private(set) var graph: Graph
  private let original: Graph
  private let layers: [WeightTensor]
  /// By layer: its table, and the index of each weight.
  private var codes: [(table: String, indices: [Int])] = []

  /// - Parameters:
  ///   - shared: each layer's weights as shared.
  ///   - isOne: whether all layers have one table.
  init(_ original: Graph, layers: [WeightTensor], shared: [[Float]], isOne: Bool) {
    self.original = original
    self.layers = layers
    graph = original
    var names = NameScope(original)
    var tables: [(name: String, positions: [UInt32: Int])] = []
    for group in isOne ? [Array(layers.indices)] : layers.indices.map({ [$0] }) {
      let values = Set(group.flatMap { shared[$0] }.map(\.bitPattern)).map { Float(bitPattern: $0) }.sorted()
      let name = names.fresh(isOne ? "shared.table" : "\(layers[group[0]].weight).table")
      graph.parameters[name] = Parameter(ParameterStorage(Tensor(values), layout: .bitmask), isTrainable: true)
      let positions = Dictionary(values.enumerated().map { ($1.bitPattern, $0) }, uniquingKeysWith: { first, _ in first })
      tables += group.map { _ in (name, positions) }
    }
    var nodes: [Node] = []
    for (index, layer) in layers.enumerated() {
      let indices = shared[index].map { tables[index].positions[$0.bitPattern] ?? 0 }
      codes.append((tables[index].name, indices))
      let positions = names.fresh("\(layer.weight).indices")
      graph.parameters[positions] = Parameter(ParameterStorage(Tensor(indices.map(Int64.init), shape: layer.shape)), isTrainable: false)
      let value = names.fresh("\(layer.weight).shared")
      nodes.append(Node("Gather", name: value, inputs: [tables[index].name, positions], outputs: [value]))
      for node in graph.nodes.indices { graph.nodes[node].inputs = graph.nodes[node].inputs.map { $0 == layer.weight ? value : $0 } }
      graph.parameters[layer.weight] = nil
    }
    graph.nodes = nodes + graph.nodes
  }

  /// The original graph with whatever else was trained, and each layer's weights as shared afterwards.
  func shared(of trained: Graph) -> (Graph, [[Float]]) {
    var result = original
    for (name, parameter) in trained.parameters where result.parameters[name] != nil { result.parameters[name] = parameter }
    let weights = codes.map { table, indices in
      let values = trained.parameters[table]?.storage.decoded().values(as: Float.self) ?? []
      return indices.map { values[$0] }
    }
    return (result, weights)
  }
}
