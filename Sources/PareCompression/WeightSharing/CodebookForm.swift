import PareGraph
import PareTensor

/// A graph in which shared values are what is trained: in the place of a weight stands a Gather from a table, whose gradient is the
/// sum over the weights that share a value. Vectors of a table are gathered whole, and tables of groups lie one behind another.
///
/// Zero, where it is one of the values, is left out of a table of numbers by its mask, and so stays.
struct CodebookForm {
  /// A row of a table: the group that it is for, and the bits of its numbers.
  private struct Row: Hashable {
    let group: Int
    let bits: [UInt32]
  }

  /// What is trained.
  private(set) var graph: Graph
  private let original: Graph
  private let layers: [SharedLayer]
  /// By layer: its table, and the row of each weight, or of so many in a row.
  private var codes: [(table: String, indices: [Int])] = []

  /// - Parameters:
  ///   - layers: with weights as shared.
  ///   - isOne: whether all layers have one table.
  init(_ original: Graph, layers: [SharedLayer], isOne: Bool) {
    self.original = original
    self.layers = layers
    graph = original
    var names = NameScope(original)
    var nodes: [Node] = []
    let rows = layers.map { Self.rows(of: $0) }
    for group in isOne ? [Array(layers.indices)] : layers.indices.map({ [$0] }) {
      let first = layers[group[0]]
      let table = Set(group.flatMap { rows[$0] }).sorted { Self.precedes($0, $1) }
      let values = table.flatMap { $0.bits.map { Float(bitPattern: $0) } }
      let name = names.fresh(isOne ? "shared.table" : "\(first.layer.weight).table")
      let isVector = first.dimension > 1
      let tensor = Tensor(values, shape: isVector ? [table.count, first.dimension] : [table.count])
      graph.parameters[name] = Parameter(ParameterStorage(tensor, layout: isVector ? .dense : .bitmask), isTrainable: true)
      let positions = Dictionary(uniqueKeysWithValues: zip(table, table.indices))
      for index in group {
        let indices = rows[index].map { positions[$0] ?? 0 }
        codes.append((name, indices))
        nodes += replace(layers[index], by: indices, of: name, &names)
      }
    }
    graph.nodes = nodes + graph.nodes
  }

  /// The nodes that make a layer's weights of its table, which its readers then read.
  private mutating func replace(_ shared: SharedLayer, by indices: [Int], of table: String, _ names: inout NameScope) -> [Node] {
    let layer = shared.layer
    func constant(_ suffix: String, _ tensor: Tensor) -> String {
      let name = names.fresh(layer.weight + suffix)
      graph.parameters[name] = Parameter(ParameterStorage(tensor), isTrainable: false)
      return name
    }
    let isVector = shared.dimension > 1
    let positions = constant(".indices", Tensor(indices.map(Int64.init), shape: isVector ? [indices.count] : layer.shape))
    let value = names.fresh("\(layer.weight).shared")
    var nodes = [Node("Gather", name: value, inputs: [table, positions], outputs: [value])]
    var weight = value
    if isVector {
      let shape = constant(".shape", Tensor(layer.shape.dimensions.map(Int64.init)))
      weight = names.fresh("\(layer.weight).rows")
      nodes.append(Node("Reshape", name: weight, inputs: [value, shape], outputs: [weight]))
    }
    for node in graph.nodes.indices { graph.nodes[node].inputs = graph.nodes[node].inputs.map { $0 == layer.weight ? weight : $0 } }
    graph.parameters[layer.weight] = nil
    return nodes
  }

  /// The original graph with whatever else was trained, and each layer's weights as shared afterwards.
  func shared(of trained: Graph) -> (Graph, [SharedLayer]) {
    var result = original
    for (name, parameter) in trained.parameters where result.parameters[name] != nil { result.parameters[name] = parameter }
    var layers = layers
    for (index, (table, indices)) in codes.enumerated() {
      let values = trained.parameters[table]?.storage.decoded().values(as: Float.self) ?? []
      let dimension = layers[index].dimension
      layers[index].values = indices.flatMap { values[$0 * dimension..<($0 + 1) * dimension] }
    }
    return (result, layers)
  }

  private static func rows(of layer: SharedLayer) -> [Row] {
    let (values, dimension) = (layer.values, layer.dimension)
    let group: (Int) -> Int
    if case .groups(let groups) = layer.form { group = groups.group(in: layer.layer.shape) } else { group = { _ in 0 } }
    return stride(from: 0, to: values.count, by: dimension).map { start in
      Row(group: group(start), bits: values[start..<start + dimension].map(\.bitPattern))
    }
  }

  private static func precedes(_ left: Row, _ right: Row) -> Bool {
    if left.group != right.group { return left.group < right.group }
    for (a, b) in zip(left.bits, right.bits) where a != b {
      let (x, y) = (Float(bitPattern: a), Float(bitPattern: b))
      return x == y ? a > b : x < y
    }
    return false
  }
}
