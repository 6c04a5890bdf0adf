import PareGraph
import PareTensor

/// Makes nodes say of extents, besides their weights, what is left once channels are taken out.
struct ExtentAdjustment {
  let map: ChannelMap
  let removed: Set<ChannelTable.Channel>

  func adjust(_ graph: inout Graph, _ index: Int) {
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
    case "GroupNormalization":
      guard let channels = affected(node.inputs[0])[1], let groups = try? node.int("num_groups", default: 1) else { return }
      graph.nodes[index].attributes["num_groups"] = .int(kept(channels) * groups / channels.count)
    case "Attention":
      setHeads(&graph, index, operand: 0, "q_num_heads")
      setHeads(&graph, index, operand: 1, "kv_num_heads")
    case "RotaryEmbedding": setHeads(&graph, index, operand: 0, "num_heads")
    case "Reshape":
      let axes = affected(node.outputs[0])
      if !axes.isEmpty, let shape = shape(of: node, axes) { replace(&graph, index, input: 1, by: shape) }
    case "Expand":
      // An extent of 1 leaves that of the input.
      let axes = affected(node.outputs[0])
      guard !axes.isEmpty, var shape = map.integers(node.input(1)) else { return }
      let shift = map.extents(of: node.outputs[0]).count - shape.count
      for axis in axes.keys where axis >= shift { shape[axis - shift] = 1 }
      replace(&graph, index, input: 1, by: shape)
    case "Split":
      guard let axis = map.axis(of: node, default: 0), let channels = affected(node.inputs[0])[axis],
        let sizes = map.partSizes(of: node, along: axis)
      else { return }
      var first = 0
      let left = sizes.map { size in
        defer { first += size }
        return kept(channels[first..<first + size])
      }
      graph.nodes[index].attributes["num_outputs"] = nil
      replace(&graph, index, input: 1, by: left)
    case "Slice": slice(&graph, index)
    default: break
    }
  }

  // MARK: parts

  /// The axes of a value along which channels are taken out.
  private func affected(_ value: String) -> [Int: [ChannelTable.Channel]] {
    map.axes(of: value).filter { $0.value.contains(where: removed.contains) }
  }

  private func kept(_ channels: some Sequence<ChannelTable.Channel>) -> Int { channels.count { !removed.contains($0) } }

  private func setHeads(_ graph: inout Graph, _ index: Int, operand: Int, _ attribute: String) {
    let node = graph.nodes[index]
    guard let (_, width) = map.headGeometry(of: node, operand), let channels = affected(node.inputs[operand])[2] else { return }
    graph.nodes[index].attributes[attribute] = .int(kept(channels) / width)
  }

  private func slice(_ graph: inout Graph, _ index: Int) {
    let node = graph.nodes[index]
    let axes = affected(node.inputs[0])
    guard !axes.isEmpty, let cuts = map.cuts(of: node), var starts = map.integers(node.input(1)), var ends = map.integers(node.input(2))
    else { return }
    let rank = map.extents(of: node.inputs[0]).count
    let named = node.input(3).flatMap { map.integers($0) } ?? Array(starts.indices)
    for (place, given) in named.enumerated() {
      let axis = given < 0 ? given + rank : given
      guard let channels = axes[axis], case .run(let run)? = cuts[axis] else { continue }
      starts[place] = kept(channels[..<run.lowerBound])
      ends[place] = starts[place] + kept(channels[run])
    }
    replace(&graph, index, input: 1, by: starts)
    replace(&graph, index, input: 2, by: ends)
  }

  /// What a Reshape asks for afterwards; nil where it cannot say it.
  private func shape(of node: Node, _ axes: [Int: [ChannelTable.Channel]]) -> [Int]? {
    let (from, to) = (map.extents(of: node.inputs[0]), map.extents(of: node.outputs[0]))
    var isOpenUsed = false
    var shape: [Int] = []
    for (axis, dimension) in to.enumerated() {
      if let channels = axes[axis] {
        shape.append(kept(channels))
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

  /// Gives a node integers of its own in the place of an input, which others may read.
  private func replace(_ graph: inout Graph, _ index: Int, input: Int, by integers: [Int]) {
    let node = graph.nodes[index]
    var names = NameScope(graph)
    let name = names.fresh("\(node.name).\(node.operatorName == "Reshape" || node.operatorName == "Expand" ? "shape" : "places\(input)")")
    let former = node.input(input)
    let isShort = former.flatMap { graph.parameters[$0] }?.storage.elementType == .int32
    let tensor = isShort ? Tensor(integers.map { Int32(clamping: $0) }) : Tensor(integers.map(Int64.init))
    graph.parameters[name] = Parameter(ParameterStorage(tensor), isTrainable: false)
    while graph.nodes[index].inputs.count <= input { graph.nodes[index].inputs.append("") }
    graph.nodes[index].inputs[input] = name
    if let former { graph.removeUnused([former]) }
  }
}
