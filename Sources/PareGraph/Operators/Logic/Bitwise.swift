import PareTensor

/// An operator on the bits of two integer operands that broadcast against each other.
protocol BitwiseOperator: IntegerOperator {
  static func combine<Element: FixedWidthInteger>(_ left: Element, _ right: Element) -> Element
}

extension BitwiseOperator {
  public static var inputCount: ClosedRange<Int> { 2...2 }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    _ = try context.integerInput(0)
    return [try context.broadcastInputs()]
  }

  static func integerEvaluation<Element: IntegerElement>(
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
    [try context.integerInput(0)]
  }

  static func integerEvaluation<Element: IntegerElement>(
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

/// X moved by Y bits to the LEFT or RIGHT, as `direction` says; bits that fall out are lost, and a negative X keeps its
/// sign on the way right. Moved by a negative number of bits, or by all of them, only the sign is left: −1 for a
/// negative X on the way right, otherwise 0.
///
/// - Source: ONNX BitShift.
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
    _ = try context.integerInput(0)
    return [try context.broadcastInputs()]
  }

  static func integerEvaluation<Element: IntegerElement>(
    _ context: PreparationContext, _: Element.Type
  ) throws -> Evaluation {
    let loop = try BroadcastLoop(context)
    let isLeft = try isLeft(context.node)
    return { buffers in
      let x = buffers.input(0, as: Element.self)
      let places = buffers.input(1, as: Element.self)
      let y = buffers.output(as: Element.self)
      loop.forEach {
        // A shift by the whole width leaves the sign alone, whichever way the language goes for a negative number.
        let count = places[$2] < 0 || places[$2] >= Element.bitWidth ? Element.bitWidth : Int(places[$2])
        y[$0] = isLeft ? x[$1] << count : x[$1] >> count
      }
    }
  }
}
