import CPareKernels

/// The vector kernels in one variant, chosen once when an executor is made.
///
/// All variants give the same bits; the reference variant, plain C, is `variants[0]`.
package struct TrainingKernels: @unchecked Sendable {
  // The tables are constants of the program.
  package let elementwise: pare_elementwise_kernels
  package let reduction: pare_reduction_kernels
  package let softmax: pare_softmax_kernels
  package let optimizer: pare_optimizer_kernels
  package let convolution: pare_convolution_kernels
  package let recurrent: pare_recurrent_kernels
  package let attention: pare_attention_kernels
  package let rowNormalization: pare_row_normalization_kernels
  package let channels: pare_channel_kernels
  package let pooling: pare_pooling_kernels
  package let scan: pare_scan_kernels
  /// `plain`, `avx2`, `avx512`.
  package let name: String

  private init(_ table: UnsafePointer<pare_training_kernels>) {
    elementwise = table.pointee.elementwise.pointee
    reduction = table.pointee.reduction.pointee
    softmax = table.pointee.softmax.pointee
    optimizer = table.pointee.optimizer.pointee
    convolution = table.pointee.convolution.pointee
    recurrent = table.pointee.recurrent.pointee
    attention = table.pointee.attention.pointee
    rowNormalization = table.pointee.row_normalization.pointee
    channels = table.pointee.channels.pointee
    pooling = table.pointee.pooling.pointee
    scan = table.pointee.scan.pointee
    name = String(cString: table.pointee.name)
  }

  /// The fastest variant that this processor runs.
  package static let best = TrainingKernels(pare_training_best_variant())

  /// Every compiled variant, with nil in place of those that this processor cannot run.
  package static var variants: [(name: String, kernels: TrainingKernels?)] {
    (0..<pare_training_variant_count()).compactMap { index in
      guard let table = pare_training_variant(index) else { return nil }
      let kernels = TrainingKernels(table)
      return (kernels.name, pare_training_variant_is_supported(index) ? kernels : nil)
    }
  }
}
