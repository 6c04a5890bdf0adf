/// How much a step does, in the terms by which a ``CostTable`` knows its kernel.
struct StepExtent: Sendable, Hashable {
  /// Of one product, or 1 for a pass over elements.
  var inputs: Int
  /// Of one product, or the elements of a pass.
  var outputs: Int
  /// How often: rows, steps of a sequence, positions of a window; the share of a full product where zeros are left out.
  var times: Double = 1
  /// The operation that does the same with dense weights in Float32, where this is another form of it.
  var float32Operation: String?

  static func elements(_ count: Int) -> StepExtent { StepExtent(inputs: 1, outputs: max(count, 1)) }
}

extension StepKernel {
  /// What it computes, whatever the variant: `dense_f32` of `dense_f32/avx512`.
  var operation: String { ExecutionPlan.Step.operation(of: name) }
}

extension ExecutionPlan.Step {
  /// The part of a kernel's name before its variant.
  static func operation(of kernel: String) -> String { String(kernel.prefix { $0 != "/" }) }
}
