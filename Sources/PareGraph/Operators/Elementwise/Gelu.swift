import PareTensor

/// `Y = X · Φ(X)` with Φ the standard normal distribution function, or its approximation by tanh:
/// `X/2 · (1 + tanh(√(2/π) · (X + 0.044715 · X³)))`.
///
/// - Attributes: `approximate`: `none` (the default) or `tanh`.
/// - Source: ONNX Gelu; Hendrycks and Gimpel 2016, arXiv:1606.08415.
public enum Gelu: ElementwiseOperator {
  public static let name: OperatorName = "Gelu"
  public static let attributeNames = ["approximate"]

  enum Approximation: String, CaseIterable {
    case none, tanh

    init(_ node: Node) throws {
      let given = try node.string("approximate", default: "none")
      guard let known = Approximation(rawValue: given) else {
        throw GraphError("attribute", node: node, expected: "approximate to be none or tanh", found: "'\(given)'")
      }
      self = known
    }
  }

  /// Φ(x). By erfc, which keeps its relative accuracy far on the negative side, where 1 + erf cancels.
  static func normalDistribution<Scalar: FloatingPointElement>(_ x: Scalar) -> Scalar {
    Scalar.erfc(-x * Scalar(0.5).squareRoot()) / 2
  }

  /// The tanh of the approximation, and the slope of its argument.
  static func approximateTanh<Scalar: FloatingPointElement>(_ x: Scalar) -> (tanh: Scalar, slope: Scalar) {
    let scale = (2 / Scalar.pi).squareRoot()
    let cubic = Scalar(0.044715)
    return (Scalar.tanh(scale * (x + cubic * x * x * x)), scale * (1 + 3 * cubic * x * x))
  }

  static func map<Scalar: FloatingPointElement>(
    _ node: Node, _: Scalar.Type
  ) throws -> @Sendable (Scalar) -> Scalar {
    switch try Approximation(node) {
    case .none: { $0 * normalDistribution($0) }
    case .tanh: { $0 * (1 + approximateTanh($0).tanh) / 2 }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    return [
      try context.apply(
        GeluGradient.name, [dy, context.node.inputs[0]],
        ["approximate": .string(try Approximation(context.node).rawValue)])
    ]
  }
}

/// `dX = dY · (Φ(X) + X · φ(X))`, or the slope of the approximation. Inputs: dY and the input X of Gelu.
public enum GeluGradient: ElementwiseGradientOperator {
  public static let name: OperatorName = "pare.GeluGradient"
  public static let attributeNames = ["approximate"]

  static func map<Scalar: FloatingPointElement>(
    _ node: Node, _: Scalar.Type
  ) throws -> @Sendable (Scalar, Scalar) -> Scalar {
    switch try Gelu.Approximation(node) {
    case .none:
      { dy, x in
        let density = Scalar.exp(-x * x / 2) / (2 * Scalar.pi).squareRoot()
        return dy * (Gelu.normalDistribution(x) + x * density)
      }
    case .tanh:
      { dy, x in
        let (tanh, slope) = Gelu.approximateTanh(x)
        return dy * ((1 + tanh) + x * (1 - tanh) * (1 + tanh) * slope) / 2
      }
    }
  }
}
