/// What a search knows of a point that was tried: its choices, and what came of it.
package struct Observation: Sendable {
  /// The option taken at each decision of the space; −1 where the point does not come by it.
  package let choices: [Int]
  /// Objectives, less being better; nil where the trial failed.
  package let costs: [Double]?
  package let isWithinBudget: Bool

  package init(choices: [Int], costs: [Double]?, isWithinBudget: Bool) {
    self.choices = choices
    self.costs = costs
    self.isWithinBudget = isWithinBudget
  }
}

/// Tells the observations that a search wants more of from the others.
package struct ObservationSplit {
  package let better: [Int]
  package let worse: [Int]

  /// The better ones: within the budget before outside, what failed last; then by front; of the front that does not fit whole, the
  /// points that together dominate the most. Costs count by their rank, so that their units are of no account.
  ///
  /// - Parameter count: how many are better, at most all.
  /// - Source: Ozaki et al. 2020, GECCO, doi:10.1145/3377930.3389817, §4.1, with ranks for costs and budgets before fronts.
  package init(_ observations: [Observation], better count: Int) {
    var chosen: [Int] = []
    let classes: [[Int]] = [
      observations.indices.filter { observations[$0].costs != nil && observations[$0].isWithinBudget },
      observations.indices.filter { observations[$0].costs != nil && !observations[$0].isWithinBudget },
    ]
    for members in classes where chosen.count < count {
      let points = Self.ranked(members.compactMap { observations[$0].costs })
      let fronts = Dominance.ranks(of: points)
      for front in 0...(fronts.max() ?? 0) where chosen.count < count {
        let places = fronts.indices.filter { fronts[$0] == front }
        let fits = places.count <= count - chosen.count
        let taken = fits ? places : Self.widest(count - chosen.count, of: places, in: points)
        chosen += taken.map { members[$0] }
      }
    }
    better = chosen.sorted()
    let isBetter = Set(chosen)
    worse = observations.indices.filter { !isBetter.contains($0) }
  }

  /// Each cost as the share of points that have less of it.
  private static func ranked(_ points: [[Double]]) -> [[Double]] {
    points.map { point in
      point.indices.map { axis in Double(points.count { $0[axis] < point[axis] }) / Double(points.count) }
    }
  }

  /// Greedily the points that add the most volume, the earliest of equals.
  private static func widest(_ count: Int, of places: [Int], in points: [[Double]]) -> [Int] {
    guard let axes = points.first?.count else { return [] }
    let reference = [Double](repeating: 1, count: axes)
    var (taken, left) = ([Int](), places)
    while taken.count < count, !left.isEmpty {
      let held = taken.map { points[$0] }
      let volumes = left.map { Hypervolume.volume(of: held + [points[$0]], reference: reference) }
      let best = volumes.indices.reduce(0) { volumes[$1] > volumes[$0] ? $1 : $0 }
      taken.append(left.remove(at: best))
    }
    return taken
  }
}
