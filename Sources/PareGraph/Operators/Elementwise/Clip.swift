import PareTensor

/// `Y = min(max(X, min), max)`, each bound an optional scalar; NaN stays NaN, and `max` wins where the bounds cross.
///
/// - Inputs: X, `min` and `max` of X's element type. No gradient flows to the bounds.
/// - Source: ONNX Clip.
public enum Clip: NumericOperator {
  public static let name: OperatorName = "Clip"
  public static let inputCount = 1...3

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.numericInput(0)
    try checkBounds(context, from: 1, of: x)
    return [x]
  }

  static func checkBounds(_ context: InferenceContext, from index: Int, of x: ValueType) throws {
    for index in index...index + 1 where context.has(index) {
      let bound = try context.input(index)
      guard bound == ValueType(x.elementType, []) || bound == ValueType(x.elementType, [1]) else {
        throw GraphError(
          "shape", node: context.node, expected: "a scalar bound of \(x.elementType.rawValue)", found: "\(bound)")
      }
    }
  }

  static func evaluation<Element: NumericElement>(_ context: PreparationContext, _: Element.Type) throws -> Evaluation {
    let count = context.outputs[0].shape.elementCount
    let (hasLower, hasUpper) = (context.has(1), context.has(2))
    return { buffers in
      let x = buffers.input(0, as: Element.self)
      let y = buffers.output(as: Element.self)
      let lower = hasLower ? buffers.input(1, as: Element.self)[0] : nil
      let upper = hasUpper ? buffers.input(2, as: Element.self)[0] : nil
      for index in 0..<count {
        var value = x[index]
        if let lower, value < lower { value = lower }
        if let upper, value > upper { value = upper }
        y[index] = value
      }
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let dx = try context.apply(ClipGradient.name, [dy] + context.node.inputs)
    return context.onlyByFirst(dx)
  }
}

/// `dX = dY` where `min ≤ X ≤ max`, else 0. Inputs: dY, X and the bounds of Clip.
public enum ClipGradient: FloatingPointOperator {
  public static let name: OperatorName = "pare.ClipGradient"
  public static let inputCount = 2...4

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.equalInputs(0, 1)
    try Clip.checkBounds(context, from: 2, of: x)
    return [x]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let count = context.outputs[0].shape.elementCount
    let (hasLower, hasUpper) = (context.has(2), context.has(3))
    return { buffers in
      let dy = buffers.input(0, as: Scalar.self)
      let x = buffers.input(1, as: Scalar.self)
      let dx = buffers.output(as: Scalar.self)
      let lower = hasLower ? buffers.input(2, as: Scalar.self)[0] : -Scalar.infinity
      let upper = hasUpper ? buffers.input(3, as: Scalar.self)[0] : Scalar.infinity
      for index in 0..<count { dx[index] = x[index] >= lower && x[index] <= upper ? dy[index] : 0 }
    }
  }
}
