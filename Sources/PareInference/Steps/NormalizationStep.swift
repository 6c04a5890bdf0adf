import CPareKernels
import PareGraph
import PareTensor

/// `clip((x − offset) · scale, low, high)`, element by element, quantized after it or not. Offset and scale may be
/// broadcast over the rows of a window.
struct NormalizationStep: StepKind {
  var offset: [Float]
  var scale: [Float]
  var low: Float = -.infinity
  var high: Float = .infinity
  var quantization: Quantization?

  struct Quantization: Sendable {
    var reciprocal: Float
    var zeroPoint: UInt8
  }

  /// Sub, Mul, Clip and quantization, each there or not, in this order.
  static let operators: [OperatorName] = ["Sub", "Mul", "Clip", QuantizeByReciprocal.name]

  static func step(at first: Node, in graph: StepGraph) throws -> PlannedStep? {
    var value = first.inputs[0]
    guard let type = graph.types[value], type.elementType == .float32, !graph.isParameter(value),
      type.shape.elementCount <= 1 << 16
    else { return nil }
    let count = type.shape.elementCount
    var step = NormalizationStep(
      offset: [Float](repeating: 0, count: count), scale: [Float](repeating: 1, count: count))
    var nodes: [Node] = []
    var stage = 0
    var next: Node? = first
    while let node = next, node.inputs[0] == value, let position = operators[stage...].firstIndex(of: node.operatorName),
      graph.types[node.outputs[0]]?.shape == type.shape, step.absorb(node, position, type.shape, graph)
    {
      nodes.append(node)
      value = node.outputs[0]
      stage = position + 1
      next = stage < operators.count ? graph.soleConsumer(of: value) : nil
    }
    // One pass over many rows by itself is not worth constants as large as they are.
    guard !nodes.isEmpty, graph.isRow(first.inputs[0]) || nodes.count > 1 || step.quantization != nil else { return nil }
    return PlannedStep(step, nodes: nodes, inputs: [first.inputs[0]], outputs: [value])
  }

  private mutating func absorb(_ node: Node, _ position: Int, _ shape: Shape, _ graph: StepGraph) -> Bool {
    switch position {
    case 0:
      guard let offset = graph.repeated(node.inputs[1], over: shape) else { return false }
      self.offset = offset
    case 1:
      guard let scale = graph.repeated(node.inputs[1], over: shape) else { return false }
      self.scale = scale
    case 2:
      guard let low = graph.scalar(node.input(1), default: -.infinity),
        let high = graph.scalar(node.input(2), default: .infinity)
      else { return false }
      (self.low, self.high) = (low, high)
    default:
      guard let reciprocal = graph.row(node.inputs[1], count: 1)?[0],
        let zeroPoint = graph.constant(node.inputs[2])?.values(as: UInt8.self)[0]
      else { return false }
      quantization = Quantization(reciprocal: reciprocal, zeroPoint: zeroPoint)
    }
    return true
  }

  func kernel(_ kernels: KernelSelection) -> StepKernel {
    kernels.kernel(quantization == nil ? pare_operation_normalize_f32 : pare_operation_quantize_f32_u8)
  }

  func pack(at site: StepSite) -> UnsafeRawPointer? {
    let padded = Tiles.padded(offset.count)
    return site.pool.place(
      pare_normalize(
        count: Int32(offset.count), offset: site.pool.place(offset, paddedTo: padded, with: 0),
        scale: site.pool.place(scale, paddedTo: padded, with: 0), low: low, high: high,
        reciprocal: quantization?.reciprocal ?? 1, zero_point: Int32(quantization?.zeroPoint ?? 0)))
  }
}

/// Kernels compute whole tiles of outputs.
enum Tiles {
  static let width = Int(PARE_TILE)
  static func count(_ elements: Int) -> Int { (elements + width - 1) / width }
  static func padded(_ elements: Int) -> Int { count(elements) * width }
}
