import PareTensor

/// Whether each element is not a number. Source: ONNX IsNaN.
public enum IsNaN: FloatingPointOperator {
  public static let name: OperatorName = "IsNaN"
  public static let inputCount = 1...1

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    [ValueType(.bool, try context.floatingPointInput(0).dimensions)]
  }

  static func scalarType(_ context: PreparationContext) throws -> ElementType { try context.input(0).elementType }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let count = context.outputs[0].shape.elementCount
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let y = buffers.output(as: Bool.self)
      for index in 0..<count { y[index] = x[index].isNaN }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] { context.noGradients }
}

/// Whether each element is infinite: on the sides that `detect_negative` and `detect_positive` (both 1 by default) name.
/// Source: ONNX IsInf.
public enum IsInf: FloatingPointOperator {
  public static let name: OperatorName = "IsInf"
  public static let inputCount = 1...1
  public static let attributeNames = ["detect_negative", "detect_positive"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    for name in attributeNames { _ = try context.node.int(name, default: 1) }
    return [ValueType(.bool, try context.floatingPointInput(0).dimensions)]
  }

  static func scalarType(_ context: PreparationContext) throws -> ElementType { try context.input(0).elementType }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let count = context.outputs[0].shape.elementCount
    let negative = try context.node.int("detect_negative", default: 1) != 0
    let positive = try context.node.int("detect_positive", default: 1) != 0
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let y = buffers.output(as: Bool.self)
      for index in 0..<count { y[index] = x[index].isInfinite && (x[index] < 0 ? negative : positive) }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] { context.noGradients }
}
