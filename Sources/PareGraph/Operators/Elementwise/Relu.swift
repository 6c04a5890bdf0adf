import PareTensor

/// `Y = max(X, 0)`; NaN stays NaN, so that a broken input ends in no decision and not in a wrong one. Source: ONNX Relu.
public enum Relu: IntegerFunction {
  public static let name: OperatorName = "Relu"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { $0 < 0 ? 0 : $0 }
  }

  static func integerMap<Element: IntegerElement>(_ node: Node, _: Element.Type) -> @Sendable (Element) -> Element {
    { $0 < 0 ? 0 : $0 }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    return [try context.apply(ReluGradient.name, [dy, context.node.outputs[0]])]
  }
}

/// `dX = dY` where `Y > 0`, else 0. Inputs: dY and the output Y of Relu.
public enum ReluGradient: ElementwiseGradientOperator {
  public static let name: OperatorName = "pare.ReluGradient"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar, Scalar) -> Scalar {
    { dy, y in y > 0 ? dy : 0 }
  }
}

/// `Y = X` where `X ≥ 0`, else `alpha · X`. Source: ONNX LeakyRelu.
public enum LeakyRelu: ElementwiseOperator {
  public static let name: OperatorName = "LeakyRelu"
  public static let attributeNames = ["alpha"]

  static func alpha(_ node: Node) throws -> Double { try node.float("alpha", default: 0.01) }

  static func map<Scalar: FloatingPointElement>(
    _ node: Node, _: Scalar.Type
  ) throws -> @Sendable (Scalar) -> Scalar {
    let alpha = Scalar(try alpha(node))
    return { $0 < 0 ? alpha * $0 : $0 }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    return [
      try context.apply(
        LeakyReluGradient.name, [dy, context.node.inputs[0]], ["alpha": .float(try alpha(context.node))])
    ]
  }
}

/// `dX = dY` where `X > 0`, else `alpha · dY`. Inputs: dY and the input X of LeakyRelu (whose sign Y keeps only where
/// alpha is positive).
public enum LeakyReluGradient: ElementwiseGradientOperator {
  public static let name: OperatorName = "pare.LeakyReluGradient"
  public static let attributeNames = ["alpha"]

  static func map<Scalar: FloatingPointElement>(
    _ node: Node, _: Scalar.Type
  ) throws -> @Sendable (Scalar, Scalar) -> Scalar {
    let alpha = Scalar(try LeakyRelu.alpha(node))
    return { dy, x in x > 0 ? dy : alpha * dy }
  }
}
