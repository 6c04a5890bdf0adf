import CPareKernels
import PareGraph
import PareTensor

/// Softmax and LogSoftmax over the last axis, and their gradients.
///
/// Bound of Softmax, relative, for rows of K: 2u·max|x − max x| from rounding the shifted argument, 4u from Exp on each
/// side of the quotient, (K + 1)u from sum and division.
enum SoftmaxForms {
  typealias Forward = @convention(c) (UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int, Int) -> Void
  typealias Gradient = @convention(c) (
    UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int, Int
  ) -> Void

  static func forward(
    _ context: PreparationContext, _ kernels: TrainingKernels, _ kernel: KeyPath<pare_softmax_kernels, Forward?>
  ) throws -> Evaluation? {
    guard let (rows, columns) = try rows(of: context),
      let call = kernels.softmax[keyPath: kernel].map({ KernelPointer($0) })
    else { return nil }
    return { call.call($0.input(0), $0.output(), rows, columns) }
  }

  /// For gradients whose inputs are dY and the output Y.
  static func gradient(
    _ context: PreparationContext, _ kernels: TrainingKernels, _ kernel: KeyPath<pare_softmax_kernels, Gradient?>
  ) throws -> Evaluation? {
    guard let (rows, columns) = try rows(of: context),
      let call = kernels.softmax[keyPath: kernel].map({ KernelPointer($0) })
    else { return nil }
    return { call.call($0.input(0), $0.input(1), $0.output(), rows, columns) }
  }

  /// The value as rows of its last axis; nil where the node works along another.
  private static func rows(of context: PreparationContext) throws -> (rows: Int, columns: Int)? {
    let shape = context.outputs[0].shape
    guard context.isFloat32, shape.rank > 0, let columns = shape.dimensions.last, columns > 0 else { return nil }
    let axis = try context.node.int("axis", default: -1)
    guard axis == -1 || axis == shape.rank - 1 else { return nil }
    return (shape.elementCount / columns, columns)
  }
}
