import PareTensor

/// An operator that compares two operands of one type that broadcast against each other, to bool.
protocol ComparisonOperator: NumericOperator {
  /// For which of the ways in which two operands compare it holds.
  static var relations: Set<ExtentOrder.Relation> { get }
  static func holds<Element: Comparable>(_ left: Element, _ right: Element) -> Bool
}

extension ComparisonOperator {
  public static var inputCount: ClosedRange<Int> { 2...2 }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    _ = try context.numericInput(0)
    return [ValueType(.bool, try context.broadcastInputs().dimensions)]
  }

  static func scalarType(_ context: PreparationContext) throws -> ElementType { try context.input(0).elementType }

  static func evaluation<Element: NumericElement>(_ context: PreparationContext, _: Element.Type) throws -> Evaluation {
    let loop = try BroadcastLoop(context)
    return { buffers in
      let a = buffers.input(0, as: Element.self)
      let b = buffers.input(1, as: Element.self)
      let y = buffers.output(as: Bool.self)
      loop.forEach { y[$0] = holds(a[$1], b[$2]) }
    }
  }

  /// A name of an extent is at least 1, so it differs from −1 and 0; nothing where a pair may compare either way.
  public static func inferValues(_ context: InferenceContext, _ outputs: [ValueType]) throws -> [KnownValue?] {
    guard let (a, b) = context.extentPairs(), let shape = outputs[0].shape(binding: [:]) else {
      return try evaluateConstants(context, outputs)
    }
    let answers = zip(a, b).compactMap { ExtentOrder($0, $1).isOne(of: relations) }
    return [answers.count == shape.elementCount ? KnownValue(Tensor(answers, shape: shape)) : nil]
  }

  /// A truth value has no slope.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] { context.noGradients }
}

/// `A > B`. Source: ONNX Greater.
public enum Greater: ComparisonOperator {
  public static let name: OperatorName = "Greater"
  static let relations: Set<ExtentOrder.Relation> = [.greater]
  static func holds<Element: Comparable>(_ left: Element, _ right: Element) -> Bool { left > right }
}

/// `A ≥ B`. Source: ONNX GreaterOrEqual.
public enum GreaterOrEqual: ComparisonOperator {
  public static let name: OperatorName = "GreaterOrEqual"
  static let relations: Set<ExtentOrder.Relation> = [.greater, .equal]
  static func holds<Element: Comparable>(_ left: Element, _ right: Element) -> Bool { left >= right }
}

/// `A < B`. Source: ONNX Less.
public enum Less: ComparisonOperator {
  public static let name: OperatorName = "Less"
  static let relations: Set<ExtentOrder.Relation> = [.less]
  static func holds<Element: Comparable>(_ left: Element, _ right: Element) -> Bool { left < right }
}

/// `A ≤ B`. Source: ONNX LessOrEqual.
public enum LessOrEqual: ComparisonOperator {
  public static let name: OperatorName = "LessOrEqual"
  static let relations: Set<ExtentOrder.Relation> = [.less, .equal]
  static func holds<Element: Comparable>(_ left: Element, _ right: Element) -> Bool { left <= right }
}

/// `A = B`, of numbers or truth values. Source: ONNX Equal.
public enum Equal: ComparisonOperator {
  public static let name: OperatorName = "Equal"
  static let relations: Set<ExtentOrder.Relation> = [.equal]
  static func holds<Element: Comparable>(_ left: Element, _ right: Element) -> Bool { left == right }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    if try context.input(0).elementType != .bool { _ = try context.numericInput(0) }
    return [ValueType(.bool, try context.broadcastInputs().dimensions)]
  }

  /// Truth values are bytes of 0 or 1.
  static func scalarType(_ context: PreparationContext) throws -> ElementType {
    let type = try context.input(0).elementType
    return type == .bool ? .uint8 : type
  }
}
