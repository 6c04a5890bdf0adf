import PareTensor

/// A shape seen from one axis: `outer` blocks of `extent` slices of `inner` contiguous elements.
struct AxisDecomposition: Sendable, Hashable {
  var outer: Int
  var extent: Int
  var inner: Int

  init(_ shape: Shape, axis: Int) {
    outer = shape.dimensions[..<axis].reduce(1, *)
    extent = shape[axis]
    inner = shape.dimensions[(axis + 1)...].reduce(1, *)
  }

  /// The whole shape as one slice.
  init(whole shape: Shape) {
    (outer, extent, inner) = (1, 1, shape.elementCount)
  }

  /// Calls `body` with the offset of the first element of each line along the axis; the next ones follow at distance
  /// `inner`.
  @inline(__always)
  func forEachLine(_ body: (Int) -> Void) {
    for block in 0..<outer {
      for offset in 0..<inner { body(block * extent * inner + offset) }
    }
  }
}

extension Node {
  /// The attribute `axis`, counted from 0.
  ///
  /// - Parameter limit: how many values are allowed: the rank, or one more where an axis may lie behind the last.
  func axis(default value: Int, rank: Int, limit: Int? = nil) throws -> Int {
    let given = try int("axis", default: value)
    let limit = limit ?? rank
    guard given >= -rank, given < limit else {
      throw GraphError("axis", node: self, expected: "an axis within -\(rank) ..< \(limit)", found: "\(given)")
    }
    return given < 0 ? given + rank : given
  }

  /// The integers of an input that gives structure (axes, a shape, sizes), and so has to be a constant; nil where the
  /// input is not given.
  func integers(_ index: Int, _ constant: Tensor?, meaning: String) throws -> [Int]? {
    guard let name = input(index) else { return nil }
    guard let constant else {
      throw GraphError(
        "constant", node: self, expected: "\(meaning) as a constant", found: "'\(name)', which is known only when run")
    }
    guard constant.elementType == .int64, constant.shape.rank <= 1 else {
      throw GraphError(
        "constant", node: self, expected: "\(meaning) as a vector of int64",
        found: "\(constant.elementType.rawValue)\(constant.shape)")
    }
    return constant.values(as: Int64.self).map(Int.init)
  }

  /// Different axes, counted from 0 and ascending.
  func normalizedAxes(_ given: [Int], rank: Int) throws -> [Int] {
    let axes = given.map { $0 < 0 ? $0 + rank : $0 }
    guard axes.allSatisfy((0..<rank).contains), Set(axes).count == axes.count else {
      throw GraphError("axis", node: self, expected: "different axes within -\(rank) ..< \(rank)", found: "\(given)")
    }
    return axes.sorted()
  }
}
