import PareGraph
import PareTensor

/// Sums and means over the leading axes or over the trailing ones.
///
/// Bound: `|ŷ − y| ≤ γ_{n+1} · Σ|x|` over the n numbers that are folded, in whatever order they are added.
enum ReductionForms {
  static func reduction(_ context: PreparationContext, _ kernels: TrainingKernels, takesMean: Bool) throws -> Evaluation? {
    let shape = try context.input(0).shape
    guard context.outputs[0].elementType == .float32, shape.elementCount > 0,
      let axes = try axes(of: context, rank: shape.rank), !axes.isEmpty,
      let columnSums = kernels.reduction.column_sums.map({ KernelPointer($0) }),
      let rowSums = kernels.reduction.row_sums.map({ KernelPointer($0) })
    else { return nil }
    let folded = axes.reduce(1) { $0 * shape[$1] }
    let scale = takesMean ? 1 / Float(folded) : 1
    let kept = shape.elementCount / folded
    // Axes of extent 1 do not matter to where the others lie.
    let extended = axes.filter { shape[$0] > 1 }
    let others = (0..<shape.rank).filter { !axes.contains($0) && shape[$0] > 1 }
    if (extended.first ?? shape.rank) > (others.last ?? -1) {
      return { rowSums.call($0.input(0), scale, $0.output(), kept, folded) }
    }
    if (extended.last ?? -1) < (others.first ?? shape.rank) {
      return { columnSums.call($0.input(0), scale, $0.output(), folded, kept) }
    }
    return nil
  }

  /// The axes to fold; nil where they are not constant.
  private static func axes(of context: PreparationContext, rank: Int) throws -> [Int]? {
    if context.has(1) {
      guard let axes = context.constant(1)?.values(as: Int64.self).map(Int.init) else { return nil }
      if !axes.isEmpty { return axes.map { $0 < 0 ? $0 + rank : $0 } }
    }
    return try context.node.int("noop_with_empty_axes", default: 0) != 0 ? [] : Array(0..<rank)
  }
}
