import PareTensor

/// An operator on two operands of truth values that broadcast against each other.
protocol LogicalOperator: Operator {
  static func combine(_ left: Bool, _ right: Bool) -> Bool
}

extension LogicalOperator {
  public static var inputCount: ClosedRange<Int> { 2...2 }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let type = try context.broadcastInputs()
    guard type.elementType == .bool else {
      throw GraphError("element-type", node: context.node, expected: "bool", found: "\(type)")
    }
    return [type]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let loop = try BroadcastLoop(context)
    return { buffers in
      let a = buffers.input(0, as: Bool.self)
      let b = buffers.input(1, as: Bool.self)
      let y = buffers.output(as: Bool.self)
      loop.forEach { y[$0] = combine(a[$1], b[$2]) }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] { context.noGradients }
}

/// Both. Source: ONNX And.
public enum And: LogicalOperator {
  public static let name: OperatorName = "And"
  static func combine(_ left: Bool, _ right: Bool) -> Bool { left && right }
}

/// One or both. Source: ONNX Or.
public enum Or: LogicalOperator {
  public static let name: OperatorName = "Or"
  static func combine(_ left: Bool, _ right: Bool) -> Bool { left || right }
}

/// One and not the other. Source: ONNX Xor.
public enum Xor: LogicalOperator {
  public static let name: OperatorName = "Xor"
  static func combine(_ left: Bool, _ right: Bool) -> Bool { left != right }
}

/// The opposite. Source: ONNX Not.
public enum Not: Operator {
  public static let name: OperatorName = "Not"
  public static let inputCount = 1...1

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let type = try context.input(0)
    guard type.elementType == .bool else {
      throw GraphError("element-type", node: context.node, expected: "bool", found: "\(type)")
    }
    return [type]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    let count = context.outputs[0].shape.elementCount
    return { buffers in
      let x = buffers.input(0, as: Bool.self)
      let y = buffers.output(as: Bool.self)
      for index in 0..<count { y[index] = !x[index] }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] { context.noGradients }
}
