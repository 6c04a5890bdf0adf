import PareTensor

/// `y = saturate(round(x / scale) + zero point)`, rounding half to even; NaN becomes the zero point (ONNX leaves it
/// open).
///
/// The quotient is taken, and rounded, in the type of the scale, or in the one that `precision` names; in Float64 where
/// the whole graph is evaluated so.
///
/// - Inputs: x, floating point or int32; scale, a scalar, one per slice along `axis` or one per block of `block_size`
///   along it; optionally the zero point, of the scale's shape, which gives the type of y. Without one, y is of
///   `output_dtype`, uint8 by default.
/// - Element types of y: int4, uint4, int8, uint8, int16, uint16. `saturate` concerns floating-point y alone.
/// - Source: ONNX QuantizeLinear, opset 25, without y of floating point and int2, and without a scale of int32.
public enum QuantizeLinear: Operator {
  public static let name: OperatorName = "QuantizeLinear"
  public static let isFoldable = false
  public static let inputCount = 2...3
  public static let attributeNames = ["axis", "saturate", "block_size", "output_dtype", "precision"]
  public static let evaluatesHalfPrecision = true

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.input(0)
    guard x.elementType.isFloatingPoint || x.elementType == .int32 else {
      throw GraphError("element-type", node: context.node, expected: "x of floating point or int32", found: "\(x)")
    }
    let type = try outputType(context)
    try QuantizationSlices.check(context, of: x, scale: 1, zeroPoint: 2, quantized: type)
    _ = try precision(context.node)
    return [ValueType(type, x.dimensions)]
  }

  private static func outputType(_ context: InferenceContext) throws -> ElementType {
    let number = try context.node.int("output_dtype", default: 0)
    let given = context.has(2) ? try context.input(2).elementType : nil
    let asked = number == 0 ? given ?? .uint8 : ElementType(onnxDataType: number)
    guard let asked, QuantizationSlices.types.contains(asked), asked == given ?? asked else {
      throw GraphError(
        "element-type", node: context.node,
        expected: "an output of \(QuantizationSlices.typeNames), as the zero point is",
        found: given.map(\.rawValue) ?? "output_dtype \(number)")
    }
    return asked
  }

  /// The type that the attribute asks the quotient to be taken in.
  private static func precision(_ node: Node) throws -> ElementType? {
    let number = try node.int("precision", default: 0)
    guard number != 0 else { return nil }
    guard let type = ElementType(onnxDataType: number), type.isFloatingPoint else {
      throw GraphError("attribute", node: node, expected: "precision to be a floating-point type", found: "\(number)")
    }
    return type
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let scaleType = try context.input(1).elementType
    switch scaleType == .float64 ? .float64 : try precision(context.node) ?? scaleType {
    case .float64: return try evaluation(context, Double.self)
    case .float32: return try evaluation(context, Float.self)
    case let half where half.isHalfPrecision:
      return try evaluation(context, Float.self) { half.float(ofBits: half.bits(of: $0)) }
    case let other: throw context.unsupported(other)
    }
  }

  private static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type, rounding: (@Sendable (Scalar) -> Scalar)? = nil
  ) throws -> Evaluation {
    guard let range = context.outputs[0].elementType.integerRange else {
      throw context.unsupported(context.outputs[0].elementType)
    }
    switch context.outputs[0].elementType {
    case .int8, .int4: return try evaluation(context, Scalar.self, Int8.self, range, rounding)
    case .uint8, .uint4: return try evaluation(context, Scalar.self, UInt8.self, range, rounding)
    case .int16: return try evaluation(context, Scalar.self, Int16.self, range, rounding)
    case .uint16: return try evaluation(context, Scalar.self, UInt16.self, range, rounding)
    case let other: throw context.unsupported(other)
    }
  }

  private static func evaluation<Scalar: FloatingPointElement, Quantized: FixedWidthInteger & TensorElement>(
    _ context: PreparationContext, _: Scalar.Type, _: Quantized.Type, _ range: ClosedRange<Int64>,
    _ givenRounding: (@Sendable (Scalar) -> Scalar)?
  ) throws -> Evaluation {
    let slices = try QuantizationSlices(context, of: 0, scale: 1)
    let hasZeroPoint = context.has(2)
    let (lowest, highest) = (Scalar(range.lowerBound), Scalar(range.upperBound))
    let readX = try NumberReader<Scalar>(context, 0)
    let readScale = try NumberReader<Scalar>(context, 1)
    @inline(__always)
    @Sendable func saturated(_ quotient: Scalar, _ zero: Quantized) -> Quantized {
      let level = quotient.rounded(.toNearestOrEven) + Scalar(zero)
      return level.isNaN ? zero : Quantized(min(max(level, lowest), highest))
    }
    let rounding: @Sendable (Scalar) -> Scalar = givenRounding ?? { $0 }
    let isPlain = try givenRounding == nil && context.input(0).elementType == Scalar.elementType
    return { buffers in
      let (anyX, scale) = (buffers.rawInput(0), buffers.rawInput(1))
      let zeroPoint = hasZeroPoint ? buffers.input(2, as: Quantized.self) : nil
      let y = buffers.output(as: Quantized.self)
      slices.forEach { channel, elements in
        let zero = zeroPoint?[channel] ?? 0
        let divisor = rounding(readScale.number(scale, channel))
        if isPlain {
          let x = anyX.assumingMemoryBound(to: Scalar.self)
          for index in elements { y[index] = saturated(x[index] / divisor, zero) }
        } else {
          for index in elements { y[index] = saturated(rounding(rounding(readX.number(anyX, index)) / divisor), zero) }
        }
      }
    }
  }

  /// Straight through: dY, which is in units of x, where x was within range; 0 where it saturated.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let node = context.node
    let x = try context.type(of: node.inputs[0])
    guard x.elementType.isFloatingPoint else { return context.noGradients }
    // Where DequantizeLinear yields another type than x's, so is dY.
    let gradient =
      try context.type(of: dy).elementType == x.elementType
      ? dy : try context.apply(Cast.name, [dy], ["to": .int(x.elementType.onnxDataType)])
    let type = try context.type(of: node.outputs[0]).elementType
    let attributes = [
      "axis": Attribute.int(try node.int("axis", default: 1)), "output_dtype": .int(type.onnxDataType),
      "block_size": .int(try node.int("block_size", default: 0)),
    ]
    let dx = try context.apply(QuantizeLinearGradient.name, [gradient] + node.inputs, attributes)
    return context.onlyByFirst(dx)
  }
}

/// Reads one element of a floating-point or int32 operand, half precision included, as Float or Double.
struct NumberReader<Scalar: FloatingPointElement>: Sendable {
  private let type: ElementType

  init(_ context: PreparationContext, _ index: Int) throws {
    type = try context.input(index).elementType
    guard type.isFloatingPoint || type == .int32 else { throw context.unsupported(type) }
  }

  @inline(__always)
  func number(_ pointer: UnsafeRawPointer, _ index: Int) -> Scalar {
    switch type {
    case .float32: Scalar(pointer.assumingMemoryBound(to: Float.self)[index])
    case .float64: Scalar(pointer.assumingMemoryBound(to: Double.self)[index])
    case .float16: Scalar(Float16Bits.toFloat(pointer.assumingMemoryBound(to: UInt16.self)[index]))
    case .bfloat16: Scalar(BFloat16Bits.toFloat(pointer.assumingMemoryBound(to: UInt16.self)[index]))
    default: Scalar(pointer.assumingMemoryBound(to: Int32.self)[index])
    }
  }
}
