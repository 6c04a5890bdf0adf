import CPareKernels
import PareGraph
import PareTensor

/// The largest element under a window, and means of whole planes.
///
/// MaxPool and its gradient equal the reference to the bit; where padding alone lies under a window, they yield −∞ and no
/// gradient, as it does.
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

  /// Without indices.
  static let maximum: FastForm = { context, kernels in
    guard context.isFloat32, context.outputs.count == 1, let planes = try Planes(context, input: 0),
      let window = pare_window(try WindowGeometry(context.node, over: context.input(0).shape)),
      let maxima = kernels.pooling.maxima.map({ KernelPointer($0) })
    else { return nil }
    return { buffers in
      withUnsafePointer(to: window) { maxima.call(buffers.input(0), $0, buffers.output(), planes.count) }
    }
  }

  /// Inputs: dY, X and Y.
  static let maximumGradient: FastForm = { context, kernels in
    guard context.isFloat32, let planes = try Planes(context, input: 1),
      let window = pare_window(try WindowGeometry(context.node, over: context.input(1).shape)),
      let gradient = kernels.pooling.maxima_gradient.map({ KernelPointer($0) })
    else { return nil }
    return { buffers in
      withUnsafePointer(to: window) {
        gradient.call(buffers.input(0), buffers.input(1), buffers.input(2), $0, buffers.output(), planes.count)
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

extension WindowGeometry {
  /// The window of a pool over the spatial axes of its X.
  fileprivate init(_ node: Node, over x: Shape) throws {
    self = try WindowAttributes(node, rank: x.rank - 2).geometry(over: Array(x.dimensions[2...]))
  }
}

extension pare_window {
  /// Nil for a window of more taps than a network has: the kernels visit each, even those that meet padding alone.
  fileprivate init?(_ geometry: WindowGeometry) {
    guard geometry.tapCount <= 1 << 16 else { return nil }
    func axis(_ axis: WindowGeometry.Axis) -> pare_window_axis {
      pare_window_axis(
        input: axis.input, kernel: axis.kernel, stride: axis.stride, dilation: axis.dilation, padding: axis.padBegin,
        output: axis.output)
    }
    let (a, b, c) = geometry.threeAxes
    self.init(axes: (axis(a), axis(b), axis(c)))
  }
}

extension FastForms {
  static let pooling: [OperatorName: FastForm] = [
    "MaxPool": PoolingForms.maximum,
    "pare.MaxPoolGradient": PoolingForms.maximumGradient,
    "GlobalAveragePool": PoolingForms.globalAverage,
    "pare.GlobalAveragePoolGradient": PoolingForms.globalAverageGradient,
  ]
}
