import CPareKernels
import PareGraph

/// Whether one of `count` features is NaN. Put before all others by the plan.
struct FindNaNStep: StepKind {
  var count: Int

  static let operators: [OperatorName] = []
  static func step(at node: Node, in graph: StepGraph) -> PlannedStep? { nil }

  func kernel(_ kernels: KernelSelection) -> StepKernel { kernels.kernel(pare_operation_find_nan) }

  func pack(at site: StepSite) -> UnsafeRawPointer? { site.pool.place(pare_find_nan(count: Int32(count))) }
}
