import PareGraph
import PareModels
import PareTensor
import PareTraining

/// A model's graph that begins with a Gather of columns of its features, and what of it goes with which column.
struct PickedColumns {
  var graph: Graph
  /// The input that holds the features.
  let input: String
  /// The node that picks, and its parameter.
  private let node: String
  private let indices: String

  /// - Throws: `compression.no-layers` for a model without features in columns.
  init(_ graph: Graph) throws {
    let features = graph.inputs.first { input in
      input.name != Graph.panelMask && input.type.elementType == .float32 && input.type.rank > 1 && input.type.dimensions.last?.fixedValue != nil
    }
    guard let features, let width = features.type.dimensions.last?.fixedValue else {
      throw CompressionError(
        "no-layers", subject: "model '\(graph.name)'", expected: "an input of features, a number of them in each row", found: "none")
    }
    input = features.name
    if let node = graph.nodes.first(where: { $0.operatorName == Gather.name && $0.input(0) == features.name }),
      graph.consumers(of: features.name).count == 1, let indices = node.input(1), graph.parameters[indices]?.storage.elementType == .int64
    {
      (self.graph, self.node, self.indices) = (graph, node.name, indices)
      return
    }
    var names = NameScope(graph)
    let (picked, indices, name) = (names.fresh("\(input).picked"), names.fresh("\(input).columns"), names.fresh("\(input).pick"))
    var graph = graph
    for index in graph.nodes.indices { graph.nodes[index].inputs = graph.nodes[index].inputs.map { $0 == features.name ? picked : $0 } }
    graph.parameters[indices] = Parameter(ParameterStorage(Tensor((0..<width).map(Int64.init))), isTrainable: false)
    graph.nodes.insert(
      Node(Gather.name, name: name, inputs: [input, indices], outputs: [picked], attributes: ["axis": .int(features.type.rank - 1)]), at: 0)
    (self.graph, node, self.indices) = (graph, name, indices)
  }

  /// The columns that are read, ascending.
  var picked: [Int] { graph.parameters[indices]?.storage.decoded().values(as: Int64.self).map { Int($0) } ?? [] }

  /// Leaves the columns that matter most to the weights that read them.
  ///
  /// - Throws: `compression.no-layers` where columns cannot be taken out; what evaluating the graph throws.
  mutating func keep(_ count: Int, by rows: TrainingData) throws {
    _ = try LayerSelector.all.weights(of: graph)
    let map = try ChannelMap(graph)
    let (all, frozen) = map.table.units()
    let units = all.filter { $0.makers == [node] }
    guard units.count == picked.count else {
      throw CompressionError(
        "no-layers", subject: "model '\(graph.name)'", expected: "first layers from which columns can be taken out",
        found: frozen[node] ?? "columns that go with other channels")
    }
    let importance = try ChannelImportance(map, units).values(
      by: .weightedActivation, rows: rows, statistics: ChannelStatistics(of: map, rows: rows))
    let removed = units.indices.sorted { (importance[$0], $0) < (importance[$1], $1) }.prefix(units.count - count)
    graph = try ChannelRemoval(map: map).graph(without: removed.sorted().map { units[$0] })
  }
}
