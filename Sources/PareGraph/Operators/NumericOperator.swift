import PareTensor
import RealModule

/// An element type with arithmetic: ONNX's floating-point types as Float and Double, and its integers, which wrap around
/// as two's complement does.
protocol NumericElement: TensorElement, Comparable {
  static var zero: Self { get }
  static func sum(_ left: Self, _ right: Self) -> Self
  static func difference(_ left: Self, _ right: Self) -> Self
  static func product(_ left: Self, _ right: Self) -> Self
  /// Towards zero for integers, for which a division by 0 gives 0.
  static func quotient(_ left: Self, _ right: Self) -> Self
  /// What is left by a division towards zero, with the sign of `left`; 0 for an integer divisor of 0.
  static func truncatedRemainder(_ left: Self, _ right: Self) -> Self
  /// What is left by a division towards −∞, with the sign of `right`; 0 for an integer divisor of 0.
  static func flooredRemainder(_ left: Self, _ right: Self) -> Self
  /// Integers saturate, NaN becomes 0.
  init(clamping value: Double)
  var double: Double { get }
}

extension NumericElement where Self: FloatingPointElement {
  static func sum(_ left: Self, _ right: Self) -> Self { left + right }
  static func difference(_ left: Self, _ right: Self) -> Self { left - right }
  static func product(_ left: Self, _ right: Self) -> Self { left * right }
  static func quotient(_ left: Self, _ right: Self) -> Self { left / right }
  static func truncatedRemainder(_ left: Self, _ right: Self) -> Self { left.truncatingRemainder(dividingBy: right) }
  static func flooredRemainder(_ left: Self, _ right: Self) -> Self {
    let rest = left.truncatingRemainder(dividingBy: right)
    if rest == 0 { return Self(signOf: right, magnitudeOf: 0) }
    return (rest < 0) != (right < 0) ? rest + right : rest
  }
  init(clamping value: Double) { self = Self(value) }
  var double: Double { Double(self) }
}

extension NumericElement where Self: FixedWidthInteger {
  static func sum(_ left: Self, _ right: Self) -> Self { left &+ right }
  static func difference(_ left: Self, _ right: Self) -> Self { left &- right }
  static func product(_ left: Self, _ right: Self) -> Self { left &* right }
  static func quotient(_ left: Self, _ right: Self) -> Self {
    right == 0 ? 0 : left.dividedReportingOverflow(by: right).partialValue
  }
  static func truncatedRemainder(_ left: Self, _ right: Self) -> Self {
    right == 0 ? 0 : left.remainderReportingOverflow(dividingBy: right).partialValue
  }
  static func flooredRemainder(_ left: Self, _ right: Self) -> Self {
    let rest = truncatedRemainder(left, right)
    return rest != 0 && (rest < 0) != (right < 0) ? rest &+ right : rest
  }
  init(clamping value: Double) {
    // Double(max) rounds up to a power of two for 64 bits, so ≥ is what saturates there.
    if value.isNaN { self = 0 }
    else if value >= Double(Self.max) { self = .max }
    else if value <= Double(Self.min) { self = .min }
    else { self = Self(value) }
  }
  var double: Double { Double(self) }
}

extension Float: NumericElement {}
extension Double: NumericElement {}

/// An integer element type with arithmetic. Integers of four bits are only stored and cast.
protocol IntegerElement: NumericElement, FixedWidthInteger {}

extension Int8: IntegerElement {}
extension UInt8: IntegerElement {}
extension Int16: IntegerElement {}
extension UInt16: IntegerElement {}
extension Int32: IntegerElement {}
extension UInt32: IntegerElement {}
extension Int64: IntegerElement {}
extension UInt64: IntegerElement {}

/// An operator whose evaluation is written once for all types with arithmetic.
protocol NumericOperator: Operator {
  /// The type to compute in; that of the first output unless an operator says otherwise.
  static func scalarType(_ context: PreparationContext) throws -> ElementType

  static func evaluation<Element: NumericElement>(_ context: PreparationContext, _: Element.Type) throws -> Evaluation
}

extension NumericOperator {
  static func scalarType(_ context: PreparationContext) throws -> ElementType { context.outputs[0].elementType }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    switch try scalarType(context) {
    case .float32: try evaluation(context, Float.self)
    case .float64: try evaluation(context, Double.self)
    case .int8: try evaluation(context, Int8.self)
    case .uint8: try evaluation(context, UInt8.self)
    case .int16: try evaluation(context, Int16.self)
    case .uint16: try evaluation(context, UInt16.self)
    case .int32: try evaluation(context, Int32.self)
    case .uint32: try evaluation(context, UInt32.self)
    case .int64: try evaluation(context, Int64.self)
    case .uint64: try evaluation(context, UInt64.self)
    case let other: throw context.unsupported(other)
    }
  }
}

extension InferenceContext {
  /// The type of an input that has to be of numbers, four-bit integers aside.
  func numericInput(_ index: Int) throws -> ValueType {
    let type = try input(index)
    switch type.elementType {
    case .bool, .int4, .uint4:
      throw GraphError("element-type", node: node, expected: "numbers as input \(index)", found: "\(type)")
    default: return type
    }
  }

  /// The extents of all inputs broadcast against each other, which have to be of one element type.
  func broadcastInputs() throws -> ValueType {
    var result = try input(0)
    for index in node.inputs.indices.dropFirst() {
      let next = try input(index)
      guard next.elementType == result.elementType else {
        throw GraphError("element-type", node: node, expected: "one element type", found: "\(result) and \(next)")
      }
      guard let dimensions = ValueType.broadcast(result.dimensions, next.dimensions) else {
        throw GraphError("shape", node: node, expected: "shapes that broadcast", found: "\(result) and \(next)")
      }
      result.dimensions = dimensions
    }
    return result
  }
}
