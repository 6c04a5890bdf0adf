import PareTensor

/// The remainder of A / B with broadcasting: with the sign of B, or of A where the attribute `fmod` is 1. An integer
/// divisor of 0 gives 0. Source: ONNX Mod.
public enum Mod: NumericOperator {
  public static let name: OperatorName = "Mod"
  public static let inputCount = 2...2
  public static let attributeNames = ["fmod"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    _ = try context.node.int("fmod", default: 0)
    _ = try context.numericInput(0)
    return [try context.broadcastInputs()]
  }

  static func evaluation<Element: NumericElement>(_ context: PreparationContext, _: Element.Type) throws -> Evaluation {
    let loop = try BroadcastLoop(context)
    let truncates = try context.node.int("fmod", default: 0) != 0
    return { buffers in
      let a = buffers.input(0, as: Element.self)
      let b = buffers.input(1, as: Element.self)
      let y = buffers.output(as: Element.self)
      if truncates {
        loop.forEach { y[$0] = .truncatedRemainder(a[$1], b[$2]) }
      } else {
        loop.forEach { y[$0] = .flooredRemainder(a[$1], b[$2]) }
      }
    }
  }

  /// dA = dC, dB = −quotient · dC, each summed to its operand's shape.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dc = context.outputGradient else { return context.noGradients }
    let (a, b) = (context.node.inputs[0], context.node.inputs[1])
    let attributes = context.node.attributes
    return try [
      context.ifWanted(0) { try Broadcasting.reduceGradient(dc, to: a, in: &$0) },
      context.ifWanted(1) {
        try Broadcasting.reduceGradient($0.apply(ModDivisorGradient.name, [dc, a, b], attributes), to: b, in: &$0)
      },
    ]
  }
}

/// `−dC · q` with q the whole quotient of A / B, rounded as Mod rounds it. Inputs: dC, A and B.
public enum ModDivisorGradient: BroadcastGradientOperator {
  public static let name: OperatorName = "pare.ModDivisorGradient"
  public static let attributeNames = Mod.attributeNames

  static func map<Scalar: FloatingPointElement>(
    _ node: Node, _: Scalar.Type
  ) throws -> @Sendable (Scalar, Scalar, Scalar) -> Scalar {
    let direction: FloatingPointRoundingRule = try node.int("fmod", default: 0) != 0 ? .towardZero : .down
    return { dc, a, b in -dc * (a / b).rounded(direction) }
  }
}
