/// Says which points of a space are tried, one generation after another.
///
/// What a generation holds depends on the seed and on the results of the generations before it, never on the order in which trials
/// end: a search that was interrupted goes on as if nothing had happened.
package protocol Proposer: Sendable {
  /// Trials of a generation; nil where all may run at once.
  var generation: Int? { get }

  /// The next points whose steps go together, at most `count`; fewer where the space has no more.
  ///
  /// - Parameters:
  ///   - observations: every trial so far, in order.
  ///   - tried: the indices of their points.
  func propose(_ count: Int, after observations: [Observation], tried: [Int]) -> [Int]
}

/// Every point, in an order that the seed decides: a search that is stopped early has seen a fair sample.
package struct GridProposer: Proposer {
  private let space: SearchSpace
  private let order: [Int]

  package init(_ space: SearchSpace, seed: UInt64) {
    self.space = space
    order = space.shuffled(seed: seed)
  }

  package var generation: Int? { nil }

  package func propose(_ count: Int, after observations: [Observation], tried: [Int]) -> [Int] {
    let taken = Set(tried)
    return Array(order.lazy.filter { !taken.contains($0) && space.isRecipe($0) }.prefix(count))
  }
}
