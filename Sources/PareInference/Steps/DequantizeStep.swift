import CPareKernels
import PareGraph
import PareTensor

/// Bytes with one scale to Float32.
struct DequantizeStep: StepKind {
  var count: Int
  var zeroPoint: UInt8
  var scale: Float

  static let operators: [OperatorName] = ["DequantizeLinear"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard let type = graph.types[node.inputs[0]], type.elementType == .uint8, !graph.isParameter(node.inputs[0]),
      graph.types[node.outputs[0]]?.elementType == .float32, let scale = graph.row(node.inputs[1], count: 1)?[0]
    else { return nil }
    var zeroPoint: UInt8 = 0
    if let name = node.input(2) {
      guard let given = graph.constant(name)?.values(as: UInt8.self), given.count == 1 else { return nil }
      zeroPoint = given[0]
    }
    return PlannedStep(
      DequantizeStep(count: type.shape.elementCount, zeroPoint: zeroPoint, scale: scale), nodes: [node],
      inputs: [node.inputs[0]], outputs: [node.outputs[0]])
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    StepKernel(name: "dequantize_u8_f32", run: pare_dequantize_u8_f32)
  }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    site.pool.place(pare_dequantize_u8(count: Int32(count), zero_point: Int32(zeroPoint), scale: scale))
  }
}
