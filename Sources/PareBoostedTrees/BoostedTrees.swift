import PareGraph

/// An ensemble of decision trees whose leaves add up to margins, one column per class or number.
///
/// Margins are `base[k] + leaf + leaf + …` in Float32 over the trees of column k, in their order, as XGBoost adds them. No
/// value is checked here: making a graph of the trees checks every index.
public struct BoostedTrees: Sendable, Hashable {
  /// How a row's margins are to be read.
  public enum Output: String, Sendable, Hashable {
    /// A margin for each of several classes, of which a softmax makes probabilities.
    case classes
    /// One margin: the log-odds of the second of two classes.
    case binary
    /// Numbers that stand for themselves.
    case numbers
  }

  /// Columns that the trees may ask about.
  public var featureCount: Int
  public var output: Output
  /// Where the sum of each column begins; as many as there are columns.
  public var baseMargins: [Float]
  public var trees: [DecisionTree]

  public init(featureCount: Int, output: Output, baseMargins: [Float], trees: [DecisionTree]) {
    self.featureCount = featureCount
    self.output = output
    self.baseMargins = baseMargins
    self.trees = trees
  }

  /// The most steps from a root to a leaf.
  public var depth: Int { trees.map(\.depth).max() ?? 0 }
}

extension DecisionTree {
  /// The most steps from the root to a leaf; level by level, each split once a level.
  fileprivate var depth: Int {
    var level: Set<Int32> = root >= 0 ? [root] : []
    var depth = 0
    while !level.isEmpty, depth <= splits.count {
      level = Set(
        level.flatMap { index -> [Int32] in
          guard splits.indices.contains(Int(index)) else { return [] }
          return [splits[Int(index)].trueBranch, splits[Int(index)].falseBranch].filter { $0 >= 0 }
        })
      depth += 1
    }
    return depth
  }
}
