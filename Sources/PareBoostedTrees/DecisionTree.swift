import PareGraph

/// A tree of questions about single features, each leaf of which holds what it adds to one column of margins or to several.
///
/// Branches may meet again, which is how a question with several parts is said; no path leads back to itself.
public struct DecisionTree: Sendable, Hashable {
  /// One question.
  public struct Split: Sendable, Hashable {
    public var feature: Int32
    public var comparison: TreeComparison
    public var threshold: Float
    /// Whether NaN goes to the true branch whatever the comparison says.
    public var missingIsTrue: Bool
    /// A split, or leaf i as −1 − i.
    public var trueBranch: Int32
    public var falseBranch: Int32

    public init(
      feature: Int32, comparison: TreeComparison, threshold: Float, missingIsTrue: Bool, trueBranch: Int32, falseBranch: Int32
    ) {
      self.feature = feature
      self.comparison = comparison
      self.threshold = threshold
      self.missingIsTrue = missingIsTrue
      self.trueBranch = trueBranch
      self.falseBranch = falseBranch
    }
  }

  public var splits: [Split]
  /// `[leaves, width]`.
  public var leaves: [Float]
  /// A split, or leaf i as −1 − i: a tree may be a single leaf.
  public var root: Int32
  /// The first column of the margins that its leaves add to.
  public var target: Int
  /// How many columns they add to, at least 1.
  public var width: Int

  public init(splits: [Split], leaves: [Float], root: Int32, target: Int, width: Int = 1) {
    self.splits = splits
    self.leaves = leaves
    self.root = root
    self.target = target
    self.width = width
  }
}
