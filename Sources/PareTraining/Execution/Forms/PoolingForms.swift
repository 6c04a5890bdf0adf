import CPareKernels
import PareGraph
import PareTensor

/// Pools of whole planes.
///
/// Bound of GlobalAveragePool: `|ŷ − y| ≤ γ_{n+1} · Σ|x| / n` over the n elements of a plane; its gradient rounds twice.
enum PoolingForms {
  static let globalAverage: FastForm = { context, kernels in
    guard context.isFloat32, let planes = try Planes(context, input: 0),
      let rowSums = kernels.reduction.row_sums.map({ KernelPointer($0) })
    else { return nil }
    return { rowSums.call($0.input(0), 1 / Float(planes.extent), $0.output(), planes.count, planes.extent) }
  }

  /// Inputs: dY, X and Y.
  static let globalAverageGradient: FastForm = { context, kernels in
    guard context.isFloat32, let planes = try Planes(context, input: 1),
      let multiply = kernels.elementwise.multiply.map({ KernelPointer($0) })
    else { return nil }
    let share = 1 / Float(planes.extent)
    return { buffers in
      withUnsafePointer(to: share) { share in
        multiply.call(
          pare_operand_f32(values: buffers.input(0), row_stride: 1, column_stride: 0),
          pare_operand_f32(values: share, row_stride: 0, column_stride: 0), buffers.output(), planes.count, planes.extent)
      }
    }
  }

  /// The planes of `X [N, C, D1, …]`.
  private struct Planes: Sendable {
    let count: Int
    let extent: Int

    init?(_ context: PreparationContext, input: Int) throws {
      let shape = try context.input(input).shape
      guard shape.elementCount > 0 else { return nil }
      count = shape[0] * shape[1]
      extent = shape.elementCount / count
    }
  }
}

extension FastForms {
  static let pooling: [OperatorName: FastForm] = [
    "GlobalAveragePool": PoolingForms.globalAverage,
    "pare.GlobalAveragePoolGradient": PoolingForms.globalAverageGradient,
  ]
}
