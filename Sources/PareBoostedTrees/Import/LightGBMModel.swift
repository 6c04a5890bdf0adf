/// What LightGBM's objectives make of sums of leaves.
private struct LightGBMObjective {
  let output: BoostedTrees.Output
  /// What the sums are multiplied by before the link.
  let scale: Double

  /// - Throws: `boosted-trees.unsupported` for objectives whose link is another.
  init(_ header: LightGBMText.Section, columns: Int) throws(BoostedTreesError) {
    // A custom objective is not written down: its sums stand for themselves.
    let words = (header.text("objective") ?? "custom").split(separator: " ")
    let options = words.dropFirst()
    switch words.first ?? "custom" {
    case "binary", "cross_entropy":
      let sigmoid = options.first { $0.hasPrefix("sigmoid:") }.map { Double($0.dropFirst("sigmoid:".count)) ?? .nan } ?? 1
      guard sigmoid > 0, sigmoid.isFinite, columns == 1 else {
        throw header.wrong("objective", "one column of trees and a sigmoid above 0")
      }
      (output, scale) = (.binary, sigmoid)
    case "multiclass":
      guard columns >= 2 else { throw header.wrong("objective", "2 columns of trees or more") }
      (output, scale) = (.classes, 1)
    case "regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg", "custom", "none":
      guard !options.contains("sqrt") else { throw header.unsupported("objective", "a regression without sqrt") }
      (output, scale) = (.numbers, 1)
    default:
      throw header.unsupported("objective", "classes (multiclass, binary) or numbers (regression and the like)")
    }
  }
}

extension BoostedTrees {
  /// From LightGBM's text. Trees of a round follow each other, one for each column.
  ///
  /// LightGBM computes in Float64, from features of Float32 too: every row falls to the same leaves here, because a
  /// threshold is rounded down to the next Float32, beyond which the same features lie. Leaves are rounded to Float32 and
  /// added up in it, so that of n trees a margin is within `n · 2^−24 · Σ |leaf|` of theirs to first order.
  init(lightGBM text: LightGBMText) throws(BoostedTreesError) {
    let header = text.header
    let columns = try header.integer("num_tree_per_iteration", in: 1...1 << 16)
    let featureCount = try header.integer("max_feature_idx", in: 0...(1 << 24) - 1) + 1
    let objective = try LightGBMObjective(header, columns: columns)
    guard text.trees.count % columns == 0 else {
      throw BoostedTreesError(
        "model", subject: header.path, expected: "\(columns) trees for each round", found: "\(text.trees.count) in all")
    }
    if let sizes = header.text("tree_sizes")?.split(separator: " "), sizes.count != text.trees.count {
      throw BoostedTreesError(
        "model", subject: header.path, expected: "\(sizes.count) trees, as tree_sizes has it", found: "\(text.trees.count)")
    }
    // Of a random forest the mean counts.
    let rounds = text.trees.count / columns
    let scale = header.text("average_output") != nil && rounds > 0 ? objective.scale / Double(rounds) : objective.scale
    var trees: [DecisionTree] = []
    trees.reserveCapacity(text.trees.count)
    for (index, section) in text.trees.enumerated() {
      trees.append(
        try DecisionTree(lightGBM: section, featureCount: featureCount, leafScale: scale, target: index % columns))
    }
    self.init(
      featureCount: featureCount, output: objective.output, baseMargins: [Float](repeating: 0, count: columns), trees: trees)
  }
}
