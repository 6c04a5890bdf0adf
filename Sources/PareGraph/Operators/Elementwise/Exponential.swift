import PareTensor

/// `Y = −X`; the smallest integer of a type stays itself. Source: ONNX Neg.
public enum Neg: IntegerFunction {
  public static let name: OperatorName = "Neg"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar { { -$0 } }

  static func integerMap<Element: IntegerElement>(_ node: Node, _: Element.Type) -> @Sendable (Element) -> Element {
    { 0 &- $0 }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    return [try context.apply(name, [dy])]
  }
}

/// `Y = exp(X)`. Source: ONNX Exp.
public enum Exp: ElementwiseOperator {
  public static let name: OperatorName = "Exp"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { Scalar.exp($0) }
  }

  /// dX = dY · Y.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    return [try context.apply(Mul.name, [dy, context.node.outputs[0]])]
  }
}

/// `Y = ln(X)`; −∞ at 0, NaN below. Source: ONNX Log.
public enum Log: ElementwiseOperator {
  public static let name: OperatorName = "Log"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { Scalar.log($0) }
  }

  /// dX = dY / X.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    return [try context.apply(Div.name, [dy, context.node.inputs[0]])]
  }
}

/// `Y = √X`; NaN below 0. Source: ONNX Sqrt.
public enum Sqrt: ElementwiseOperator {
  public static let name: OperatorName = "Sqrt"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { $0.squareRoot() }
  }

  /// dX = dY / (2 · Y).
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let half = try Broadcasting.scaled(dy, by: 0.5, in: &context)
    return [try context.apply(Div.name, [half, context.node.outputs[0]])]
  }
}
