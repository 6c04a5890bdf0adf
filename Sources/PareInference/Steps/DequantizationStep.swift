import CPareKernels
import PareGraph
import PareTensor

/// DequantizeLinear with one scale, where no layer took it in: of a byte, of 256 numbers the one that it stands for; of an
/// `int16`, as a recurrent layer's last state is, a difference and a product. Equal to the reference to the bit.
struct DequantizationStep: StepKind {
  private enum Form {
    case table([Float])
    case product(scale: Float, zeroPoint: Int)
  }

  private let form: Form
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
    let factor = scale.values(as: Float.self)[0]
    let form =
      type.elementType == .int16
      ? Form.product(scale: factor, zeroPoint: zeroPoint)
      : .table(
        (0..<256).map { byte in
          Float((type.elementType == .uint8 ? byte : Int(Int8(truncatingIfNeeded: byte))) - zeroPoint) * factor
        })
    return PlannedStep(
      DequantizationStep(form: form, count: type.shape.elementCount), nodes: [node], inputs: [node.inputs[0]],
      outputs: node.outputs)
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    switch form {
    case .table: StepKernel(name: "look_up/scalar", run: pare_step_look_up)
    case .product: StepKernel(name: "dequantize_s16/scalar", run: pare_step_dequantize_s16)
    }
  }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    switch form {
    case .table(let table):
      site.pool.place(
        pare_look_up_step(table: site.pool.place(table, paddedTo: table.count, with: 0), count: count))
    case .product(let scale, let zeroPoint):
      site.pool.place(pare_dequantize_s16_step(scale: scale, zero_point: Int32(zeroPoint), count: count))
    }
  }
}
