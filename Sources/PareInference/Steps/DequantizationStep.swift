import CPareKernels
import PareGraph
import PareTensor

/// DequantizeLinear with one scale, where no layer took it in, of bytes or of `int16`, as a recurrent layer's last state
/// is. Equal to the reference to the bit.
struct DequantizationStep: StepKind {
  private let elementType: ElementType
  private let scale: Float
  private let zeroPoint: Int
  private let count: Int

  static let operators: [OperatorName] = ["DequantizeLinear"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard let type = graph.types[node.inputs[0]], [.uint8, .int8, .int16].contains(type.elementType),
      !graph.isParameter(node.inputs[0]), graph.areFloat32(node.outputs),
      let scale = graph.constant(node.inputs[1]), scale.elementType == .float32, scale.elementCount == 1
    else { return nil }
    var zeroPoint = 0
    if let name = node.input(2) {
      guard let value = graph.constant(name)?.doubles.first else { return nil }
      zeroPoint = Int(value)
    }
    return PlannedStep(
      DequantizationStep(
        elementType: type.elementType, scale: scale.values(as: Float.self)[0], zeroPoint: zeroPoint,
        count: type.shape.elementCount),
      nodes: [node], inputs: [node.inputs[0]], outputs: node.outputs)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    switch elementType {
    case .uint8: StepKernel(name: "dequantize_u8/scalar", run: pare_step_dequantize_u8)
    case .int8: StepKernel(name: "dequantize_s8/scalar", run: pare_step_dequantize_s8)
    default: StepKernel(name: "dequantize_s16/scalar", run: pare_step_dequantize_s16)
    }
  }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    site.pool.place(pare_dequantize_step(scale: scale, zero_point: Int32(zeroPoint), count: count))
  }
}
