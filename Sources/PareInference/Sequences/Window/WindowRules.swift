import PareGraph
import PareTensor

/// How a window of an operator lies along time.
struct TimeWindow {
  let rowCount: Int
  let stride: Int
  let padBegin: Int
  /// Steps from the first tap to the last, both counted.
  let reach: Int

  /// The rows under the windows at `rows`, padding included: from below 0 to above `rowCount`.
  func span(_ rows: Range<Int>) -> Range<Int> {
    rows.lowerBound * stride - padBegin..<(rows.upperBound - 1) * stride - padBegin + reach
  }

  func inside(_ rows: Range<Int>) -> Range<Int> { span(rows).clamped(to: 0..<rowCount) }

  /// Padding that is left where only these rows are computed.
  func pads(_ rows: Range<Int>) -> (begin: Int, end: Int) {
    (max(0, -span(rows).lowerBound), max(0, span(rows).upperBound - rowCount))
  }

  func dependence(_ from: RowDependence, axis: Int, count: Int) -> RowDependence {
    /// The first window whose last tap is at least at a row.
    func first(reaching row: Int) -> Int { (max(0, row - reach + 1 + padBegin) + stride - 1) / stride }
    return RowDependence(
      axis: axis, count: count, fresh: from.isOlder ? count : first(reaching: from.fresh),
      entering: first(reaching: from.entering), settled: stride == 1 ? from.settled + padBegin : count)
  }
}

/// Operators that see a few steps at a time, and those that move or pick steps.
extension RowRules {
  static let convolutions: Set<OperatorName> = ["Conv", "pare.QuantizedConvolution"]

  /// The window of a convolution or pool along the axis of time.
  func timeWindow(_ node: Node) throws -> (TimeWindow, WindowGeometry)? {
    let isConvolution = Self.convolutions.contains(node.operatorName)
    guard isConvolution || ["MaxPool", "AveragePool"].contains(node.operatorName), readsFirstAlone(node),
      let from = dependence[node.inputs[0]], let axis = from.axis, axis >= 2, try node.int("ceil_mode", default: 0) == 0
    else { return nil }
    let x = extents(node.inputs[0])
    let weights = isConvolution ? extents(node.inputs[node.operatorName == "Conv" ? 1 : 2]) : []
    let attributes = try WindowAttributes(node, rank: x.count - 2, kernel: isConvolution ? Array(weights.dropFirst(2)) : nil)
    let geometry = try attributes.geometry(over: Array(x[2...]))
    let along = geometry.axes[axis - 2]
    // Every window has to hold a step, so that no piece is padding alone.
    guard along.padBegin < along.reach, along.padEnd < along.reach else { return nil }
    return (TimeWindow(rowCount: from.count, stride: along.stride, padBegin: along.padBegin, reach: along.reach), geometry)
  }

  func windowRule(_ node: Node) throws -> RowRule? {
    guard let (window, geometry) = try timeWindow(node), let from = dependence[node.inputs[0]], let axis = from.axis else {
      return nil
    }
    return RowRule(
      dependence: window.dependence(from, axis: axis, count: extents(node.outputs[0])[axis]),
      form: .init(
        inputs: [node.inputs[0]], needed: { rows, _ in window.inside(rows) },
        emit: { rows, names, pieces in
          var copy = pieces.named(node, rows)
          copy.inputs = try [names[0]] + node.inputs.dropFirst().map { try $0.isEmpty ? "" : pieces.constant($0) }
          copy.setPads(geometry, axis - 2, window.pads(rows))
          try pieces.append(copy)
          return copy.outputs[0]
        }))
  }

  /// Slices and pads along time, and one step picked out.
  func shiftRule(_ node: Node) throws -> RowRule? {
    guard let from = dependence[node.inputs[0]], let axis = from.axis, readsFirstAlone(node) else { return nil }
    switch node.operatorName.description {
    case "Slice": return sliceRule(node, from, axis)
    case "Pad": return try padRule(node, from, axis)
    case "Gather": return try pickRule(node, from, axis)
    default: return nil
    }
  }

  private func sliceRule(_ node: Node, _ from: RowDependence, _ axis: Int) -> RowRule? {
    guard let starts = integers(node.input(1)) else { return nil }
    let rank = extents(node.inputs[0]).count
    let axes = node.input(3) == nil ? Array(starts.indices) : integers(node.input(3))?.map { $0 < 0 ? $0 + rank : $0 } ?? []
    let strides = node.input(4) == nil ? [Int](repeating: 1, count: starts.count) : integers(node.input(4)) ?? []
    guard axes == [axis], strides == [1] else { return nil }
    let start = min(max(starts[0] < 0 ? starts[0] + from.count : starts[0], 0), from.count)
    let count = extents(node.outputs[0])[axis]
    guard count > 0 else { return nil }
    let dependence = RowDependence(
      axis: axis, count: count, fresh: from.fresh - start, entering: from.entering - start, settled: from.settled - start)
    return RowRule(
      dependence: dependence,
      form: .init(
        inputs: [node.inputs[0]], needed: { rows, _ in rows.lowerBound + start..<rows.upperBound + start },
        emit: { _, names, _ in names[0] }))
  }

  private func pickRule(_ node: Node, _ from: RowDependence, _ axis: Int) throws -> RowRule? {
    let along = try node.int("axis", default: 0)
    let rank = extents(node.inputs[0]).count
    guard (along < 0 ? along + rank : along) == axis, let indices = integers(node.input(1)), indices.count == 1 else { return nil }
    let index = indices[0] < 0 ? indices[0] + from.count : indices[0]
    guard (0..<from.count).contains(index) else { return nil }
    let shape = Shape([Int](repeating: 1, count: extents(node.inputs[1]).count))
    return RowRule(
      dependence: .whole(isFresh: index >= from.fresh),
      form: .init(
        inputs: [node.inputs[0]], needed: { _, _ in index..<index + 1 },
        emit: { rows, names, pieces in
          var copy = pieces.named(node, rows)
          copy.inputs = [names[0], try pieces.constant(Tensor([Int64(0)], shape: shape))]
          try pieces.append(copy)
          return copy.outputs[0]
        }))
  }

  private func padRule(_ node: Node, _ from: RowDependence, _ axis: Int) throws -> RowRule? {
    let rank = extents(node.inputs[0]).count
    guard try node.string("mode", default: "constant") == "constant", let given = integers(node.input(1)) else { return nil }
    let axes = node.input(3) == nil ? Array(0..<rank) : integers(node.input(3))?.map { $0 < 0 ? $0 + rank : $0 } ?? []
    guard given.count == 2 * axes.count, given.allSatisfy({ $0 >= 0 }), axes.allSatisfy({ (0..<rank).contains($0) }) else { return nil }
    var pads = [Int](repeating: 0, count: 2 * rank)
    for (index, axis) in axes.enumerated() { (pads[axis], pads[rank + axis]) = (given[index], given[axes.count + index]) }
    let (before, count, steps) = (pads[axis], extents(node.outputs[0])[axis], from.count)
    let (all, value) = (pads, node.outputs[0])
    guard let elementType = types[value]?.elementType, node.input(2).map(isConstant) ?? true else { return nil }
    let fill = tensor(node.input(2))
    return RowRule(
      dependence: RowDependence(
        axis: axis, count: count, fresh: from.isOlder ? count : from.fresh == 0 ? 0 : from.fresh + before,
        entering: from.entering + before, settled: from.settled + before),
      form: .init(
        inputs: [node.inputs[0]],
        needed: { rows, _ in
          let inside = (rows.lowerBound - before..<rows.upperBound - before).clamped(to: 0..<steps)
          return inside.isEmpty ? (rows.lowerBound < before ? 0..<1 : steps - 1..<steps) : inside
        },
        emit: { rows, names, pieces in
          let inside = (rows.lowerBound - before..<rows.upperBound - before).clamped(to: 0..<steps)
          guard !inside.isEmpty else {
            let shape = Shape(pieces.shape(value, rows: rows.count))
            return try pieces.constant(Tensor(repeating: fill, elementType: elementType, shape: shape))
          }
          var own = all
          own[axis] = inside.lowerBound - (rows.lowerBound - before)
          own[rank + axis] = rows.upperBound - before - inside.upperBound
          if own.allSatisfy({ $0 == 0 }) { return names[0] }
          var copy = pieces.named(node, rows)
          copy.inputs = [names[0], try pieces.constant(Tensor(own.map(Int64.init)))]
          if let value = node.input(2) { copy.inputs.append(try pieces.constant(value)) }
          try pieces.append(copy)
          return copy.outputs[0]
        }))
  }
}

extension Node {
  /// Pads as numbers: along one axis these, along the others those of the geometry.
  mutating func setPads(_ geometry: WindowGeometry, _ axis: Int, _ pads: (begin: Int, end: Int)) {
    var all = geometry.axes.map(\.padBegin) + geometry.axes.map(\.padEnd)
    (all[axis], all[geometry.axes.count + axis]) = pads
    attributes["auto_pad"] = nil
    attributes["pads"] = .ints(all)
  }
}

extension Tensor {
  /// One element again and again; zeros where there is none.
  fileprivate init(repeating value: Tensor?, elementType: ElementType, shape: Shape) {
    self.init(zeros: elementType, shape: shape)
    guard let value, value.elementType == elementType, value.elementCount == 1 else { return }
    let (count, size) = (shape.elementCount, elementType.byteCount)
    withUnsafeMutableBytes { to in
      value.withUnsafeBytes { from in
        for index in 0..<count { UnsafeMutableRawBufferPointer(rebasing: to[index * size..<(index + 1) * size]).copyMemory(from: from) }
      }
    }
  }
}
