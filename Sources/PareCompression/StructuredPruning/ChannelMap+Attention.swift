import PareGraph
import PareTensor

// MARK: attention, and products along named axes

extension ChannelMap {
  /// A head goes with its queries, keys and values, and with all the heads that share its keys. The width of heads stays where the
  /// scale of the scores follows from it.
  mutating func attention(_ node: Node) {
    guard node.outputs.count == 1, node.inputs.dropFirst(4).allSatisfy(\.isEmpty) else {
      return freezeInputs(of: node, "'\(node.name)' keeps keys and values, or yields its scores")
    }
    freeze(node.input(3) ?? "", "it is a mask")
    let rank = extents(of: node.inputs[0]).count
    for value in node.inputs.prefix(3) {
      for axis in [0, rank - 2] { table.freeze(axes(of: value)[axis] ?? [], "it is no width of '\(node.name)'") }
    }
    var result = rank == 4 ? along(node) : [:]
    let heads = [0, 1, 2].map { self.heads(of: node, $0) }
    guard let queries = heads[0], let keys = heads[1], let values = heads[2], !keys.isEmpty, queries.count.isMultiple(of: keys.count),
      !hasMaskByHead(node)
    else {
      for channels in heads { table.freeze((channels ?? []).flatMap { $0 }, "its heads in '\(node.name)' are not all made by layers") }
      return set(node.outputs[0], result)
    }
    let share = queries.count / keys.count
    for (index, head) in queries.enumerated() {
      for channel in head + keys[index / share] + values[index / share] { table.join(head[0], channel) }
    }
    result[rank == 4 ? 1 : 2] = rank == 4 ? queries.map { $0[0] } : queries.indices.flatMap { values[$0 / share] }
    set(node.outputs[0], result)
  }

  mutating func rotaryEmbedding(_ node: Node) {
    for input in node.inputs.dropFirst() { freeze(input, "it is an angle or a place") }
    let rank = extents(of: node.inputs[0]).count
    for head in rank == 3 ? heads(of: node, 0) ?? [] : [] { for channel in head { table.join(head[0], channel) } }
    pass(node) { $0 == (rank == 4 ? 1 : 2) ? nil : "'\(node.name)' turns it" }
  }

  /// Two or more operands along axes with a letter each: what has one letter is joined.
  mutating func einsum(_ node: Node) {
    guard node.inputs.contains(where: { !axes(of: $0).isEmpty }) else { return }
    guard let (operands, letters) = Self.equation(node), operands.count == node.inputs.count,
      zip(operands, node.inputs).allSatisfy({ $0.count == extents(of: $1).count })
    else { return freezeInputs(of: node, "'\(node.name)' is an Einsum that is not followed") }
    var result: [Int: [Channel]] = [:]
    for letter in operands.flatMap({ $0 }).unique() {
      let places = zip(node.inputs, operands).compactMap { name, own in own.firstIndex(of: letter).map { (name: name, axis: $0) } }
      let tracked = places.compactMap { axes(of: $0.name)[$0.axis] }
      guard let first = tracked.first else { continue }
      for other in tracked.dropFirst() { table.join(first, other) }
      for (name, axis) in places where axes(of: name)[axis] == nil {
        if weightShape(name)?[axis] == first.count {
          table.tie(name, axis: axis, first, .consuming)
        } else {
          table.freeze(first, "it meets '\(name)', which is not made by layers")
        }
      }
      if let axis = letters.firstIndex(of: letter) {
        result[axis] = first
      } else {
        for (name, axis) in places { if let channels = axes(of: name)[axis] { read(node, name, axis: axis, channels) } }
      }
    }
    set(node.outputs[0], result)
  }

  // MARK: parts

  /// How many heads an operand of a node has, and how wide each of them is; nil where the operand has them apart.
  func headGeometry(of node: Node, _ operand: Int) -> (count: Int, width: Int)? {
    let attribute = node.operatorName == "Attention" ? (operand == 0 ? "q_num_heads" : "kv_num_heads") : "num_heads"
    let dimensions = extents(of: node.inputs[operand])
    guard dimensions.count == 3, let width = dimensions[2].fixedValue, let count = try? node.int(attribute, default: 0), count > 0
    else { return nil }
    return (count, width / count)
  }

  /// The channels of each head of an operand; nil where they are not made by layers.
  private func heads(of node: Node, _ operand: Int) -> [[Channel]]? {
    let value = node.inputs[operand]
    if extents(of: value).count == 4 { return axes(of: value)[1]?.map { [$0] } }
    guard let channels = axes(of: value)[2], let (count, width) = headGeometry(of: node, operand) else { return nil }
    return (0..<count).map { Array(channels[$0 * width..<($0 + 1) * width]) }
  }

  /// Along the heads, where they lie on an axis of their own.
  private mutating func along(_ node: Node) -> [Int: [Channel]] {
    let (queries, keys) = (axes(of: node.inputs[0])[3], axes(of: node.inputs[1])[3])
    if let queries, let keys, node.attributes["scale"] != nil {
      table.join(queries, keys)
    } else {
      table.freeze((queries ?? []) + (keys ?? []), "the scale of '\(node.name)' follows from it")
    }
    return axes(of: node.inputs[2])[3].map { [3: $0] } ?? [:]
  }

  private func hasMaskByHead(_ node: Node) -> Bool {
    guard let mask = node.input(3) else { return false }
    let dimensions = extents(of: mask)
    return dimensions.count >= 3 && dimensions[dimensions.count - 3] != 1
  }

  /// The letters of each operand and of the result; nil where one stands twice in an operand, or three dots for several.
  private static func equation(_ node: Node) -> (operands: [[Character]], result: [Character])? {
    guard let text = try? node.string("equation", default: "") else { return nil }
    let sides = text.filter { $0 != " " }.split(separator: ">", omittingEmptySubsequences: false)
    guard sides.count == 2, sides[0].last == "-" else { return nil }
    let operands = sides[0].dropLast().split(separator: ",", omittingEmptySubsequences: false).map(Array.init)
    let isPlain = (operands + [Array(sides[1])]).allSatisfy { $0.allSatisfy(\.isLetter) && Set($0).count == $0.count }
    return isPlain ? (operands, Array(sides[1])) : nil
  }
}
