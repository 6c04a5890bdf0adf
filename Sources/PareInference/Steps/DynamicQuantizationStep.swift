import CPareKernels
import PareGraph
import PareTensor

/// DynamicQuantizeLinear: bytes, a scale and a zero point from the range of all elements. Equal to the reference to the bit.
struct DynamicQuantizationStep: StepKind {
  private let count: Int

  static let operators: [OperatorName] = [DynamicQuantizeLinear.name]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard node.outputs.count == 3, node.outputs.allSatisfy({ !$0.isEmpty }), graph.areFloat32([node.inputs[0]]),
      !graph.isParameter(node.inputs[0])
    else { return nil }
    let step = DynamicQuantizationStep(count: graph.shape(node.inputs[0]).elementCount)
    return PlannedStep(step, nodes: [node], inputs: node.inputs, outputs: node.outputs)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    kernels.passes.step("quantize_dynamically", pare_step_quantize_dynamically)
  }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    site.pool.place(
      pare_quantize_dynamically_step(
        kernels: site.passes.tables.dynamic, count: count, scale: site.outputs[1], zero_point: site.outputs[2]))
  }
}

/// DequantizeLinear of what DynamicQuantizeLinear yields, where no layer took it in. Equal to the reference to the bit.
struct DynamicDequantizationStep: StepKind {
  private let count: Int

  static let operators: [OperatorName] = ["DequantizeLinear"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard node.inputs.count == 3, !node.inputs.contains(where: graph.isParameter), graph.areFloat32(node.outputs),
      graph.types[node.inputs[0]]?.elementType == .uint8, graph.shape(node.inputs[1]).elementCount == 1,
      graph.areFloat32([node.inputs[1]])
    else { return nil }
    let step = DynamicDequantizationStep(count: graph.shape(node.inputs[0]).elementCount)
    return PlannedStep(step, nodes: [node], inputs: node.inputs, outputs: node.outputs)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    StepKernel(name: "dequantize_u8/scalar", run: pare_step_dequantize_dynamically)
  }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    site.pool.place(pare_dequantize_dynamically_step(scale: site.inputs[1], zero_point: site.inputs[2], count: count))
  }
}
