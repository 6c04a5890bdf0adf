/// Which units of channels go first, and how many of each group may.
struct ChannelSelection {
  /// Units made by the same layers, in the same parts of values.
  private struct Group {
    /// Into the units, the least important first.
    var order: [Int]
    /// How many stay at least.
    let floor: Int
  }

  private let groups: [Group]
  /// Across groups, the least important first: a unit and its group.
  private let order: [(unit: Int, group: Int)]
  private let multiple: Int

  /// - Parameters:
  ///   - importance: of each unit.
  ///   - isComparable: whether importances of different groups can be compared as they are; otherwise each counts in means of its
  ///     group.
  ///   - multiple: to which the number of channels that stay is rounded up, group by group, where there are more.
  init(_ units: [ChannelUnit], importance: [Double], isComparable: Bool, multiple: Int) {
    var indices: [[String]: Int] = [:]
    var members: [[Int]] = []
    for (unit, key) in units.map({ $0.makers + $0.parts }).enumerated() {
      if let group = indices[key] { members[group].append(unit) } else {
        indices[key] = members.count
        members.append([unit])
      }
    }
    var scores = importance
    if !isComparable {
      for group in members {
        let mean = group.reduce(0) { $0 + importance[$1] } / Double(group.count)
        for unit in group where mean > 0 { scores[unit] = importance[unit] / mean }
      }
    }
    groups = members.map { group in
      Group(order: group.sorted { (scores[$0], $0) < (scores[$1], $1) }, floor: min(max(multiple, 1), group.count))
    }
    order = members.enumerated().flatMap { group, units in units.map { (unit: $0, group: group) } }
      .sorted { (scores[$0.unit], $0.unit) < (scores[$1.unit], $1.unit) }
    self.multiple = max(multiple, 1)
  }

  /// Units that may go, at most.
  var removableCount: Int { groups.reduce(0) { $0 + $1.order.count - $1.floor } }

  /// The units that go where the `count` least important ones shall, as far as groups and the multiple let them.
  func removed(count: Int) -> [Int] {
    var left = groups.map { $0.order.count - $0.floor }
    var taken = [Int](repeating: 0, count: groups.count)
    var total = 0
    for (_, group) in order where total < count && left[group] > 0 {
      taken[group] += 1
      left[group] -= 1
      total += 1
    }
    return units(taken)
  }

  /// The same fraction of each group.
  func removed(ratio: Double) -> [Int] {
    units(groups.map { min(Int((ratio * Double($0.order.count)).rounded()), $0.order.count - $0.floor) })
  }

  private func units(_ taken: [Int]) -> [Int] {
    zip(groups, taken).flatMap { group, count in
      let kept = (group.order.count - count + multiple - 1) / multiple * multiple
      return group.order.prefix(max(group.order.count - kept, 0))
    }.sorted()
  }
}
