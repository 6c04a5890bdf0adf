/// Points compared in several costs at once; less is better in each. A cost may be infinite, but is never NaN.
package enum Dominance {
  /// Whether a point is at least as good as another in every cost and better in one.
  package static func dominates(_ one: [Double], _ other: [Double]) -> Bool {
    var isBetter = false
    for (left, right) in zip(one, other) {
      if left > right { return false }
      if left < right { isBetter = true }
    }
    return isBetter
  }

  /// Whether nothing dominates a point, for each of them.
  package static func frontier(of points: [[Double]]) -> [Bool] {
    points.map { point in !points.contains { dominates($0, point) } }
  }

  /// The front that each point lies on: 0 where nothing dominates it, 1 where that is so once those of 0 are gone, and so on.
  ///
  /// - Source: Srinivas and Deb 1994, Evolutionary Computation 2(3), §4: nondominated sorting.
  package static func ranks(of points: [[Double]]) -> [Int] {
    var ranks = [Int](repeating: 0, count: points.count)
    var left = Array(points.indices)
    var rank = 0
    while !left.isEmpty {
      // What is dominated at all is dominated by a point of the front, so every round takes some away.
      let (front, rest) = left.reduce(into: ([Int](), [Int]())) { parts, index in
        if left.contains(where: { dominates(points[$0], points[index]) }) { parts.1.append(index) } else { parts.0.append(index) }
      }
      for index in front { ranks[index] = rank }
      left = rest
      rank += 1
    }
    return ranks
  }
}

/// The volume that points dominate within a box.
package enum Hypervolume {
  /// The measure of what lies between a reference and at least one of the points, every cost at most the reference's.
  ///
  /// Sliced along the last cost, slice by slice in one cost fewer: exact, and quick enough for hundreds of points in three costs.
  /// - Source: Zitzler and Thiele 1999, IEEE Trans. Evolutionary Computation 3(4), §III; Knowles 2002 (slicing).
  package static func volume(of points: [[Double]], reference: [Double]) -> Double {
    let inside = points.filter { point in zip(point, reference).allSatisfy { $0 < $1 } }
    guard let width = reference.last, !inside.isEmpty else { return 0 }
    guard reference.count > 1 else { return width - (inside.lazy.map { $0[0] }.min() ?? width) }
    let last = reference.count - 1
    let sorted = inside.sorted { $0[last] < $1[last] }
    let base = Array(reference.dropLast())
    var (volume, slice) = (0.0, [[Double]]())
    for (index, point) in sorted.enumerated() {
      slice.append(Array(point.dropLast()))
      let top = index + 1 < sorted.count ? sorted[index + 1][last] : width
      if top > point[last] { volume += (top - point[last]) * self.volume(of: slice, reference: base) }
    }
    return volume
  }

  /// Of the box from the best of each cost to a tenth beyond the worst, the share that the points dominate.
  package static func share(of points: [[Double]]) -> Double {
    let axes = points.first?.indices ?? 0..<0
    let bounds = axes.map { axis -> (least: Double, span: Double) in
      let values = points.map { $0[axis] }.filter(\.isFinite)
      let least = values.min() ?? 0
      return (least, (values.max() ?? 0) - least)
    }
    // Where all have the same figure it sets none apart; one that is undefined is worst.
    let moving = axes.filter { bounds[$0].span > 0 }
    let shares = points.map { point in
      moving.map { point[$0].isFinite ? (point[$0] - bounds[$0].least) / bounds[$0].span : 1 }
    }
    let edge = 1.1
    let box = moving.reduce(1) { volume, _ in volume * edge }
    return moving.isEmpty ? 0 : volume(of: shares, reference: moving.map { _ in edge }) / box
  }
}
