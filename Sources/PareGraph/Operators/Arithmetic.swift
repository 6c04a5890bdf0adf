import PareTensor

/// An operator on two operands that broadcast against each other, element by element.
protocol BroadcastOperator: Operator {
  static func combine<Scalar: BinaryFloatingPoint>(_ left: Scalar, _ right: Scalar) -> Scalar
}

extension BroadcastOperator {
  public static var inputCount: ClosedRange<Int> { 2...2 }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (a, b) = (try context.input(0), try context.input(1))
    guard a.elementType == b.elementType else {
      throw GraphError("element-type", node: context.node, expected: "one element type", found: "\(a) and \(b)")
    }
    guard let dimensions = ValueType.broadcast(a.dimensions, b.dimensions) else {
      throw GraphError("shape", node: context.node, expected: "shapes that broadcast", found: "\(a) and \(b)")
    }
    return [ValueType(a.elementType, dimensions)]
  }

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
    let loop = BroadcastLoop(
      left: try context.input(0).shape, right: try context.input(1).shape, result: context.outputs[0].shape)
    return { buffers in
      let a = buffers.input(0, as: Scalar.self)
      let b = buffers.input(1, as: Scalar.self)
      let y = buffers.output(as: Scalar.self)
      loop.forEach { y[$0] = combine(a[$1], b[$2]) }
    }
  }
}

/// `C = A + B` with broadcasting. Source: ONNX Add.
public enum Add: BroadcastOperator {
  public static let name: OperatorName = "Add"

  static func combine<Scalar: BinaryFloatingPoint>(_ left: Scalar, _ right: Scalar) -> Scalar { left + right }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return [nil, nil] }
    return try (0..<2).map { index in
      context.isWanted(index) ? try Broadcasting.reduceGradient(dy, to: context.node.inputs[index], in: &context) : nil
    }
  }
}
