import PareTensor

/// `Y = clamp(round(X · reciprocal) + zero point, 0, 255)`, half to even: how the integer definition quantizes an input.
///
/// One multiplication in X's own precision instead of QuantizeLinear's division, so that every instruction set, the
/// emitted C and the RTL give equal bits. NaN gives the zero point; infinities saturate. Defined to the bit in
/// `docs/integer-arithmetic.md`, §2.
///
/// - Inputs: X; the reciprocal of the scale, a positive scalar of X's type; the zero point, a `uint8` scalar.
public enum QuantizeByReciprocal: Operator {
  public static let name: OperatorName = "pare.QuantizeByReciprocal"
  public static let inputCount = 3...3

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.input(0)
    guard x.elementType.isFloatingPoint, try context.input(1) == ValueType(x.elementType, []),
      try context.input(2) == ValueType(.uint8, [])
    else {
      throw GraphError(
        "element-type", node: context.node, expected: "a floating-point value, a scalar of its type and a uint8 scalar",
        found: context.inputs.map { $0.map(\.description) ?? "none" }.joined(separator: ", "))
    }
    return [ValueType(.uint8, x.dimensions)]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    switch try context.input(0).elementType {
    case .float32: evaluation(context, Float.self)
    case .float64: evaluation(context, Double.self)
    case let other: throw context.unsupported(other)
    }
  }

  private static func evaluation<Scalar: BinaryFloatingPoint & TensorElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) -> Evaluation {
    let count = context.outputs[0].shape.elementCount
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let reciprocal = buffers.input(1, as: Scalar.self)[0]
      let zeroPoint = Int(buffers.input(2, as: UInt8.self)[0])
      let y = buffers.output(as: UInt8.self)
      for index in 0..<count { y[index] = quantize(x[index], reciprocal: reciprocal, zeroPoint: zeroPoint) }
    }
  }

  /// One element.
  static func quantize<Scalar: BinaryFloatingPoint>(_ x: Scalar, reciprocal: Scalar, zeroPoint: Int) -> UInt8 {
    let scaled = x * reciprocal
    guard !scaled.isNaN else { return UInt8(zeroPoint) }
    let clamped = min(max(scaled, Scalar(-zeroPoint)), Scalar(255 - zeroPoint))
    return UInt8(Int(clamped.rounded(.toNearestOrEven)) + zeroPoint)
  }
}
