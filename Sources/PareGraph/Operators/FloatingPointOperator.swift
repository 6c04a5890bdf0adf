import PareTensor
import RealModule

/// An element type that the reference computes in: Float or Double.
protocol FloatingPointElement: NumericElement, Real, BinaryFloatingPoint {}

extension Float: FloatingPointElement {}
extension Double: FloatingPointElement {}

/// An operator whose evaluation is written once for both floating-point types.
protocol FloatingPointOperator: Operator {
  /// The type to compute in; that of the first output unless an operator says otherwise.
  static func scalarType(_ context: PreparationContext) throws -> ElementType

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation
}

extension FloatingPointOperator {
  static func scalarType(_ context: PreparationContext) throws -> ElementType { context.outputs[0].elementType }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    switch try scalarType(context) {
    case .float32: try evaluation(context, Float.self)
    case .float64: try evaluation(context, Double.self)
    case let other: throw context.unsupported(other)
    }
  }
}

extension InferenceContext {
  /// The type of an input that has to be floating point.
  func floatingPointInput(_ index: Int) throws -> ValueType {
    let type = try input(index)
    guard type.elementType.isFloatingPoint else {
      throw GraphError("element-type", node: node, expected: "floating-point input \(index)", found: "\(type)")
    }
    return type
  }

  /// The type of two inputs that have to agree in everything.
  func equalInputs(_ first: Int, _ second: Int) throws -> ValueType {
    let (a, b) = (try floatingPointInput(first), try input(second))
    guard a == b else {
      throw GraphError("shape", node: node, expected: "inputs \(first) and \(second) of one type", found: "\(a) and \(b)")
    }
    return a
  }
}
