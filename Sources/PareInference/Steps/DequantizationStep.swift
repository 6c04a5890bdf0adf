import CPareKernels
import PareGraph
import PareTensor

/// DequantizeLinear of bytes with one scale, where no layer took it in: of 256 numbers, the one that each stands for.
/// Equal to the reference to the bit.
struct DequantizationStep: StepKind {
  private let table: [Float]
  private let count: Int

  static let operators: [OperatorName] = ["DequantizeLinear"]

  static func step(at node: Node, in graph: StepGraph) throws -> PlannedStep? {
    guard let type = graph.types[node.inputs[0]], type.elementType == .uint8 || type.elementType == .int8,
      !graph.isParameter(node.inputs[0]), graph.areFloat32(node.outputs),
      let scale = graph.constant(node.inputs[1]), scale.elementType == .float32, scale.elementCount == 1
    else { return nil }
    var zeroPoint = 0
    if let name = node.input(2) {
      guard let value = graph.constant(name)?.doubles.first else { return nil }
      zeroPoint = Int(value)
    }
    let factor = scale.values(as: Float.self)[0]
    let table = (0..<256).map { byte in
      Float((type.elementType == .uint8 ? byte : Int(Int8(truncatingIfNeeded: byte))) - zeroPoint) * factor
    }
    return PlannedStep(
      DequantizationStep(table: table, count: type.shape.elementCount), nodes: [node], inputs: [node.inputs[0]],
      outputs: node.outputs)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel { StepKernel(name: "look_up/scalar", run: pare_step_look_up) }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    site.pool.place(
      pare_look_up_step(table: site.pool.place(table, paddedTo: table.count, with: 0), count: count))
  }
}
