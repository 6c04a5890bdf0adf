import CPareKernels
import PareTensor

/// How broadcast operands are walked as matrices, one after the other: in each, rows at a stride, and in a row either every
/// element or the same one again.
struct BroadcastWalk: Sendable {
  /// Where one matrix begins in the result and in up to three operands.
  struct Matrix {
    let result: Int
    fileprivate let offsets: (Int, Int, Int)

    fileprivate func offset(_ operand: Int) -> Int { operand == 0 ? offsets.0 : operand == 1 ? offsets.1 : offsets.2 }
  }

  /// One axis of the result: its extent, and each operand's elements between neighbours along it, 0 where it is repeated.
  private struct Axis: Sendable {
    var extent: Int
    var steps: [Int]
  }

  let rows: Int
  let columns: Int
  private let row: Axis
  private let column: Axis
  /// The axes around the matrices, innermost first.
  private let outer: [Axis]
  private let count: Int

  /// - Precondition: at most three operands, which broadcast to `result`.
  init(_ operands: [Shape], result: Shape) {
    precondition(operands.count <= 3)
    let steps = operands.map { Self.steps(of: $0, in: result) }
    // Neighbouring axes that all operands walk alike become one.
    var axes: [Axis] = []
    for axis in 0..<result.rank where result[axis] != 1 {
      let next = Axis(extent: result[axis], steps: steps.map { $0[axis] })
      if let last = axes.last, last.steps == next.steps.map({ $0 * next.extent }) {
        axes[axes.count - 1] = Axis(extent: last.extent * next.extent, steps: next.steps)
      } else {
        axes.append(next)
      }
    }
    let single = Axis(extent: 1, steps: operands.map { _ in 0 })
    column = axes.popLast() ?? single
    row = axes.popLast() ?? single
    (rows, columns) = (row.extent, column.extent)
    outer = axes.reversed()
    count = outer.reduce(1) { $0 * $1.extent }
  }

  @inline(__always)
  func forEachMatrix(_ body: (Matrix) -> Void) {
    for matrix in 0..<count {
      var rest = matrix
      var offsets = (0, 0, 0)
      for axis in outer {
        let index = rest % axis.extent
        rest /= axis.extent
        offsets.0 += index * axis.steps[0]
        if axis.steps.count > 1 { offsets.1 += index * axis.steps[1] }
        if axis.steps.count > 2 { offsets.2 += index * axis.steps[2] }
      }
      body(Matrix(result: matrix * rows * columns, offsets: offsets))
    }
  }

  @inline(__always)
  func operand(_ index: Int, _ values: UnsafePointer<Float>, _ matrix: Matrix) -> pare_operand_f32 {
    pare_operand_f32(
      values: values + matrix.offset(index), row_stride: row.steps[index], column_stride: column.steps[index])
  }

  @inline(__always)
  func truths(_ index: Int, _ values: UnsafePointer<UInt8>, _ matrix: Matrix) -> pare_operand_u8 {
    pare_operand_u8(
      values: values + matrix.offset(index), row_stride: row.steps[index], column_stride: column.steps[index])
  }

  /// Elements between neighbours along each axis of the result; 0 where the operand is repeated.
  private static func steps(of operand: Shape, in result: Shape) -> [Int] {
    let (own, missing) = (operand.strides, result.rank - operand.rank)
    return (0..<result.rank).map { $0 < missing || operand[$0 - missing] == 1 ? 0 : own[$0 - missing] }
  }
}
