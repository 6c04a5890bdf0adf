import PareTensor

/// Turns class probabilities into a decision: −1 short, 0 nothing, 1 long.
///
/// The first class is down (sell), the last up (buy), and one between them means hold. Long is eligible where its
/// probability reaches its threshold, short likewise; where both are, the more probable one wins, and none at a tie.
/// Nothing is decided where a probability is NaN.
///
/// - Shapes: `probabilities […, K]` with K 2 or 3, `thresholds [2]` (short, long) of the same type → int8 `[…]`.
public enum Decide: FloatingPointOperator {
  public static let name: OperatorName = "pare.Decide"
  public static let inputCount = 2...2

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (probabilities, thresholds) = (try context.floatingPointInput(0), try context.input(1))
    guard let classes = probabilities.dimensions.last, classes == 2 || classes == 3 else {
      throw GraphError(
        "shape", node: context.node, expected: "probabilities of 2 or 3 classes along the last axis",
        found: "\(probabilities)")
    }
    guard thresholds == ValueType(probabilities.elementType, [2]) else {
      throw GraphError(
        "shape", node: context.node, expected: "thresholds \(ValueType(probabilities.elementType, [2]))",
        found: "\(thresholds)")
    }
    return [ValueType(.int8, probabilities.dimensions.dropLast())]
  }

  static func scalarType(_ context: PreparationContext) throws -> ElementType { try context.input(0).elementType }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let shape = try context.input(0).shape
    let classes = shape[shape.rank - 1]
    let rows = context.outputs[0].shape.elementCount
    return { buffers in
      let probabilities = buffers.input(0, as: Scalar.self)
      let thresholds = buffers.input(1, as: Scalar.self)
      let decisions = buffers.output(as: Int8.self)
      for row in 0..<rows {
        decisions[row] = decision(
          UnsafeBufferPointer(start: probabilities + row * classes, count: classes),
          shortThreshold: thresholds[0], longThreshold: thresholds[1])
      }
    }
  }

  private static func decision<Scalar: FloatingPointElement>(
    _ probabilities: UnsafeBufferPointer<Scalar>, shortThreshold: Scalar, longThreshold: Scalar
  ) -> Int8 {
    for probability in probabilities where probability.isNaN { return 0 }
    let (short, long) = (probabilities[0], probabilities[probabilities.count - 1])
    let (isShort, isLong) = (short >= shortThreshold, long >= longThreshold)
    if isLong, !isShort || long > short { return 1 }
    if isShort, !isLong || short > long { return -1 }
    return 0
  }
}
