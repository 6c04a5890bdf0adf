import CPareKernels
import PareGraph

/// Probabilities to a decision, by two thresholds.
struct DecideStep: StepKind {
  var classes: Int
  var rows: Int
  var short: Float
  var long: Float

  static let operators: [OperatorName] = ["pare.Decide"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    let shape = graph.shape(node.inputs[0])
    guard graph.areFloat32([node.inputs[0]]), shape.rank == 2, shape.elementCount > 0, !graph.isParameter(node.inputs[0]),
      let thresholds = graph.row(node.inputs[1], count: 2)
    else { return nil }
    return PlannedStep(
      DecideStep(classes: shape[1], rows: shape[0], short: thresholds[0], long: thresholds[1]), nodes: [node],
      inputs: [node.inputs[0]], outputs: [node.outputs[0]])
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel { kernels.kernel(pare_operation_decide) }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    site.pool.place(pare_decide(classes: Int32(classes), rows: Int32(rows), short_threshold: short, long_threshold: long))
  }
}
