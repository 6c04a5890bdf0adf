import PareTensor

/// X in another element type, `to` (ONNX's number of it).
///
/// To floating point to nearest even, rounded once (to half precision from integers beyond 2^53 by way of Float64); from
/// floating point to integers towards zero, saturating, NaN to 0, and to integers of four bits the low ones of that
/// (ONNX leaves all three open); between integers the low bits are kept; to bool whatever is not zero.
///
/// - Source: ONNX Cast. `saturate` and `round_mode` concern floating-point types of 8 bits, which are not supported.
public enum Cast: Operator {
  public static let name: OperatorName = "Cast"
  public static let inputCount = 1...1
  public static let attributeNames = ["to", "saturate", "round_mode"]
  public static let evaluatesHalfPrecision = true

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let number = try context.node.int("to", default: 0)
    guard let target = ElementType(onnxDataType: number) else {
      throw GraphError(
        "attribute", node: context.node, expected: "attribute 'to' to be the number of a known element type",
        found: "\(number)")
    }
    return [ValueType(target, try context.input(0).dimensions)]
  }

  /// Extents stay what they are between integer types.
  public static func inferValues(_ context: InferenceContext, _ outputs: [ValueType]) throws -> [KnownValue?] {
    guard let known = context.known(0), known.tensor == nil, let extents = known.extents,
      [.int32, .int64].contains(outputs[0].elementType)
    else { return try evaluateConstants(context, outputs) }
    return [KnownValue(extents: extents, elementType: outputs[0].elementType, shape: known.shape)]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let count = context.outputs[0].shape.elementCount
    let from = castElement(try context.input(0).elementType)
    let to = castElement(context.outputs[0].elementType)
    return { buffers in
      let (x, y) = (buffers.rawInput(0), buffers.rawOutput(0))
      for index in 0..<count { to.write(from.read(x, index), y, index) }
    }
  }

  private static func castElement(_ type: ElementType) -> any CastElement.Type {
    switch type {
    case .float32: Float.self
    case .float64: Double.self
    case .float16: Float16Element.self
    case .bfloat16: BFloat16Element.self
    case .int4: Int4Element.self
    case .uint4: UInt4Element.self
    case .int8: Int8.self
    case .uint8: UInt8.self
    case .int16: Int16.self
    case .uint16: UInt16.self
    case .int32: Int32.self
    case .uint32: UInt32.self
    case .int64: Int64.self
    case .uint64: UInt64.self
    case .bool: Bool.self
    }
  }

  /// dY in the type of X; nothing flows through a type that is not floating point.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let (from, to) = (
      try context.type(of: context.node.inputs[0]).elementType, try context.type(of: context.node.outputs[0]).elementType
    )
    guard from.isFloatingPoint, to.isFloatingPoint else { return [nil] }
    return [try context.apply(name, [dy], ["to": .int(from.onnxDataType)])]
  }
}
