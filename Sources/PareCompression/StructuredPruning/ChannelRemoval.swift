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
    for index in graph.nodes.indices { ExtentAdjustment(map: map, removed: removed).adjust(&graph, index) }
    _ = try graph.inferredTypes()
    return graph
  }
}

extension ParameterStorage {
  /// The same numbers without some positions along some axes, stored as before as far as that goes.
  fileprivate func removing(_ positions: [Int: Set<Int>]) -> ParameterStorage {
    let kept = shape.dimensions.enumerated().map { axis, extent in
      (0..<extent).filter { !(positions[axis]?.contains($0) ?? false) }
    }
    var offsets = [0]
    for (axis, positions) in kept.enumerated() {
      let inner = shape.dimensions[(axis + 1)...].reduce(1, *)
      offsets = offsets.flatMap { offset in positions.map { offset + $0 * inner } }
    }
    let (all, left) = (decoded(), Shape(kept.map(\.count)))
    if all.elementType == .int64 {
      let values = all.values(as: Int64.self)
      return ParameterStorage(Tensor(offsets.map { values[$0] }, shape: left))
    }
    let values = all.values(as: Float.self)
    let tensor = Tensor(offsets.map { values[$0] }, shape: left)
    return isShared ? .smallest(of: tensor, sharing: true) : ParameterStorage(tensor, layout: layout)
  }
}
