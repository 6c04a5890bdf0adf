import PareTensor

/// An element-wise operator whose slope is 0 wherever it has one, so that no gradient flows through it.
protocol StepFunction: ElementwiseOperator {}

extension StepFunction {
  public static func gradient(_ context: inout GradientContext) throws -> [String?] { context.noGradients }
}

/// `Y = −1`, 0 or 1 as X is below, at or above 0; NaN stays. Source: ONNX Sign.
public enum Sign: StepFunction, IntegerFunction {
  public static let name: OperatorName = "Sign"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in x > 0 ? 1 : x < 0 ? -1 : x }
  }

  static func integerMap<Element: IntegerElement>(_ node: Node, _: Element.Type) -> @Sendable (Element) -> Element {
    { $0.signum() }
  }
}

/// The next integer below or at X. Source: ONNX Floor.
public enum Floor: StepFunction {
  public static let name: OperatorName = "Floor"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { $0.rounded(.down) }
  }
}

/// The next integer above or at X. Source: ONNX Ceil.
public enum Ceil: StepFunction {
  public static let name: OperatorName = "Ceil"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { $0.rounded(.up) }
  }
}

/// The nearest integer, halves to even. Source: ONNX Round.
public enum Round: StepFunction {
  public static let name: OperatorName = "Round"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { $0.rounded(.toNearestOrEven) }
  }
}
