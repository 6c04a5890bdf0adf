import PareGraph
import PareTensor

/// Takes channels out of a graph: smaller arrays, and extents in attributes and shapes that follow.
struct ChannelRemoval {
  let map: ChannelMap

  /// - Throws: `GraphError` where what is left does not fit together.
  func graph(without units: [ChannelUnit]) throws -> Graph {
    guard !units.isEmpty else { return map.graph }
    var graph = map.graph
    let removed = units.reduce(into: Set<ChannelTable.Channel>()) { $0.formUnion($1.channels) }
    var positions: [String: [Int: Set<Int>]] = [:]
    for slice in units.flatMap(\.slices) { positions[slice.parameter, default: [:]][slice.axis, default: []].insert(slice.index) }
    for (name, axes) in positions {
      guard let parameter = graph.parameters[name] else { continue }
      graph.parameters[name]?.storage = parameter.storage.removing(axes)
    }
    for index in graph.nodes.indices { adjust(&graph, index, removed) }
    _ = try graph.inferredTypes()
    return graph
  }

  /// What a node says of extents besides its weights.
  private func adjust(_ graph: inout Graph, _ index: Int, _ removed: Set<ChannelTable.Channel>) {
    let node = graph.nodes[index]
    func extent(_ input: Int, _ axis: Int) -> Int? {
      node.input(input).flatMap { graph.parameters[$0] }.map { $0.storage.shape[axis] }
    }
    switch node.operatorName {
    case "LSTM", "GRU", "RNN":
      if let hidden = extent(2, 2) { graph.nodes[index].attributes["hidden_size"] = .int(hidden) }
    case "Conv":
      guard let group = try? node.int("group", default: 1), group > 1, let filters = extent(1, 0),
        let before = map.weightShape(node.input(1)).map({ $0[0] })
      else { return }
      graph.nodes[index].attributes["group"] = .int(filters * group / before)
    case "Reshape":
      let axes = map.axes(of: node.outputs[0]).filter { $0.value.contains(where: removed.contains) }
      guard !axes.isEmpty, let shape = shape(of: node, axes, removed) else { return }
      var names = NameScope(graph)
      let name = names.fresh("\(node.name).shape")
      graph.parameters[name] = Parameter(ParameterStorage(Tensor(shape.map(Int64.init))), isTrainable: false)
      let former = node.inputs[1]
      graph.nodes[index].inputs[1] = name
      graph.removeUnused([former])
    default: break
    }
  }

  /// What a Reshape asks for afterwards; nil where it cannot say it.
  private func shape(of node: Node, _ axes: [Int: [ChannelTable.Channel]], _ removed: Set<ChannelTable.Channel>) -> [Int]? {
    let (from, to) = (map.extents(of: node.inputs[0]), map.extents(of: node.outputs[0]))
    var isOpenUsed = false
    var shape: [Int] = []
    for (axis, dimension) in to.enumerated() {
      if let channels = axes[axis] {
        shape.append(channels.count { !removed.contains($0) })
      } else if let extent = dimension.fixedValue {
        shape.append(extent)
      } else if axis < from.count, from[axis] == dimension {
        shape.append(0)
      } else if !isOpenUsed {
        isOpenUsed = true
        shape.append(-1)
      } else {
        return nil
      }
    }
    return shape
  }
}

extension ParameterStorage {
  /// The same numbers without some positions along some axes, stored as before as far as that goes.
  fileprivate func removing(_ positions: [Int: Set<Int>]) -> ParameterStorage {
    let kept = shape.dimensions.enumerated().map { axis, extent in
      (0..<extent).filter { !(positions[axis]?.contains($0) ?? false) }
    }
    let values = decoded().values(as: Float.self)
    var offsets = [0]
    for (axis, positions) in kept.enumerated() {
      let inner = shape.dimensions[(axis + 1)...].reduce(1, *)
      offsets = offsets.flatMap { offset in positions.map { offset + $0 * inner } }
    }
    let tensor = Tensor(offsets.map { values[$0] }, shape: Shape(kept.map(\.count)))
    return isShared ? .smallest(of: tensor, sharing: true) : ParameterStorage(tensor, layout: layout)
  }
}
