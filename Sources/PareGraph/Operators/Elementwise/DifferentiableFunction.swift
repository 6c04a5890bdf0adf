import PareTensor

/// An element-wise operator that states its slope as a function of X; `Slope` makes its gradient operator.
protocol DifferentiableFunction: ElementwiseOperator {
  /// Reads the attributes once and gives dY/dX at X.
  static func slope<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) throws -> @Sendable (Scalar) -> Scalar
}

extension DifferentiableFunction {
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    return [try context.apply(Slope<Self>.name, [dy, context.node.inputs[0]], context.node.attributes)]
  }
}

/// `dX = dY · slope(X)`. Inputs: dY and X; attributes as the function's.
enum Slope<Function: DifferentiableFunction>: ElementwiseGradientOperator {
  static var name: OperatorName { OperatorName(Function.name.type + "Gradient", domain: "pare") }
  static var attributeNames: [String] { Function.attributeNames }

  static func map<Scalar: FloatingPointElement>(
    _ node: Node, _: Scalar.Type
  ) throws -> @Sendable (Scalar, Scalar) -> Scalar {
    let slope = try Function.slope(node, Scalar.self)
    return { dy, x in dy * slope(x) }
  }
}
