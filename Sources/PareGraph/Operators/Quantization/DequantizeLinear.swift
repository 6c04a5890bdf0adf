import PareTensor

/// `y = (x − zero point) · scale`.
///
/// - Inputs: x of int4, uint4, int8, uint8, int16, uint16 or int32; scale, a scalar, one per slice along `axis` or one per
///   block of `block_size` along it; optionally the zero point, of x's type and the scale's shape.
/// - Output: of the type `output_dtype`, by default the scale's. Half precision is multiplied in Float32 and rounded once.
/// - Source: ONNX DequantizeLinear, opset 25, without the types of 8 bits and fewer that are floating point, and int2.
public enum DequantizeLinear: FloatingPointOperator {
  public static let name: OperatorName = "DequantizeLinear"
  public static let isFoldable = false
  public static let inputCount = 2...3
  public static let attributeNames = ["axis", "block_size", "output_dtype"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.input(0)
    guard QuantizationSlices.types.contains(x.elementType) || x.elementType == .int32 else {
      throw GraphError(
        "element-type", node: context.node, expected: "int4, uint4, int8, uint8, int16, uint16 or int32", found: "\(x)")
    }
    try QuantizationSlices.check(context, of: x, scale: 1, zeroPoint: 2, quantized: x.elementType)
    let number = try context.node.int("output_dtype", default: 0)
    let asked = number == 0 ? try context.input(1).elementType : ElementType(onnxDataType: number)
    guard let asked, asked.isFloatingPoint else {
      throw GraphError(
        "attribute", node: context.node, expected: "output_dtype to be a floating-point type", found: "\(number)")
    }
    return [ValueType(asked, x.dimensions)]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    // The scale may be of the other floating-point type.
    switch try context.input(1).elementType {
    case .float32: try evaluation(context, Scalar.self, Float.self)
    case .float64: try evaluation(context, Scalar.self, Double.self)
    case let other: throw context.unsupported(other)
    }
  }

  private static func evaluation<Scalar: FloatingPointElement, Scale: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type, _: Scale.Type
  ) throws -> Evaluation {
    switch try context.input(0).elementType {
    case .int8, .int4: try evaluation(context, Scalar.self, Scale.self, Int8.self)
    case .uint8, .uint4: try evaluation(context, Scalar.self, Scale.self, UInt8.self)
    case .int16: try evaluation(context, Scalar.self, Scale.self, Int16.self)
    case .uint16: try evaluation(context, Scalar.self, Scale.self, UInt16.self)
    case .int32: try evaluation(context, Scalar.self, Scale.self, Int32.self)
    case let other: throw context.unsupported(other)
    }
  }

  private static func evaluation<
    Scalar: FloatingPointElement, Scale: FloatingPointElement, Quantized: FixedWidthInteger & TensorElement
  >(
    _ context: PreparationContext, _: Scalar.Type, _: Scale.Type, _: Quantized.Type
  ) throws -> Evaluation {
    let slices = try QuantizationSlices(context, of: 0, scale: 1)
    let hasZeroPoint = context.has(2)
    return { buffers in
      let x = buffers.input(0, as: Quantized.self)
      let scale = buffers.input(1, as: Scale.self)
      let zeroPoint = hasZeroPoint ? buffers.input(2, as: Quantized.self) : nil
      let y = buffers.output(as: Scalar.self)
      slices.forEach { channel, elements in
        let zero = Int64(zeroPoint?[channel] ?? 0)
        let factor = Scalar(scale[channel])
        for index in elements { y[index] = Scalar(Int64(x[index]) - zero) * factor }
      }
    }
  }

  /// dY as it is: the gradient by the quantized input is kept in units of y, since the pair is differentiated as one.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    context.onlyByFirst(context.outputGradient)
  }
}
