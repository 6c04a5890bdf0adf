import CPareKernels
import PareGraph

/// A selective scan on integers, as `docs/integer-arithmetic.md`, §17, defines it. Where its last state lies in the place of its first, it
/// goes on there.
struct QuantizedSelectiveScanStep: StepKind {
  private let layer: QuantizedSelectiveScan.Layer

  static let operators: [OperatorName] = [QuantizedSelectiveScan.name]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard node.inputs.prefix(3).allSatisfy({ !graph.isParameter($0) }) else { return nil }
    let layer = try QuantizedSelectiveScan.Layer(graph.preparation(node))
    let size = layer.extents.states * layer.extents.channels
    guard size > 0, size <= Int(PARE_SCAN_BLOCK) else { return nil }
    return PlannedStep(
      QuantizedSelectiveScanStep(layer: layer), nodes: [node], inputs: Array(node.inputs.prefix(3)) + [node.input(8) ?? ""],
      outputs: node.outputs)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel { kernels.passes.step("quantized_scan", pare_step_quantized_scan) }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    let extents = layer.extents
    let entries = layer.decay.indices.map { index in
      UInt32(UInt16(bitPattern: layer.decay[index])) | UInt32(UInt16(bitPattern: layer.drive[index / extents.states])) << 16
    }
    let scan = pare_quantized_scan(
      batch: extents.batch, steps: extents.steps, lanes: extents.lanes, channels: extents.channels, states: extents.states, x: nil,
      b: nil, c: nil, state: nil, x_zero_point: layer.inputZeroPoint, b_zero_point: layer.drivenZeroPoint,
      c_zero_point: layer.outputZeroPoint, table: site.pool.place(entries, paddedTo: entries.count, with: 0), scale: layer.scale,
      skip: site.pool.place(layer.skip, paddedTo: layer.skip.count, with: 0))
    return site.pool.place(
      pare_quantized_scan_step(
        kernels: site.passes.tables.scan, scan: scan, x: site.inputs[0], b: site.inputs[1], c: site.inputs[2], state: site.inputs[3],
        has_state: layer.hasState ? 1 : 0, has_last: layer.hasLast ? 1 : 0, last: layer.hasLast ? site.outputs[1] : 0))
  }
}
