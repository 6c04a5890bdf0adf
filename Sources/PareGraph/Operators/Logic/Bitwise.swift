import PareTensor

/// An operator whose evaluation is written once for ONNX's integer types.
protocol IntegerOperator: Operator {
  static func evaluation<Element: FixedWidthInteger & TensorElement>(
    _ context: PreparationContext, _: Element.Type
  ) throws -> Evaluation
}

extension IntegerOperator {
  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    switch context.outputs[0].elementType {
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

/// An operator on the bits of two integer operands that broadcast against each other.
protocol BitwiseOperator: IntegerOperator {
  static func combine<Element: FixedWidthInteger>(_ left: Element, _ right: Element) -> Element
}

extension BitwiseOperator {
  public static var inputCount: ClosedRange<Int> { 2...2 }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    [try context.broadcastInputs().requiringIntegers(of: context.node)]
  }

  static func evaluation<Element: FixedWidthInteger & TensorElement>(
    _ context: PreparationContext, _: Element.Type
  ) throws -> Evaluation {
    let loop = try BroadcastLoop(context)
    return { buffers in
      let a = buffers.input(0, as: Element.self)
      let b = buffers.input(1, as: Element.self)
      let y = buffers.output(as: Element.self)
      loop.forEach { y[$0] = combine(a[$1], b[$2]) }
    }
  }
}

/// Source: ONNX BitwiseAnd.
public enum BitwiseAnd: BitwiseOperator {
  public static let name: OperatorName = "BitwiseAnd"
  static func combine<Element: FixedWidthInteger>(_ left: Element, _ right: Element) -> Element { left & right }
}

/// Source: ONNX BitwiseOr.
public enum BitwiseOr: BitwiseOperator {
  public static let name: OperatorName = "BitwiseOr"
  static func combine<Element: FixedWidthInteger>(_ left: Element, _ right: Element) -> Element { left | right }
}

/// Source: ONNX BitwiseXor.
public enum BitwiseXor: BitwiseOperator {
  public static let name: OperatorName = "BitwiseXor"
  static func combine<Element: FixedWidthInteger>(_ left: Element, _ right: Element) -> Element { left ^ right }
}

/// Every bit turned over. Source: ONNX BitwiseNot.
public enum BitwiseNot: IntegerOperator {
  public static let name: OperatorName = "BitwiseNot"
  public static let inputCount = 1...1

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    [try context.input(0).requiringIntegers(of: context.node)]
  }

  static func evaluation<Element: FixedWidthInteger & TensorElement>(
    _ context: PreparationContext, _: Element.Type
  ) throws -> Evaluation {
    let count = context.outputs[0].shape.elementCount
    return { buffers in
      let x = buffers.input(0, as: Element.self)
      let y = buffers.output(as: Element.self)
      for index in 0..<count { y[index] = ~x[index] }
    }
  }
}

/// X moved by Y bits to the LEFT or RIGHT, as `direction` says; bits that fall out are lost. Source: ONNX BitShift.
public enum BitShift: IntegerOperator {
  public static let name: OperatorName = "BitShift"
  public static let inputCount = 2...2
  public static let attributeNames = ["direction"]

  private static func isLeft(_ node: Node) throws -> Bool {
    let direction = try node.string("direction", default: "")
    guard ["LEFT", "RIGHT"].contains(direction) else {
      throw GraphError("attribute", node: node, expected: "direction LEFT or RIGHT", found: "'\(direction)'")
    }
    return direction == "LEFT"
  }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    _ = try isLeft(context.node)
    return [try context.broadcastInputs().requiringIntegers(of: context.node)]
  }

  static func evaluation<Element: FixedWidthInteger & TensorElement>(
    _ context: PreparationContext, _: Element.Type
  ) throws -> Evaluation {
    let loop = try BroadcastLoop(context)
    let isLeft = try isLeft(context.node)
    return { buffers in
      let x = buffers.input(0, as: Element.self)
      let places = buffers.input(1, as: Element.self)
      let y = buffers.output(as: Element.self)
      loop.forEach { y[$0] = isLeft ? x[$1] << places[$2] : x[$1] >> places[$2] }
    }
  }
}

extension ValueType {
  fileprivate func requiringIntegers(of node: Node) throws -> ValueType {
    switch elementType {
    case .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64: return self
    default: throw GraphError("element-type", node: node, expected: "integers", found: "\(self)")
    }
  }
}
