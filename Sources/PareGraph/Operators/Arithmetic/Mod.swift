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
}
