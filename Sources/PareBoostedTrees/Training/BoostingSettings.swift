/// How trees are grown: XGBoost's parameters under the field's names.
public struct BoostingSettings: Sendable, Hashable {
  /// Rounds of boosting, each with a tree for every column of the margins.
  public var rounds: Int
  /// The most steps from a root to a leaf.
  public var depth: Int
  /// What a tree's leaves are multiplied by.
  public var learningRate: Double
  /// The least sum of second derivatives in a leaf; of squared error, the least sum of weights.
  public var minimumChildWeight: Double
  /// The L2 penalty on leaves.
  public var lambda: Double
  /// The least gain of a split.
  public var gamma: Double
  /// The share of rows that a round sees.
  public var subsample: Double
  /// The share of features that a tree sees.
  public var columnShare: Double
  /// Rounds without a better loss on the validation rows after which growing ends; the best round is kept. nil: never.
  public var earlyStoppingRounds: Int?
  /// Bins of each feature among whose edges thresholds are chosen; nil: among all values.
  public var bins: Int?

  public init(
    rounds: Int = 100, depth: Int = 6, learningRate: Double = 0.1, minimumChildWeight: Double = 1, lambda: Double = 1,
    gamma: Double = 0, subsample: Double = 1, columnShare: Double = 1, earlyStoppingRounds: Int? = nil, bins: Int? = 256
  ) {
    self.rounds = rounds
    self.depth = depth
    self.learningRate = learningRate
    self.minimumChildWeight = minimumChildWeight
    self.lambda = lambda
    self.gamma = gamma
    self.subsample = subsample
    self.columnShare = columnShare
    self.earlyStoppingRounds = earlyStoppingRounds
    self.bins = bins
  }

  /// - Throws: `boosted-trees.range`, category usage, naming the first setting that is out of range.
  public func validate() throws(BoostedTreesError) {
    func require(
      _ holds: Bool, _ setting: String, _ expected: String, _ found: some CustomStringConvertible
    ) throws(BoostedTreesError) {
      guard !holds else { return }
      throw BoostedTreesError("range", subject: setting, expected: expected, found: found.description, category: .usage)
    }
    try require((1...100_000).contains(rounds), "rounds", "a number in 1 ... 100000", rounds)
    try require((1...20).contains(depth), "depth", "a number in 1 ... 20", depth)
    for (name, value) in [("learning rate", learningRate), ("subsample", subsample), ("column share", columnShare)] {
      try require(value > 0 && value <= 1, name, "a number above 0 and at most 1", value)
    }
    for (name, value) in [("minimum child weight", minimumChildWeight), ("lambda", lambda), ("gamma", gamma)] {
      try require(value >= 0 && value.isFinite, name, "a number of 0 or more", value)
    }
    if let earlyStoppingRounds {
      try require(earlyStoppingRounds >= 1, "early-stopping rounds", "a number of 1 or more", earlyStoppingRounds)
    }
    if let bins { try require((2...65_536).contains(bins), "bins", "a number in 2 ... 65536", bins) }
  }

  /// The library's names and values.
  func parameters(seed: UInt64) -> [(name: String, value: String)] {
    var parameters = [
      ("booster", "gbtree"), ("max_depth", "\(depth)"), ("eta", "\(learningRate)"),
      ("min_child_weight", "\(minimumChildWeight)"), ("lambda", "\(lambda)"), ("gamma", "\(gamma)"),
      ("subsample", "\(subsample)"), ("colsample_bytree", "\(columnShare)"), ("seed", "\(seed & 0x7fff_ffff)"),
      ("tree_method", bins == nil ? "exact" : "hist"),
    ]
    if let bins { parameters.append(("max_bin", "\(bins)")) }
    return parameters
  }
}
