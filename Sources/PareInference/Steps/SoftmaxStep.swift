import CPareKernels
import PareGraph

/// Softmax of rows as long as a decision has classes, with the C library's exponential, as the reference has it.
struct SoftmaxStep: StepKind {
  private let count: Int
  private let rows: Int

  /// Longer rows are worth a polynomial: `SoftmaxRowsStep`.
  private static let longest = 16

  static let operators: [OperatorName] = ["Softmax"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard graph.areFloat32(node.inputs + node.outputs), !graph.isParameter(node.inputs[0]),
      graph.shape(node.inputs[0]).rank == 2,
      let (rows, count, inner) = graph.split(node.inputs[0], axis: try node.int("axis", default: -1)), inner == 1,
      count <= longest
    else { return nil }
    return PlannedStep(SoftmaxStep(count: count, rows: rows), nodes: [node], inputs: node.inputs, outputs: node.outputs)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel { kernels.kernel(pare_operation_softmax_f32) }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    site.pool.place(pare_softmax_f32(count: Int32(count), rows: Int32(rows)))
  }
}
