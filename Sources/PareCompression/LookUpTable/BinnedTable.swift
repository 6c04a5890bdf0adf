import PareBoostedTrees
import PareTensor

/// A table of means over the bins of a few features, chosen one after the other.
///
/// With residuals r of the rows from the table so far, a feature with bins b has the additive effect
/// `m_b = Σ r / (n_b + κ)`, and the cell c of the table with it the value
/// `t_c + m_b + Σ (r − m_b) / (n_c + κ)`: where a cell has few rows, it is what the features say one by one. The feature
/// whose table leaves the least squared error is taken, each row judged by what its cell would hold without it, so that
/// thin cells that only remember their rows gain nothing; none, where the error would not fall.
struct BinnedTable {
  /// A feature and where its bins end: bin i holds `edges[i − 1] ≤ x < edges[i]`. NaN is in the lowest.
  struct Axis {
    let feature: Int
    let edges: [Float]
  }

  private(set) var axes: [Axis] = []
  /// `[cells, columns]`, the last axis the fastest.
  private(set) var values: [Double]
  /// The share of the targets' variance that the table explains, each row judged without itself.
  private(set) var explained = 0.0
  private let columns: Int

  var cellCount: Int { values.count / columns }

  /// - Parameter progress: is told how many features have been chosen.
  init(_ targets: ScoreTargets, features: Int, bins: Int, shrinkage: Double, progress: (Int) -> Void) {
    let rows = targets.rowCount
    columns = targets.columns
    var means = [Double](repeating: 0, count: columns)
    for (index, number) in targets.numbers.enumerated() { means[index % columns] += Double(number) / Double(rows) }
    var growth = TableGrowth(
      residuals: targets.numbers.enumerated().map { Double($1) - means[$0 % targets.columns] }, columns: columns,
      cells: [Int](repeating: 0, count: rows), cellCount: 1, shrinkage: shrinkage)
    values = means
    let total = growth.residuals.reduce(0) { $0 + $1 * $1 }
    var candidates = Self.axes(targets.features, bins: bins).map { axis in (axis: axis, bins: axis.bins(of: targets.features)) }
    var error = total
    while axes.count < features {
      let tried = candidates.map { growth.extended(by: $0.bins, binCount: $0.axis.edges.count + 1) }
      guard let best = tried.indices.min(by: { tried[$0].error < tried[$1].error }), tried[best].error < error else { break }
      let bins = candidates[best].axis.edges.count + 1
      values = (0..<cellCount * bins * columns).map { index in
        values[index / (bins * columns) * columns + index % columns] + tried[best].additions[index]
      }
      error = tried[best].error
      growth.take(tried[best], bins: candidates[best].bins, binCount: bins)
      axes.append(candidates.remove(at: best).axis)
      progress(axes.count)
    }
    explained = total > 0 ? 1 - error / total : 0
  }

  /// The features with more than one bin, cut at quantiles of the rows.
  private static func axes(_ features: Tensor, bins: Int) -> [Axis] {
    let values = features.values(as: Float.self)
    let (rows, width) = (features.shape[0], features.shape[1])
    return (0..<width).compactMap { feature in
      let sorted = (0..<rows).map { values[$0 * width + feature] }.filter { !$0.isNaN }.sorted()
      guard let least = sorted.first else { return nil }
      var edges: [Float] = []
      for bin in 1..<bins {
        let edge = sorted[bin * sorted.count / bins]
        if edge > edges.last ?? least { edges.append(edge) }
      }
      return edges.isEmpty ? nil : Axis(feature: feature, edges: edges)
    }
  }
}

extension BinnedTable.Axis {
  fileprivate func bins(of features: Tensor) -> [Int] {
    let width = features.shape[1]
    return features.withUnsafeElements(as: Float.self) { values in
      (0..<features.shape[0]).map { row in
        let value = values[row * width + feature]
        return edges.count { value >= $0 }
      }
    }
  }
}

extension BinnedTable {
  /// The table as a tree: the axes in turn, each by halves.
  var tree: DecisionTree {
    var tree = DecisionTree(splits: [], leaves: values.map { Float($0) }, root: 0, target: 0, width: columns)
    tree.root = append(to: &tree, axis: 0, cell: 0, bins: nil)
    return tree
  }

  /// - Parameters:
  ///   - cell: among those of the axes before.
  ///   - bins: of this axis that are left; nil for all.
  /// - Returns: the split, or the leaf.
  private func append(to tree: inout DecisionTree, axis: Int, cell: Int, bins: Range<Int>?) -> Int32 {
    guard axis < axes.count else { return -1 - Int32(cell) }
    let edges = axes[axis].edges
    let bins = bins ?? 0..<edges.count + 1
    if bins.count == 1 { return append(to: &tree, axis: axis + 1, cell: cell * (edges.count + 1) + bins.lowerBound, bins: nil) }
    let middle = bins.lowerBound + (bins.count + 1) / 2
    let index = tree.splits.count
    tree.splits.append(
      DecisionTree.Split(
        feature: Int32(axes[axis].feature), comparison: .less, threshold: edges[middle - 1], missingIsTrue: true, trueBranch: 0,
        falseBranch: 0))
    tree.splits[index].trueBranch = append(to: &tree, axis: axis, cell: cell, bins: bins.lowerBound..<middle)
    tree.splits[index].falseBranch = append(to: &tree, axis: axis, cell: cell, bins: middle..<bins.upperBound)
    return Int32(index)
  }
}
