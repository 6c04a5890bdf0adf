import PareTensor

/// X in another element type, `to` (ONNX's number of it).
///
/// Between floating-point types to nearest even; from floating point to integers towards zero, saturating, NaN to 0
/// (ONNX leaves both open); between integers the low bits are kept; to bool whatever is not zero.
///
/// - Source: ONNX Cast. Float16, bfloat16 and the 8-bit floating-point types are not supported.
public enum Cast: Operator {
  public static let name: OperatorName = "Cast"
  public static let inputCount = 1...1
  public static let attributeNames = ["to", "saturate"]

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
    switch try context.input(0).elementType {
    case .float32: try evaluation(context, from: Float.self)
    case .float64: try evaluation(context, from: Double.self)
    case .int8: try evaluation(context, from: Int8.self)
    case .uint8: try evaluation(context, from: UInt8.self)
    case .int16: try evaluation(context, from: Int16.self)
    case .uint16: try evaluation(context, from: UInt16.self)
    case .int32: try evaluation(context, from: Int32.self)
    case .uint32: try evaluation(context, from: UInt32.self)
    case .int64: try evaluation(context, from: Int64.self)
    case .uint64: try evaluation(context, from: UInt64.self)
    case .bool: try evaluation(context, from: Bool.self)
    case let other: throw context.unsupported(other)
    }
  }

  private static func evaluation<From: CastElement>(
    _ context: PreparationContext, from: From.Type
  ) throws -> Evaluation {
    switch context.outputs[0].elementType {
    case .float32: evaluation(context, From.self, Float.self)
    case .float64: evaluation(context, From.self, Double.self)
    case .int8: evaluation(context, From.self, Int8.self)
    case .uint8: evaluation(context, From.self, UInt8.self)
    case .int16: evaluation(context, From.self, Int16.self)
    case .uint16: evaluation(context, From.self, UInt16.self)
    case .int32: evaluation(context, From.self, Int32.self)
    case .uint32: evaluation(context, From.self, UInt32.self)
    case .int64: evaluation(context, From.self, Int64.self)
    case .uint64: evaluation(context, From.self, UInt64.self)
    case .bool: evaluation(context, From.self, Bool.self)
    case let other: throw context.unsupported(other)
    }
  }

  private static func evaluation<From: CastElement, To: CastElement>(
    _ context: PreparationContext, _: From.Type, _: To.Type
  ) -> Evaluation {
    let count = context.outputs[0].shape.elementCount
    return { buffers in
      let x = buffers.input(0, as: From.self)
      let y = buffers.output(as: To.self)
      for index in 0..<count { y[index] = To(x[index].number) }
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

/// A number on its way from one element type to another, without loss.
private enum CastNumber {
  case floating(Double)
  case signed(Int64)
  case unsigned(UInt64)
}

private protocol CastElement: TensorElement {
  var number: CastNumber { get }
  init(_ number: CastNumber)
}

extension CastElement where Self: FloatingPointElement {
  fileprivate var number: CastNumber { .floating(Double(self)) }

  fileprivate init(_ number: CastNumber) {
    switch number {
    case .floating(let value): self = Self(value)
    case .signed(let value): self = Self(value)
    case .unsigned(let value): self = Self(value)
    }
  }
}

extension CastElement where Self: FixedWidthInteger {
  fileprivate var number: CastNumber {
    Self.isSigned ? .signed(Int64(truncatingIfNeeded: self)) : .unsigned(UInt64(truncatingIfNeeded: self))
  }

  fileprivate init(_ number: CastNumber) {
    switch number {
    case .floating(let value):
      // Double(Self.max) rounds up to a power of two for 64 bits, so ≥ is what saturates there.
      if value.isNaN { self = 0 }
      else if value >= Double(Self.max) { self = .max }
      else if value <= Double(Self.min) { self = .min }
      else { self = Self(value) }
    case .signed(let value): self = Self(truncatingIfNeeded: value)
    case .unsigned(let value): self = Self(truncatingIfNeeded: value)
    }
  }
}

extension Float: CastElement {}
extension Double: CastElement {}
extension Int8: CastElement {}
extension UInt8: CastElement {}
extension Int16: CastElement {}
extension UInt16: CastElement {}
extension Int32: CastElement {}
extension UInt32: CastElement {}
extension Int64: CastElement {}
extension UInt64: CastElement {}

extension Bool: CastElement {
  fileprivate var number: CastNumber { .unsigned(self ? 1 : 0) }

  fileprivate init(_ number: CastNumber) {
    switch number {
    case .floating(let value): self = value != 0
    case .signed(let value): self = value != 0
    case .unsigned(let value): self = value != 0
    }
  }
}
