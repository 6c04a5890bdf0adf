import CPareKernels
import PareGraph

/// For each row of `count` features, whether one is NaN. Put before all others by the plan.
struct FindNaNStep: StepKind {
  var count: Int
  var rows: Int

  static let operators: [OperatorName] = []
  static func step(at node: Node, in graph: StepGraph) -> PlannedStep? { nil }

  func extent(_ kernels: KernelSelection) -> StepExtent? { .elements(count * rows) }

  func kernel(_ kernels: KernelSelection) -> StepKernel { kernels.kernel(pare_operation_find_nan) }

  func pack(at site: StepSite) -> UnsafeRawPointer? { site.pool.place(pare_find_nan(count: Int32(count), rows: Int32(rows))) }
}
