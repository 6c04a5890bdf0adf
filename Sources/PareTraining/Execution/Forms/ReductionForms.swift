import CPareKernels
import PareGraph
import PareTensor

/// Sums and means over the leading axes, over the trailing ones or over both, and the gradients of the first two.
///
/// Bound: `|ŷ − y| ≤ γ_{n+1} · Σ|x|` over the n numbers that are folded, in whatever order they are added. The gradient
/// of a mean rounds twice.
enum ReductionForms {
  static func reduction(_ context: PreparationContext, _ kernels: TrainingKernels, takesMean: Bool) throws -> Evaluation? {
    guard context.outputs[0].elementType == .float32,
      let columnSums = kernels.reduction.column_sums.map({ KernelPointer($0) }),
      let rowSums = kernels.reduction.row_sums.map({ KernelPointer($0) })
    else { return nil }
    guard let folding = try Folding(context, shape: context.input(0).shape, axesInput: 1) else {
      // What is left lies between what is folded, as the channels of a convolution do: first the ends of the rows.
      guard let ends = try FoldedEnds(context, shape: context.input(0).shape, axesInput: 1) else { return nil }
      let scale = takesMean ? 1 / Float(ends.leading * ends.trailing) : 1
      let rows = FormScratch<Float>(count: ends.leading * ends.kept, repeating: 0)
      return { buffers in
        rowSums.call(buffers.input(0), 1, rows.elements, ends.leading * ends.kept, ends.trailing)
        columnSums.call(rows.elements, scale, buffers.output(), ends.leading, ends.kept)
      }
    }
    let scale = takesMean ? 1 / Float(folding.folded) : 1
    return { buffers in
      if folding.isTrailing {
        rowSums.call(buffers.input(0), scale, buffers.output(), folding.kept, folding.folded)
      } else {
        columnSums.call(buffers.input(0), scale, buffers.output(), folding.folded, folding.kept)
      }
    }
  }

  /// For gradients whose inputs are dY, X, Y and the axes: dY spread over what was folded.
  static func gradient(_ context: PreparationContext, _ kernels: TrainingKernels, takesMean: Bool) throws -> Evaluation? {
    guard context.outputs[0].elementType == .float32,
      let folding = try Folding(context, shape: context.outputs[0].shape, axesInput: 3),
      let multiply = kernels.elementwise.multiply.map({ KernelPointer($0) })
    else { return nil }
    let scale = takesMean ? 1 / Float(folding.folded) : 1
    return { buffers in
      withUnsafePointer(to: scale) { scale in
        let factor = pare_operand_f32(values: scale, row_stride: 0, column_stride: 0)
        let dy: UnsafePointer<Float> = buffers.input(0)
        if folding.isTrailing {
          let spread = pare_operand_f32(values: dy, row_stride: 1, column_stride: 0)
          multiply.call(spread, factor, buffers.output(), folding.kept, folding.folded)
        } else {
          let spread = pare_operand_f32(values: dy, row_stride: 0, column_stride: 1)
          multiply.call(spread, factor, buffers.output(), folding.folded, folding.kept)
        }
      }
    }
  }

  /// A reduction seen as one of a matrix, along its rows or its columns.
  private struct Folding: Sendable {
    /// Numbers that become one.
    let folded: Int
    /// Numbers that are left.
    let kept: Int
    /// Whether neighbours in memory become one.
    let isTrailing: Bool

    /// Nil where the axes are not constant, or some of both kinds lie between others.
    init?(_ context: PreparationContext, shape: Shape, axesInput: Int) throws {
      guard shape.elementCount > 0, let axes = try Self.axes(of: context, rank: shape.rank, input: axesInput) else {
        return nil
      }
      folded = axes.reduce(1) { $0 * shape[$1] }
      kept = shape.elementCount / folded
      // Axes of extent 1 do not matter to where the others lie.
      let long = (0..<shape.rank).filter { shape[$0] > 1 }
      let isFolded = long.map(axes.contains)
      let runs = zip(isFolded, isFolded.dropFirst()).count { $0 != $1 }
      guard runs <= 1 else { return nil }
      isTrailing = isFolded.last ?? true
    }

    fileprivate static func axes(of context: PreparationContext, rank: Int, input: Int) throws -> [Int]? {
      if context.has(input) {
        guard let axes = context.constant(input)?.values(as: Int64.self).map(Int.init) else { return nil }
        if !axes.isEmpty { return axes.map { $0 < 0 ? $0 + rank : $0 } }
      }
      return try context.node.int("noop_with_empty_axes", default: 0) != 0 ? [] : Array(0..<rank)
    }
  }

  /// A reduction of leading and trailing axes alike.
  private struct FoldedEnds: Sendable {
    let leading: Int
    let kept: Int
    let trailing: Int

    /// Nil where the axes are not constant, or what is left does not lie in one piece between them.
    init?(_ context: PreparationContext, shape: Shape, axesInput: Int) throws {
      guard shape.elementCount > 0, let axes = try Folding.axes(of: context, rank: shape.rank, input: axesInput) else {
        return nil
      }
      let long = (0..<shape.rank).filter { shape[$0] > 1 }
      guard let first = long.firstIndex(where: { !axes.contains($0) }),
        let last = long.lastIndex(where: { !axes.contains($0) }),
        long[first...last].allSatisfy({ !axes.contains($0) })
      else { return nil }
      leading = long[..<first].reduce(1) { $0 * shape[$1] }
      kept = long[first...last].reduce(1) { $0 * shape[$1] }
      trailing = long[(last + 1)...].reduce(1) { $0 * shape[$1] }
    }
  }
}

extension FastForms {
  static let reductions: [OperatorName: FastForm] = [
    "ReduceSum": { try ReductionForms.reduction($0, $1, takesMean: false) },
    "ReduceMean": { try ReductionForms.reduction($0, $1, takesMean: true) },
    "pare.ReduceSumGradient": { try ReductionForms.gradient($0, $1, takesMean: false) },
    "pare.ReduceMeanGradient": { try ReductionForms.gradient($0, $1, takesMean: true) },
  ]
}
