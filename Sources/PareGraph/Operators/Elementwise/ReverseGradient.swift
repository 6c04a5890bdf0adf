import PareTensor

/// `Y = X`; the gradient turns round, `dX = −strength · dY`: what lies before it is trained against what lies behind.
///
/// With a strength of 0 nothing flows back, as if X were a constant; with −1 it is Identity.
///
/// - Inputs: X, and optionally `strength`, a scalar of X's element type, 1 by default.
/// - Losses use it. It is no part of a trained graph and has no form in ONNX, where Identity does the same forward.
/// - Source: Ganin and Lempitsky 2015, arXiv:1409.7495, §3.1.
public enum ReverseGradient: CopyingOperator {
  public static let name: OperatorName = "pare.ReverseGradient"
  public static let inputCount = 1...2
  /// It stands for how gradients flow.
  public static let isFoldable = false

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.floatingPointInput(0)
    if context.has(1) {
      let strength = try context.input(1)
      guard strength.isScalar, strength.elementType == x.elementType else {
        throw GraphError(
          "shape", node: context.node, expected: "a scalar strength of \(x.elementType.rawValue)", found: "\(strength)")
      }
    }
    return [x]
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let turned = try context.apply(Neg.name, [dy])
    guard let strength = context.node.input(1) else { return [turned] }
    return context.onlyByFirst(try context.apply(Mul.name, [turned, strength]))
  }
}
