import CPareKernels
import PareGraph

/// Softmax of one row, with the C library's exponential.
struct SoftmaxStep: StepKind {
  var count: Int

  static let operators: [OperatorName] = ["Softmax"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard let type = graph.types[node.inputs[0]], type.elementType == .float32, let extent = type.shape.dimensions.last,
      extent == type.shape.elementCount, [-1, type.shape.rank - 1].contains(try node.int("axis", default: -1)),
      !graph.isParameter(node.inputs[0])
    else { return nil }
    return PlannedStep(
      SoftmaxStep(count: extent), nodes: [node], inputs: [node.inputs[0]], outputs: [node.outputs[0]])
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel { kernels.kernel(pare_operation_softmax_f32) }

  func pack(at site: StepSite) -> UnsafeRawPointer? { site.pool.place(pare_softmax_f32(count: Int32(count))) }
}
