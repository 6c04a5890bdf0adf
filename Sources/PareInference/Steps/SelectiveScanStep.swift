import CPareKernels
import PareGraph

/// A selective scan, with the passes of training. Where its last state lies in the place of its first, it goes on there.
///
/// Bound: as of `StateSpaceForms` in PareTraining.
struct SelectiveScanStep: StepKind {
  private let extents: ScanExtents
  private let hasD: Bool
  private let hasState: Bool
  private let hasLast: Bool

  static let operators: [OperatorName] = [SelectiveScan.name]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard graph.areFloat32(node.inputs.filter { !$0.isEmpty }), !graph.isParameter(node.inputs[0]) else { return nil }
    let context = graph.preparation(node)
    let step = SelectiveScanStep(
      extents: try ScanExtents(context, first: 0), hasD: context.has(5), hasState: context.has(6),
      hasLast: node.outputs.count > 1 && !node.outputs[1].isEmpty)
    return PlannedStep(
      step, nodes: [node], inputs: (0..<7).map { node.input($0) ?? "" }, outputs: Array(node.outputs.prefix(step.hasLast ? 2 : 1)))
  }

  var scratchByteCount: Int { extents.states * extents.channels * MemoryLayout<Float>.size }

  func kernel(_ kernels: KernelSelection) -> StepKernel { kernels.passes.step("scan", pare_step_scan) }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    site.pool.place(
      pare_scan_step(
        kernels: site.passes.tables.scan, batch: extents.batch, steps: extents.steps, lanes: extents.lanes,
        channels: extents.channels, states: extents.states, x: site.inputs[0], delta: site.inputs[1], a: site.inputs[2],
        b: site.inputs[3], c: site.inputs[4], d: site.inputs[5], state: site.inputs[6], has_d: hasD ? 1 : 0,
        has_state: hasState ? 1 : 0, has_last: hasLast ? 1 : 0, last: hasLast ? site.outputs[1] : 0, scratch: site.scratch))
  }
}
