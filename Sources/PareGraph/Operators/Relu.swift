import PareTensor

/// An operator that maps each element by itself.
protocol ElementwiseOperator: Operator {
  /// Reads the attributes once and gives the map.
  static func map<Scalar: BinaryFloatingPoint>(_ node: Node, _: Scalar.Type) throws -> @Sendable (Scalar) -> Scalar
}

extension ElementwiseOperator {
  public static var inputCount: ClosedRange<Int> { 1...1 }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] { [try context.input(0)] }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    switch context.outputs[0].elementType {
    case .float32: try evaluation(context, Float.self)
    case .float64: try evaluation(context, Double.self)
    case let other: throw context.unsupported(other)
    }
  }

  private static func evaluation<Scalar: BinaryFloatingPoint & TensorElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let count = context.outputs[0].shape.elementCount
    let map = try map(context.node, Scalar.self)
    return { buffers in
      let x = buffers.input(0, as: Scalar.self)
      let y = buffers.output(as: Scalar.self)
      for index in 0..<count { y[index] = map(x[index]) }
    }
  }
}

/// `Y = max(X, 0)`. Source: ONNX Relu.
public enum Relu: ElementwiseOperator {
  public static let name: OperatorName = "Relu"

  static func map<Scalar: BinaryFloatingPoint>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { $0 > 0 ? $0 : 0 }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return [nil] }
    return [try context.apply(ReluGradient.name, [dy, context.node.outputs[0]])]
  }
}

/// `dX = dY` where `Y > 0`, else 0. Inputs: dY and the output Y of Relu.
public enum ReluGradient: BroadcastOperator {
  public static let name: OperatorName = "pare.ReluGradient"

  static func combine<Scalar: BinaryFloatingPoint>(_ left: Scalar, _ right: Scalar) -> Scalar { right > 0 ? left : 0 }
}
