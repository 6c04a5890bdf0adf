import PareTensor

/// X where the condition holds, Y elsewhere; all three broadcast. Of any element type. Source: ONNX Where.
public enum Where: Operator {
  public static let name: OperatorName = "Where"
  public static let inputCount = 3...3
  public static let evaluatesHalfPrecision = true

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (condition, x, y) = (try context.input(0), try context.input(1), try context.input(2))
    guard condition.elementType == .bool, x.elementType == y.elementType else {
      throw GraphError(
        "element-type", node: context.node, expected: "a condition of bool and two operands of one type",
        found: "\(condition), \(x) and \(y)")
    }
    guard let both = ValueType.broadcast(x.dimensions, y.dimensions),
      let dimensions = ValueType.broadcast(condition.dimensions, both)
    else {
      throw GraphError("shape", node: context.node, expected: "shapes that broadcast", found: "\(condition), \(x) and \(y)")
    }
    return [ValueType(x.elementType, dimensions)]
  }

  /// Extents chosen by a known condition, as exporters write shapes for Expand.
  public static func inferValues(_ context: InferenceContext, _ outputs: [ValueType]) throws -> [KnownValue?] {
    guard let condition = context.constant(0), let x = context.known(1)?.extents, let y = context.known(2)?.extents,
      let shape = outputs[0].shape(binding: [:]), context.constant(1) == nil || context.constant(2) == nil
    else { return try evaluateConstants(context, outputs) }
    let holds = condition.values(as: Bool.self)
    let count = shape.elementCount
    guard [holds.count, x.count, y.count].allSatisfy({ $0 == count || $0 == 1 }) else { return [nil] }
    let chosen = (0..<count).map { index in
      holds[holds.count == 1 ? 0 : index] ? x[x.count == 1 ? 0 : index] : y[y.count == 1 ? 0 : index]
    }
    return [KnownValue(extents: chosen, elementType: outputs[0].elementType, shape: shape)]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let shape = context.outputs[0].shape
    let size = context.outputs[0].elementType.byteCount
    func strides(_ index: Int) throws -> [Int] { Broadcasting.strides(of: try context.input(index).shape, to: shape) }
    // The condition is spread out once a run, then each operand is walked by itself.
    let conditions = StridedLoop(shape, strides: try strides(0))
    let operands = BroadcastLoop(shape, left: try strides(1), right: try strides(2))
    let isWhole = try context.input(0).shape == shape
    let spread = isWhole ? nil : Scratch(count: shape.elementCount)
    return { buffers in
      var condition = buffers.input(0, as: Bool.self)
      if let spread {
        let memory = spread.memory
        conditions.forEach { memory[$0] = condition[$1] }
        condition = UnsafePointer(memory)
      }
      let (x, y, z) = (buffers.rawInput(1), buffers.rawInput(2), buffers.rawOutput(0))
      operands.forEach { position, left, right in
        let from = condition[position] ? x + left * size : y + right * size
        (z + position * size).copyMemory(from: from, byteCount: size)
      }
    }
  }

  /// Room for a condition under the shape of the result.
  private final class Scratch: @unchecked Sendable {  // An evaluation is for one thread at a time.
    let memory: UnsafeMutablePointer<Bool>

    init(count: Int) {
      memory = .allocate(capacity: max(count, 1))
      memory.initialize(repeating: false, count: max(count, 1))
    }

    deinit { memory.deallocate() }
  }

  /// dX = dZ where the condition holds, dY = dZ where it does not, each summed to its operand's shape.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dz = context.outputGradient else { return context.noGradients }
    let inputs = context.node.inputs
    guard try context.type(of: dz).elementType.isFloatingPoint else { return context.noGradients }
    let zero = try Broadcasting.number(0, like: dz, in: &context)
    return try [
      nil,
      context.ifWanted(1) { try Broadcasting.reduceGradient($0.apply(name, [inputs[0], dz, zero]), to: inputs[1], in: &$0) },
      context.ifWanted(2) { try Broadcasting.reduceGradient($0.apply(name, [inputs[0], zero, dz]), to: inputs[2], in: &$0) },
    ]
  }
}
