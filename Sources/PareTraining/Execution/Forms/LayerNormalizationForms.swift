import CPareKernels
import PareGraph
import PareTensor

/// Layer and root-mean-square normalization, where scale and bias have a number for each column, and their gradients.
///
/// Bound of the normalized numbers u, for rows of n: `γ_{n+4}` of `(|x| + mean|x|) · r`, and `γ_{n+4} · |u|` from r; the
/// gradient by a row carries that through its two means, those by scale and bias γ of the rows that they sum.
enum LayerNormalizationForms {
  static func forward(_ context: PreparationContext, _ kernels: TrainingKernels, centers: Bool) throws -> Evaluation? {
    guard context.isFloat32, context.outputs.count == 1,
      let rows = try Rows(context, x: 0, vectors: [1, 2]),
      let normalize = kernels.rowNormalization.normalize.map({ KernelPointer($0) })
    else { return nil }
    let hasBias = context.has(2)
    return { buffers in
      normalize.call(
        buffers.input(0), buffers.input(1), hasBias ? buffers.input(2, as: Float.self) : nil, rows.epsilon, centers,
        buffers.output(), rows.count, rows.columns)
    }
  }

  /// Left to the reference: gradients that arrive for mean and factor.
  static func gradient(_ context: PreparationContext, _ kernels: TrainingKernels, centers: Bool) throws -> Evaluation? {
    guard context.isFloat32, context.has(0), !context.has(4), !context.has(5),
      let rows = try Rows(context, x: 1, vectors: [2, 3]),
      let gradient = kernels.rowNormalization.gradient.map({ KernelPointer($0) })
    else { return nil }
    let hasBias = context.has(3)
    let scratch = ScratchMemory(count: rows.columns)
    return { buffers in
      gradient.call(
        buffers.input(0), buffers.input(1), buffers.input(2), rows.epsilon, centers, buffers.output(0), buffers.output(1),
        hasBias ? buffers.output(2, as: Float.self) : nil, rows.count, rows.columns, scratch.elements)
    }
  }

  /// What is normalized, as a matrix.
  private struct Rows: Sendable {
    let count: Int
    let columns: Int
    let epsilon: Float

    /// Nil where a vector has not one number per column.
    init?(_ context: PreparationContext, x: Int, vectors: [Int]) throws {
      let shape = try context.input(x).shape
      let given = try context.node.int("axis", default: -1)
      let axis = given < 0 ? given + shape.rank : given
      columns = shape.dimensions[axis...].reduce(1, *)
      count = shape.dimensions[..<axis].reduce(1, *)
      epsilon = Float(try context.node.float("epsilon", default: 1e-5))
      guard columns > 0, count > 0 else { return nil }
      let perColumn = [Int](repeating: 1, count: axis) + shape.dimensions[axis...]
      for index in vectors where context.has(index) {
        let vector = try context.input(index).shape.dimensions
        guard [Int](repeating: 1, count: shape.rank - vector.count) + vector == perColumn else { return nil }
      }
    }
  }
}

extension FastForms {
  static let rowNormalization: [OperatorName: FastForm] = [
    "LayerNormalization": { try LayerNormalizationForms.forward($0, $1, centers: true) },
    "RMSNormalization": { try LayerNormalizationForms.forward($0, $1, centers: false) },
    "pare.LayerNormalizationGradient": { try LayerNormalizationForms.gradient($0, $1, centers: true) },
    "pare.RMSNormalizationGradient": { try LayerNormalizationForms.gradient($0, $1, centers: false) },
  ]
}
