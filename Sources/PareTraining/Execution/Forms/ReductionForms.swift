import CPareKernels
import PareGraph
import PareTensor

/// Sums and means over neighbouring axes or over the leading and the trailing ones, and the gradients of the first.
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
      let (x, y): (UnsafePointer<Float>, UnsafeMutablePointer<Float>) = (buffers.input(0), buffers.output())
      guard folding.inner > 1 else { return rowSums.call(x, scale, y, folding.outer, folding.folded) }
      for block in 0..<folding.outer {
        columnSums.call(
          x + block * folding.folded * folding.inner, scale, y + block * folding.inner, folding.folded, folding.inner)
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
        let dx: UnsafeMutablePointer<Float> = buffers.output()
        guard folding.inner > 1 else {
          let spread = pare_operand_f32(values: dy, row_stride: 1, column_stride: 0)
          return multiply.call(spread, factor, dx, folding.outer, folding.folded)
        }
        for block in 0..<folding.outer {
          let spread = pare_operand_f32(values: dy + block * folding.inner, row_stride: 0, column_stride: 1)
          multiply.call(spread, factor, dx + block * folding.folded * folding.inner, folding.folded, folding.inner)
        }
      }
    }
  }

  /// A reduction seen as one of a stack of matrices, along the rows of each.
  private struct Folding: Sendable {
    /// Matrices in the stack.
    let outer: Int
    /// Numbers that become one.
    let folded: Int
    /// Numbers in a row of a matrix: 1 where neighbours in memory become one.
    let inner: Int

    /// Nil where the axes are not constant, or others lie between them.
    init?(_ context: PreparationContext, shape: Shape, axesInput: Int) throws {
      guard shape.elementCount > 0, let axes = try Self.axes(of: context, rank: shape.rank, input: axesInput) else {
        return nil
      }
      // Axes of extent 1 do not matter to where the others lie.
      let long = (0..<shape.rank).filter { shape[$0] > 1 && axes.contains($0) }
      let (first, last) = (long.first ?? shape.rank, long.last ?? shape.rank - 1)
      guard (first..<last + 1).allSatisfy({ shape[$0] == 1 || axes.contains($0) }) else { return nil }
      outer = shape.dimensions[..<first].reduce(1, *)
      folded = shape.dimensions[first..<last + 1].reduce(1, *)
      inner = shape.dimensions[(last + 1)...].reduce(1, *)
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
