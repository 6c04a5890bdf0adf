import PareGraph
import PareTensor

// MARK: layers with weights

extension ChannelMap {
  mutating func gemm(_ node: Node) {
    guard (try? node.int("transA", default: 0)) == 0, let shape = weightShape(node.input(1)), let weight = node.input(1) else {
      return freezeInputs(of: node, "it is multiplied by what is no Float32 weight")
    }
    let outputAxis = (try? node.int("transB", default: 0)) == 1 ? 0 : 1
    consume(node, node.inputs[0], axis: 1, weight, weightAxis: 1 - outputAxis)
    let outputs = produce(node, weight, axis: outputAxis, count: shape[outputAxis])
    attend(node.input(2), outputs)
    set(node.outputs[0], [1: outputs])
  }

  mutating func matrixProduct(_ node: Node) {
    let (left, right) = (extents(of: node.inputs[0]).count, extents(of: node.inputs[1]).count)
    if let shape = weightShape(node.input(1)), shape.rank == 2, graph.parameters[node.inputs[0]] == nil {
      var result = axes(of: node.inputs[0])
      consume(node, node.inputs[0], axis: left - 1, node.inputs[1], weightAxis: 0)
      result[left - 1] = produce(node, node.inputs[1], axis: 1, count: shape[1])
      return set(node.outputs[0], result)
    }
    guard left >= 2, left == right, graph.parameters[node.inputs[0]] == nil, graph.parameters[node.inputs[1]] == nil else {
      return freezeInputs(of: node, "it is multiplied by what is no Float32 weight")
    }
    // Two activations: rows of the one by columns of the other, matrix by matrix.
    let (a, b) = (axes(of: node.inputs[0]), axes(of: node.inputs[1]))
    var result: [Int: [Channel]] = [:]
    func same(_ one: [Channel]?, _ other: [Channel]?) -> [Channel]? {
      guard let one, let other, one.count == other.count else {
        table.freeze((one ?? []) + (other ?? []), "it meets what is not made by layers in '\(node.name)'")
        return nil
      }
      table.join(one, other)
      return one
    }
    _ = same(a[left - 1], b[left - 2])
    for axis in 0..<left - 2 where a[axis] != nil || b[axis] != nil { result[axis] = same(a[axis], b[axis]) }
    if let rows = a[left - 2] { result[left - 2] = rows }
    if let columns = b[left - 1] { result[left - 1] = columns }
    set(node.outputs[0], result)
  }

  mutating func convolution(_ node: Node) {
    guard let weight = node.input(1), let shape = weightShape(weight) else {
      return freezeInputs(of: node, "it is convolved with what is no Float32 weight")
    }
    let x = node.inputs[0]
    let isTransposed = node.operatorName == "ConvTranspose"
    let group = (try? node.int("group", default: 1)) ?? 1
    for (axis, channels) in axes(of: x) where axis > 1 { table.freeze(channels, "a convolution goes along it, in '\(node.name)'") }
    let outputs: [Channel]
    if group == 1 {
      consume(node, x, axis: 1, weight, weightAxis: isTransposed ? 0 : 1)
      outputs = produce(node, weight, axis: isTransposed ? 1 : 0, count: shape[isTransposed ? 1 : 0])
    } else if !isTransposed, let inputs = axes(of: x)[1], group == inputs.count, shape[0] % group == 0 {
      // Each channel has filters of its own, which go with it.
      outputs = inputs.flatMap { Array(repeating: $0, count: shape[0] / group) }
      table.tie(weight, axis: 0, outputs, .producing)
    } else {
      return freezeInputs(of: node, "a convolution in \(group) groups reads it")
    }
    attend(node.input(2), outputs)
    set(node.outputs[0], [1: outputs])
  }

  /// A unit is a row of every gate in W and R, a column of R, and its numbers in biases, peepholes and first states; in both
  /// directions at once where there are two.
  mutating func recurrent(_ node: Node) {
    guard let w = node.input(1), let r = node.input(2), weightShape(w) != nil, let shape = weightShape(r) else {
      return freezeInputs(of: node, "\(node.operatorName) with weights that are no Float32 parameters")
    }
    let count = shape[2]
    let gates = shape[1] / max(count, 1)
    consume(node, node.inputs[0], axis: 2, w, weightAxis: 2)
    let units = table.fresh(count, maker: node.name)
    let rows = (0..<gates).flatMap { _ in units }
    table.tie(w, axis: 1, rows, .producing)
    table.tie(r, axis: 1, rows, .producing)
    table.tie(r, axis: 2, units, .consuming)
    if let bias = node.input(3) { bind(bias, axis: 1, rows + rows) }
    for index in [5, 6] { if let state = node.input(index) { bind(state, axis: 2, units) } }
    if let peepholes = node.input(7) { bind(peepholes, axis: 1, (0..<3).flatMap { _ in units }) }
    if let lengths = node.input(4) { freeze(lengths, "it holds lengths of sequences") }
    for (output, axis) in zip(node.outputs, [3, 2, 2]) { set(output, [axis: units]) }
  }

  /// Rows of a table by index: its columns are channels.
  mutating func gather(_ node: Node) {
    let axis = (try? node.int("axis", default: 0)) ?? 0
    let data = node.inputs[0]
    if let shape = weightShape(data), shape.rank == 2, axis == 0, graph.parameters[data]?.isTrainable ?? false {
      freeze(node.inputs[1], "it is an index")
      let columns = table.fresh(shape[1], maker: node.name)
      table.tie(data, axis: 1, columns, .producing)
      return set(node.outputs[0], [extents(of: node.inputs[1]).count: columns])
    }
    let rank = extents(of: data).count
    let along = axis < 0 ? axis + rank : axis
    let indexRank = extents(of: node.inputs[1]).count
    if let picked = integers(node.input(1)), indexRank == 1, graph.inputs.contains(where: { $0.name == data }) {
      // Columns of the model's input that are picked may be fewer.
      return set(node.outputs[0], [along: produce(node, node.inputs[1], axis: 0, count: picked.count)])
    }
    freeze(node.inputs[1], "it is an index")
    var result: [Int: [Channel]] = [:]
    for (own, channels) in axes(of: data) {
      if own == along {
        table.freeze(channels, "'\(node.name)' picks of it by index")
      } else {
        result[own < along ? own : own + indexRank - 1] = channels
      }
    }
    set(node.outputs[0], result)
  }

  // MARK: parts

  /// A layer reads channels of a value by an axis of its weight.
  private mutating func consume(_ node: Node, _ value: String, axis: Int, _ weight: String, weightAxis: Int) {
    guard let inputs = axes(of: value)[axis] else { return }
    table.tie(weight, axis: weightAxis, inputs, .consuming)
    read(node, value, axis: axis, inputs)
  }

  private mutating func produce(_ node: Node, _ weight: String, axis: Int, count: Int) -> [Channel] {
    let outputs = table.fresh(count, maker: node.name)
    table.tie(weight, axis: axis, outputs, .producing)
    return outputs
  }

  /// A bias along its last axis.
  private mutating func attend(_ bias: String?, _ channels: [Channel]) {
    guard let bias else { return }
    bind(bias, axis: extents(of: bias).count - 1, channels)
  }

  private mutating func bind(_ name: String, axis: Int, _ channels: [Channel]) {
    let dimensions = extents(of: name)
    guard dimensions.indices.contains(axis), dimensions[axis] != 1 || channels.count == 1 else { return }
    if let shape = weightShape(name), shape[axis] == channels.count {
      table.tie(name, axis: axis, channels, .attendant)
    } else if let given = axes(of: name)[axis], given.count == channels.count {
      table.join(given, channels)
    } else {
      table.freeze(channels, "'\(name)' is not made by layers")
    }
  }
}

// MARK: normalizations and pools

extension ChannelMap {
  mutating func channelNormalization(_ node: Node) {
    let x = node.inputs[0]
    guard let inputs = axes(of: x)[1] else { return set(node.outputs[0], axes(of: x)) }
    for parameter in node.inputs.dropFirst() where !parameter.isEmpty {
      guard weightShape(parameter) != nil else { return freezeInputs(of: node) }
      table.tie(parameter, axis: 0, inputs, .attendant)
    }
    set(node.outputs[0], axes(of: x))
  }

  /// The channels of a group are normalized together, and go together.
  mutating func groupNormalization(_ node: Node) {
    let x = node.inputs[0]
    guard let inputs = axes(of: x)[1] else { return set(node.outputs[0], axes(of: x)) }
    guard let groups = try? node.int("num_groups", default: 1), groups > 1, inputs.count.isMultiple(of: groups) else {
      return freezeInputs(of: node, "a GroupNormalization goes over it")
    }
    let size = inputs.count / groups
    for (index, channel) in inputs.enumerated() { table.join(inputs[index / size * size], channel) }
    channelNormalization(node)
  }

  mutating func layerNormalization(_ node: Node) {
    let rank = extents(of: node.inputs[0]).count
    let axis = (try? node.int("axis", default: -1)) ?? -1
    let first = axis < 0 ? axis + rank : axis
    pass(node) { $0 < first ? nil : "a \(node.operatorName) goes over it" }
  }

  mutating func overAxes(_ node: Node, default axes: [Int]) {
    let rank = extents(of: node.inputs[0]).count
    let over = Set((((try? node.ints("axes")) ?? nil) ?? axes).map { $0 < 0 ? $0 + rank : $0 })
    pass(node) { over.contains($0) ? "a \(node.operatorName) goes over it" : nil }
  }

  mutating func overAxis(_ node: Node, _ reason: String) {
    let rank = extents(of: node.inputs[0]).count
    let axis = (try? node.int("axis", default: -1)) ?? -1
    pass(node) { $0 == (axis < 0 ? axis + rank : axis) ? reason : nil }
  }

  mutating func pool(_ node: Node) {
    pass(node) { $0 > 1 ? "a pool goes along it" : nil }
  }

  mutating func overNeighbours(_ node: Node) {
    pass(node) { $0 == 1 ? "a \(node.operatorName) goes over its neighbours" : nil }
  }

  /// Hands axes on as they are, but for those that there is a reason to keep.
  mutating func pass(_ node: Node, keeping reason: (Int) -> String?) {
    var result: [Int: [Channel]] = [:]
    for (axis, channels) in axes(of: node.inputs[0]) {
      if let reason = reason(axis) { table.freeze(channels, reason) } else { result[axis] = channels }
    }
    for output in node.outputs { set(output, result) }
  }
}
