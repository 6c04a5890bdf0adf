import PareGraph
import PareTensor

// MARK: operators that take parts, or put something beside

extension ChannelMap {
  /// Each part has the channels at its places. One of them stays in each part.
  mutating func split(_ node: Node) {
    let own = axes(of: node.inputs[0])
    guard !own.isEmpty else { return }
    guard let along = axis(of: node, default: 0), let sizes = partSizes(of: node, along: along) else { return freezeInputs(of: node) }
    var first = 0
    for (output, size) in zip(node.outputs, sizes) {
      var result = own
      if let channels = own[along] {
        let part = Array(channels[first..<first + size])
        table.mark(part, output)
        result[along] = part
      }
      set(output, result)
      first += size
    }
  }

  mutating func slice(_ node: Node) {
    let own = axes(of: node.inputs[0])
    guard !own.isEmpty else { return }
    guard let cuts = cuts(of: node) else { return freezeInputs(of: node) }
    var result: [Int: [Channel]] = [:]
    for (axis, channels) in own {
      switch cuts[axis] {
      case nil: result[axis] = channels
      case .run(let run)?:
        let part = Array(channels[run])
        table.mark(part, node.outputs[0])
        result[axis] = part
      case .other?: table.freeze(channels, "'\(node.name)' cuts it in steps")
      }
    }
    set(node.outputs[0], result)
  }

  mutating func pad(_ node: Node) {
    let rank = extents(of: node.inputs[0]).count
    guard let pads = integers(node.input(1)), let padded = node.input(3).map({ integers($0) }) ?? Array(0..<rank),
      pads.count == 2 * padded.count
    else { return freezeInputs(of: node) }
    var reaching: Set<Int> = []
    for (index, axis) in padded.enumerated() where pads[index] != 0 || pads[index + padded.count] != 0 {
      reaching.insert(axis < 0 ? axis + rank : axis)
    }
    pass(node) { reaching.contains($0) ? "'\(node.name)' puts something beside it" : nil }
  }

  mutating func expand(_ node: Node) {
    let own = axes(of: node.inputs[0])
    guard !own.isEmpty else { return }
    guard integers(node.input(1)) != nil else {
      return freezeInputs(of: node, "'\(node.name)' expands it to extents that are not written out")
    }
    let shift = extents(of: node.outputs[0]).count - extents(of: node.inputs[0]).count
    var result: [Int: [Channel]] = [:]
    for (axis, channels) in own {
      if extents(of: node.outputs[0])[axis + shift].fixedValue == channels.count {
        result[axis + shift] = channels
      } else {
        table.freeze(channels, "'\(node.name)' repeats it")
      }
    }
    set(node.outputs[0], result)
  }

  mutating func tile(_ node: Node) {
    guard let repeats = integers(node.input(1)) else { return freezeInputs(of: node) }
    pass(node) { repeats.indices.contains($0) && repeats[$0] == 1 ? nil : "'\(node.name)' repeats it" }
  }

  /// A running sum along one axis.
  mutating func cumulate(_ node: Node) {
    let rank = extents(of: node.inputs[0]).count
    guard let along = integers(node.input(1))?.first else { return freezeInputs(of: node) }
    pass(node) { $0 == (along < 0 ? along + rank : along) ? "a CumSum goes along it" : nil }
  }

  // MARK: parts

  /// What a Slice leaves of an axis.
  enum Cut {
    /// Neighbouring places.
    case run(Range<Int>)
    case other
  }

  /// By axis; nil where a Slice's places are not written out.
  func cuts(of node: Node) -> [Int: Cut]? {
    let dimensions = extents(of: node.inputs[0])
    guard let starts = integers(node.input(1)), let ends = integers(node.input(2)), starts.count == ends.count,
      let axes = node.input(3).map({ integers($0) }) ?? Array(starts.indices),
      let steps = node.input(4).map({ integers($0) }) ?? starts.map({ _ in 1 }), axes.count == starts.count, steps.count == starts.count
    else { return nil }
    var cuts: [Int: Cut] = [:]
    for index in axes.indices {
      let axis = axes[index] < 0 ? axes[index] + dimensions.count : axes[index]
      guard steps[index] == 1, let extent = dimensions[axis].fixedValue else {
        cuts[axis] = .other
        continue
      }
      func place(_ given: Int) -> Int { given < 0 ? max(given, -extent) + extent : min(given, extent) }
      let (start, end) = (place(starts[index]), place(ends[index]))
      cuts[axis] = start < end ? .run(start..<end) : .other
    }
    return cuts
  }

  /// Extents of a Split's parts; nil where one is not known.
  func partSizes(of node: Node, along axis: Int) -> [Int]? {
    let sizes = node.outputs.compactMap { output -> Int? in
      let dimensions = extents(of: output)
      return dimensions.indices.contains(axis) ? dimensions[axis].fixedValue : nil
    }
    return sizes.count == node.outputs.count ? sizes : nil
  }

  /// A node's attribute `axis`, counted from the front.
  func axis(of node: Node, default value: Int) -> Int? {
    guard let given = try? node.int("axis", default: value) else { return nil }
    return given < 0 ? given + extents(of: node.inputs[0]).count : given
  }
}
