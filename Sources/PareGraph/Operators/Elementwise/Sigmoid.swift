import PareTensor

/// `Y = 1 / (1 + exp(−X))`, computed without overflow on either side. Source: ONNX Sigmoid.
public enum Sigmoid: ElementwiseOperator {
  public static let name: OperatorName = "Sigmoid"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { x in
      let decay = Scalar.exp(-x.magnitude)
      return (x < 0 ? decay : 1) / (1 + decay)
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    return [try context.apply(SigmoidGradient.name, [dy, context.node.outputs[0]])]
  }
}

/// `dX = dY · Y · (1 − Y)`. Inputs: dY and the output Y of Sigmoid.
public enum SigmoidGradient: ElementwiseGradientOperator {
  public static let name: OperatorName = "pare.SigmoidGradient"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar, Scalar) -> Scalar {
    { dy, y in dy * y * (1 - y) }
  }
}

/// `Y = tanh(X)`. Source: ONNX Tanh.
public enum Tanh: ElementwiseOperator {
  public static let name: OperatorName = "Tanh"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar) -> Scalar {
    { Scalar.tanh($0) }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    return [try context.apply(TanhGradient.name, [dy, context.node.outputs[0]])]
  }
}

/// `dX = dY · (1 − Y²)`. Inputs: dY and the output Y of Tanh.
public enum TanhGradient: ElementwiseGradientOperator {
  public static let name: OperatorName = "pare.TanhGradient"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar, Scalar) -> Scalar {
    { dy, y in dy * (1 - y) * (1 + y) }
  }
}
