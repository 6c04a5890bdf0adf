import CPareKernels

/// How much a step does, in the terms by which a ``CostTable`` knows its kernel.
struct StepExtent: Sendable, Hashable {
  /// A layer in Float32 with dense weights, by the name of its kernel.
  enum Float32Layer: Sendable, Hashable {
    case dense, denseRows, convolution, recurrent

    var operation: String {
      switch self {
      case .dense: String(cString: pare_operation_name(pare_operation_dense_f32))
      case .denseRows: String(cString: pare_operation_name(pare_operation_product_f32))
      case .convolution: "conv"
      case .recurrent: "recurrent_f32"
      }
    }
  }

  /// Of one product, or 1 for a pass over elements.
  var inputs: Int
  /// Of one product, or the elements of a pass.
  var outputs: Int
  /// How often: rows, steps of a sequence, positions of a window.
  var times: Double = 1
  /// Of a full product, where zeros are left out.
  var share: Double = 1
  /// The layer of which this is another form.
  var formOf: Float32Layer?

  static func elements(_ count: Int) -> StepExtent { StepExtent(inputs: 1, outputs: max(count, 1)) }
}

extension ExecutionPlan.Step {
  /// The part of a kernel's name before its variant: `dense_f32` of `dense_f32/avx512`.
  static func operation(of kernel: String) -> String { String(kernel.prefix { $0 != "/" }) }
}
