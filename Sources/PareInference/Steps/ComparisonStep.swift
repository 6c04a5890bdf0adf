import CPareKernels
import PareGraph

/// Whether one number is above or below another, broadcast, as bytes of 0 and 1; equal to the reference.
struct ComparisonStep: StepKind {
  private let relation: pare_relation
  private let axes: BroadcastAxes

  private static let relations: [OperatorName: pare_relation] = [
    "Greater": pare_relation_greater, "GreaterOrEqual": pare_relation_greater_or_equal, "Less": pare_relation_less,
    "LessOrEqual": pare_relation_less_or_equal,
  ]

  static let operators: [OperatorName] = ["Greater", "GreaterOrEqual", "Less", "LessOrEqual"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard node.inputs.count == 2, graph.areFloat32(node.inputs), let relation = relations[node.operatorName],
      let axes = BroadcastAxes(node.inputs.map(graph.shape), result: graph.shape(node.outputs[0]))
    else { return nil }
    return PlannedStep(
      ComparisonStep(relation: relation, axes: axes), nodes: [node], inputs: node.inputs, outputs: node.outputs)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel { StepKernel(name: "compare/scalar", run: pare_step_compare) }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    site.pool.place(
      pare_compare_step(
        relation: relation, a: site.inputs[0], b: site.inputs[1], a_walk: axes.walk(0), b_walk: axes.walk(1),
        outer0: axes.extents[0], outer1: axes.extents[1], outer2: axes.extents[2], rows: axes.extents[3],
        columns: axes.extents[4]))
  }
}
