import PareGraph
import PareTensor

// MARK: operators that move axes

extension ChannelMap {
  mutating func transpose(_ node: Node) {
    let rank = extents(of: node.inputs[0]).count
    let order = ((try? node.ints("perm")) ?? nil) ?? (0..<rank).reversed()
    let own = axes(of: node.inputs[0])
    set(node.outputs[0], Dictionary(uniqueKeysWithValues: order.enumerated().compactMap { to, from in own[from].map { (to, $0) } }))
  }

  /// Extents of one come or go.
  mutating func squeeze(_ node: Node) {
    let own = axes(of: node.inputs[0])
    guard !own.isEmpty else { return }
    let isSqueeze = node.operatorName == "Squeeze"
    let rank = extents(of: isSqueeze ? node.inputs[0] : node.outputs[0]).count
    let named = node.input(1).flatMap { integers($0) } ?? ((try? node.ints("axes")) ?? nil)
    guard let named = named ?? (isSqueeze && node.input(1) == nil ? extents(of: node.inputs[0]).indices.filter { extents(of: node.inputs[0])[$0] == 1 } : nil)
    else { return freezeInputs(of: node) }
    let removed = Set(named.map { $0 < 0 ? $0 + rank : $0 })
    let longer = (0..<rank).filter { !removed.contains($0) }
    var result: [Int: [Channel]] = [:]
    for (short, long) in longer.enumerated() {
      if let channels = own[isSqueeze ? long : short] { result[isSqueeze ? short : long] = channels }
    }
    for axis in removed where isSqueeze { table.freeze(own[axis] ?? [], "'\(node.name)' takes the axis out") }
    set(node.outputs[0], result)
  }

  mutating func concatenate(_ node: Node) {
    let rank = extents(of: node.outputs[0]).count
    guard let given = try? node.int("axis", default: 0) else { return freezeInputs(of: node) }
    let along = given < 0 ? given + rank : given
    var result: [Int: [Channel]] = [:]
    for axis in 0..<rank {
      let parts = node.inputs.map { axes(of: $0)[axis] }
      if axis == along {
        guard parts.contains(where: { $0 != nil }) else { continue }
        // What no layer makes stays, as channels that nothing removes.
        result[axis] = zip(node.inputs, parts).flatMap { input, part -> [Channel] in
          if let part { return part }
          let fixed = table.fresh(extents(of: input)[axis].fixedValue ?? 0, maker: input)
          table.freeze(fixed, "it is not made by a layer")
          return fixed
        }
      } else if let first = parts.compactMap({ $0 }).first {
        for part in parts {
          if let part { table.join(first, part) } else { table.freeze(first, "it lies beside what is not made by layers in '\(node.name)'") }
        }
        result[axis] = first
      }
    }
    set(node.outputs[0], result)
  }

  mutating func reduce(_ node: Node) {
    let own = axes(of: node.inputs[0])
    guard !own.isEmpty else { return }
    let rank = extents(of: node.inputs[0]).count
    let given = node.input(1).map { integers($0) } ?? ((try? node.ints("axes")) ?? nil) ?? Array(0..<rank)
    guard let given else { return freezeInputs(of: node) }
    let reduced = Set((given.isEmpty ? Array(0..<rank) : given).map { $0 < 0 ? $0 + rank : $0 })
    let keeps = (try? node.int("keepdims", default: 1)) != 0
    var result: [Int: [Channel]] = [:]
    for (axis, channels) in own {
      if reduced.contains(axis), Self.sums.contains(node.operatorName) {
        // What is taken out of a sum is zero in it.
        read(node, node.inputs[0], axis: axis, channels)
      } else if reduced.contains(axis) {
        table.freeze(channels, "\(node.operatorName) goes over it")
      } else {
        result[keeps ? axis : axis - reduced.count { $0 < axis }] = channels
      }
    }
    set(node.outputs[0], result)
  }

  private static let sums: Set<OperatorName> = ["ReduceSum", "ReduceSumSquare", "ReduceL1", "ReduceL2"]

  /// Axes are matched in runs of equal products; within a run channels are followed element by element.
  mutating func reshape(_ node: Node) {
    let (from, to) = (extents(of: node.inputs[0]), extents(of: node.outputs[0]))
    let own = axes(of: node.inputs[0])
    guard !own.isEmpty else { return }
    guard let runs = Self.runs(from, to) else {
      return freezeInputs(of: node, "'\(node.name)' changes its shape in a way that is not followed")
    }
    var result: [Int: [Channel]] = [:]
    for (before, after) in runs {
      let tracked = before.filter { own[$0] != nil }
      guard let axis = tracked.first, let channels = own[axis] else { continue }
      if before.count == 1, after.count == 1 {
        result[after.lowerBound] = channels
        continue
      }
      let extents = before.map { from[$0].fixedValue }
      guard tracked.count == 1, extents.allSatisfy({ $0 != nil }), after.allSatisfy({ to[$0].fixedValue != nil }) else {
        for axis in tracked { table.freeze(own[axis] ?? [], "'\(node.name)' mixes it with other axes") }
        continue
      }
      let inner = extents[(axis - before.lowerBound + 1)...].reduce(1) { $0 * ($1 ?? 1) }
      let count = extents.reduce(1) { $0 * ($1 ?? 1) }
      let elements = (0..<count).map { channels[$0 / inner % channels.count] }
      if let (axis, channels) = split(elements, into: after.map { to[$0].fixedValue ?? 1 }) {
        result[after.lowerBound + axis] = channels
      }
    }
    set(node.outputs[0], result)
  }

  /// Along which of several axes channels run: the one that alone tells them apart, else the outermost, along which they are
  /// joined (heads).
  private mutating func split(_ elements: [Channel], into extents: [Int]) -> (axis: Int, channels: [Channel])? {
    for axis in extents.indices {
      let inner = extents[(axis + 1)...].reduce(1, *)
      let along = (0..<extents[axis]).map { elements[$0 * inner] }
      let isAlone = elements.enumerated().allSatisfy { table.root($1) == table.root(along[$0 / inner % extents[axis]]) }
      if isAlone, extents[axis] > 1 || extents.count == 1 { return (axis, along) }
    }
    guard let outer = extents.firstIndex(where: { $0 > 1 }) else { return nil }
    let inner = extents[(outer + 1)...].reduce(1, *)
    for (position, channel) in elements.enumerated() { table.join(elements[position / inner * inner], channel) }
    return (outer, (0..<extents[outer]).map { elements[$0 * inner] })
  }

  /// Runs of axes with equal products on both sides; nil where names stand in the way.
  static func runs(_ from: [Dimension], _ to: [Dimension]) -> [(Range<Int>, Range<Int>)]? {
    var runs: [(Range<Int>, Range<Int>)] = []
    var (i, j) = (0, 0)
    while i < from.count || j < to.count {
      if i < from.count, j < to.count, from[i] == to[j] {
        runs.append((i..<i + 1, j..<j + 1))
        (i, j) = (i + 1, j + 1)
        continue
      }
      let (firstI, firstJ) = (i, j)
      var (left, right) = (1, 1)
      repeat {
        if left <= right, i < from.count {
          guard let extent = from[i].fixedValue else { return nil }
          left *= extent
          i += 1
        } else if j < to.count {
          guard let extent = to[j].fixedValue else { return nil }
          right *= extent
          j += 1
        } else {
          return nil
        }
      } while left != right
      runs.append((firstI..<i, firstJ..<j))
    }
    return runs
  }
}
