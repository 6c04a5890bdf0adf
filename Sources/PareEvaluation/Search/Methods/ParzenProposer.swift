/// A tree-structured Parzen estimator for several objectives: what is tried next is likely where good trials lie and unlikely
/// where the others do.
///
/// The first `startup` trials, and the last of each generation, are drawn as a grid is. Otherwise observations are split
/// (``ObservationSplit``) into better and worse; with densities l and g over them (``ChoiceKernels``, an even prior counting as one
/// observation) the point of the whole space that was not tried and has the greatest l/g comes next. Points that are proposed and
/// not yet judged count as worse, so that a generation spreads.
/// - Source: Bergstra et al. 2011, NeurIPS, "Algorithms for hyper-parameter optimization"; Ozaki et al. 2020, GECCO,
///   doi:10.1145/3377930.3389817.
package struct ParzenProposer: Proposer {
  package static let generationSize = 8
  /// Of the observations, those that count as better.
  private static let betterShare = 0.15

  private let space: SearchSpace
  private let points: [[Int]]
  private let order: [Int]
  private let startup: Int

  /// - Parameter startup: trials that are drawn before anything is learnt from them.
  package init(_ space: SearchSpace, seed: UInt64, startup: Int) {
    self.space = space
    points = (0..<space.count).map(space.choices(at:))
    order = space.shuffled(seed: seed)
    self.startup = startup
  }

  package var generation: Int? { Self.generationSize }

  package func propose(_ count: Int, after observations: [Observation], tried: [Int]) -> [Int] {
    var taken = Set(tried)
    var chosen: [Int] = []
    /// Takes the first point that nothing else is better than, and says whether there was one.
    func take(_ isWorse: (Int, Int) -> Bool = { _, _ in false }) -> Bool {
      while let next = order.lazy.filter({ !taken.contains($0) }).max(by: isWorse) {
        taken.insert(next)
        guard space.isRecipe(next) else { continue }
        chosen.append(next)
        return true
      }
      return false
    }
    guard observations.count >= startup else {
      while chosen.count < count, take() {}
      return chosen
    }
    let better = Int((Self.betterShare * Double(observations.count)).rounded(.up))
    let split = ObservationSplit(observations, better: better)
    let (narrow, wide) = (
      ChoiceKernels(space.decisions, observations: split.better.count), ChoiceKernels(space.decisions, observations: split.worse.count)
    )
    // Sums over observations; those of points that are drawn join the worse one by one.
    let good = points.map { point in
      split.better.reduce(narrow.prior(of: point)) { $0 + narrow.value(of: point, around: observations[$1].choices) }
    }
    var bad = points.map { point in
      split.worse.reduce(wide.prior(of: point)) { $0 + wide.value(of: point, around: observations[$1].choices) }
    }
    while chosen.count < count {
      let isDrawn = chosen.count == Self.generationSize - 1
      guard isDrawn ? take() : take({ good[$0] / bad[$0] < good[$1] / bad[$1] }), let last = chosen.last else { break }
      for index in points.indices { bad[index] += wide.value(of: points[index], around: points[last]) }
    }
    return chosen
  }
}
