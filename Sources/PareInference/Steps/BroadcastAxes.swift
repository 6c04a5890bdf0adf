import CPareKernels
import PareTensor

/// How operands are walked to a result that they broadcast to: up to three outer axes, rows and columns, neighbouring
/// axes that all operands walk alike made one.
struct BroadcastAxes: Sendable {
  /// Extents of the outer axes, rows and columns.
  let extents: [Int]
  /// By operand, the elements between neighbours along each; 0 where it is repeated. Along columns 0 or 1.
  let walks: [[Int]]

  /// - Returns: nil where more than five axes are left.
  init?(_ operands: [Shape], result: Shape) {
    let steps = operands.map { Self.steps(of: $0, in: result) }
    var axes: [(extent: Int, steps: [Int])] = []
    for axis in 0..<result.rank where result[axis] != 1 {
      let next = (extent: result[axis], steps: steps.map { $0[axis] })
      if let last = axes.last, last.steps == next.steps.map({ $0 * next.extent }) {
        axes[axes.count - 1] = (last.extent * next.extent, next.steps)
      } else {
        axes.append(next)
      }
    }
    guard axes.count <= 5 else { return nil }
    axes = Array(repeating: (1, operands.map { _ in 0 }), count: 5 - axes.count) + axes
    extents = axes.map(\.extent)
    walks = operands.indices.map { operand in axes.map { $0.steps[operand] } }
  }

  func walk(_ operand: Int) -> pare_walk {
    let walk = walks[operand]
    return pare_walk(outer0: walk[0], outer1: walk[1], outer2: walk[2], row: walk[3], column: walk[4])
  }

  /// Elements between neighbours along each axis of the result; 0 where the operand is repeated.
  private static func steps(of operand: Shape, in result: Shape) -> [Int] {
    let (own, missing) = (operand.strides, result.rank - operand.rank)
    return (0..<result.rank).map { $0 < missing || operand[$0 - missing] == 1 ? 0 : own[$0 - missing] }
  }
}
