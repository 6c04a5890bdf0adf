import PareCompression

/// How a search goes through its space.
public enum SearchMethod: Sendable, Hashable {
  /// Every combination, in an order that the seed decides.
  case grid
  /// A tree-structured Parzen estimator, which learns from the trials so far; the first `startup` are drawn.
  case parzen(startup: Int)

  /// The words by which files name them.
  enum Word: String, RecipeWord {
    case grid, tpe
  }

  var word: Word {
    switch self {
    case .grid: .grid
    case .parzen: .tpe
    }
  }

  /// Trials drawn before anything is learnt: two generations.
  static let startup = 2 * ParzenProposer.generationSize

  func proposer(_ space: SearchSpace, seed: UInt64) -> any Proposer {
    switch self {
    case .grid: GridProposer(space, seed: seed)
    case .parzen(let startup): ParzenProposer(space, seed: seed, startup: startup)
    }
  }
}
