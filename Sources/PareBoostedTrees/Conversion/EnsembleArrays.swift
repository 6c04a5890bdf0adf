import PareGraph
import PareTensor

/// Trees as `pare.TreeEnsemble` has them in its inputs.
struct EnsembleArrays {
  private var features: [Int32] = []
  private var thresholds: [Float] = []
  private var modes: [UInt8] = []
  private var missing: [UInt8] = []
  private var trueBranches: [Int32] = []
  private var falseBranches: [Int32] = []
  private var roots: [Int32] = []
  private var leafOffsets: [Int32] = [0]
  private var targets: [Int32] = []
  private var weights: [Float] = []

  /// The base margin of a column goes into the leaves of its first tree: sums begin with base + leaf either way, and are
  /// the same to the bit.
  ///
  /// - Parameter firstColumn: added to each tree's target.
  init(_ ensemble: BoostedTrees, firstColumn: Int) {
    var bases = ensemble.baseMargins
    for tree in ensemble.trees {
      let columns = tree.target..<tree.target + max(tree.width, 1)
      append(tree, bases: columns.map { bases.indices.contains($0) ? bases[$0] : 0 }, firstColumn: firstColumn)
      for column in columns.clamped(to: bases.indices) { bases[column] = 0 }
    }
    for (target, base) in bases.enumerated() where base != 0 {
      append(DecisionTree(splits: [], leaves: [base], root: -1, target: target), bases: [0], firstColumn: firstColumn)
    }
  }

  private mutating func append(_ tree: DecisionTree, bases: [Float], firstColumn: Int) {
    let (firstSplit, firstLeaf) = (Int32(features.count), Int32(leafOffsets.count - 1))
    func place(_ branch: Int32) -> Int32 { branch >= 0 ? branch &+ firstSplit : branch &- firstLeaf }
    roots.append(place(tree.root))
    for split in tree.splits {
      features.append(split.feature)
      thresholds.append(split.threshold)
      modes.append(split.comparison.rawValue)
      missing.append(split.missingIsTrue ? 1 : 0)
      trueBranches.append(place(split.trueBranch))
      falseBranches.append(place(split.falseBranch))
    }
    for (index, leaf) in tree.leaves.enumerated() {
      let column = index % bases.count
      targets.append(Int32(clamping: tree.target + column + firstColumn))
      weights.append(bases[column] == 0 ? leaf : bases[column] + leaf)
      if column == bases.count - 1 { leafOffsets.append(Int32(weights.count)) }
    }
  }

  /// Adds the operator and its parameters, `trees.features`, `trees.thresholds`, …
  ///
  /// - Returns: the name of the sums, `[rows, columns]`.
  /// - Throws: `graph.tree` for trees that do not fit together.
  func write(_ x: String, columns: Int, output: String, in builder: inout GraphBuilder) throws -> String {
    guard Int32(exactly: features.count) != nil, Int32(exactly: weights.count) != nil else {
      throw GraphError("tree", subject: "trees", expected: "fewer than 2^31 splits and leaves", found: "\(features.count)")
    }
    func constant(_ name: String, _ tensor: Tensor) throws -> String {
      try builder.parameter("trees.\(name)", tensor, isTrainable: false)
    }
    let inputs = [
      x, try constant("features", Tensor(features)), try constant("thresholds", Tensor(thresholds)),
      try constant("modes", Tensor(modes)), try constant("missing", Tensor(missing)),
      try constant("true_branches", Tensor(trueBranches)), try constant("false_branches", Tensor(falseBranches)),
      try constant("roots", Tensor(roots)), try constant("leaf_offsets", Tensor(leafOffsets)),
      try constant("targets", Tensor(targets)), try constant("weights", Tensor(weights)),
    ]
    return try builder.apply(
      TreeEnsemble.name, inputs, attributes: ["n_targets": .int(columns)], name: "trees", output: output)
  }
}
