import PareTensor

/// x as `uint8` with a scale and a zero point that follow from its range, which always includes 0:
/// `scale = (max(x, 0) − min(x, 0)) / 255`, `zero point = clamp(round(−min / scale), 0, 255)`,
/// `y = clamp(round(x / scale) + zero point, 0, 255)`, half to even.
///
/// Where x is all zero the scale is 1/255. NaN does not count for the range, and becomes the zero point.
///
/// - Outputs: y `uint8` of x's shape, the scale (float32) and the zero point (`uint8`), both scalars.
/// - Source: ONNX DynamicQuantizeLinear, opset 11.
public enum DynamicQuantizeLinear: Operator {
  public static let name: OperatorName = "DynamicQuantizeLinear"
  public static let inputCount = 1...1
  public static let outputCount = 1...3

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.input(0)
    guard x.elementType == .float32 || x.elementType == .float64 else {
      throw GraphError("element-type", node: context.node, expected: "x of float32", found: "\(x)")
    }
    let types = [ValueType(.uint8, x.dimensions), ValueType(x.elementType, []), ValueType(.uint8, [])]
    return Array(types.prefix(context.node.outputs.count))
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    switch try context.input(0).elementType {
    case .float32: try evaluation(context, Float.self)
    case .float64: try evaluation(context, Double.self)
    case let other: throw context.unsupported(other)
    }
  }

  private static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let count = try context.input(0).shape.elementCount
    let outputCount = context.outputs.count
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let y = buffers.output(as: UInt8.self)
      var (low, high): (Scalar, Scalar) = (0, 0)
      for index in 0..<count {
        if x[index] < low { low = x[index] }
        if x[index] > high { high = x[index] }
      }
      let scale = (low == high ? 1 : high - low) / 255
      let zero = clamped((-low / scale).rounded(.toNearestOrEven))
      for index in 0..<count {
        let level = (x[index] / scale).rounded(.toNearestOrEven) + Scalar(zero)
        y[index] = level.isNaN ? zero : clamped(level)
      }
      if outputCount > 1 { buffers.output(1, as: Scalar.self)[0] = scale }
      if outputCount > 2 { buffers.output(2, as: UInt8.self)[0] = zero }
    }
  }

  /// A whole number as UInt8; NaN, which an infinite range gives, as 0.
  @inline(__always)
  private static func clamped<Scalar: FloatingPointElement>(_ level: Scalar) -> UInt8 {
    level.isNaN ? 0 : UInt8(min(max(level, 0), 255))
  }
}
