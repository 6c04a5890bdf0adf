import PareTensor

/// Running sums along an axis, a constant: up to and with each element, or without it (`exclusive`), from the front or
/// from the back (`reverse`). Source: ONNX CumSum.
public enum CumSum: NumericOperator {
  public static let name: OperatorName = "CumSum"
  public static let inputCount = 2...2
  public static let attributeNames = ["exclusive", "reverse"]

  private static func axis(_ node: Node, rank: Int, constants: [Tensor?]) throws -> Int {
    let given = try node.structure(1, constants, meaning: "an axis") ?? []
    guard given.count == 1 else { throw GraphError("axis", node: node, expected: "one axis", found: "\(given)") }
    return try node.normalizedAxes(given, rank: rank)[0]
  }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let x = try context.numericInput(0)
    _ = try axis(context.node, rank: x.rank, constants: context.constants)
    return [x]
  }

  static func evaluation<Element: NumericElement>(_ context: PreparationContext, _: Element.Type) throws -> Evaluation {
    let shape = try context.input(0).shape
    let axis = AxisDecomposition(shape, axis: try axis(context.node, rank: shape.rank, constants: context.constants))
    let isExclusive = try context.node.int("exclusive", default: 0) != 0
    let isReversed = try context.node.int("reverse", default: 0) != 0
    return { buffers in
      let x = buffers.input(0, as: Element.self)
      let y = buffers.output(as: Element.self)
      axis.forEachLine { start in
        var sum = Element.zero
        for step in 0..<axis.extent {
          let place = start + (isReversed ? axis.extent - 1 - step : step) * axis.inner
          if isExclusive { y[place] = sum }
          sum = .sum(sum, x[place])
          if !isExclusive { y[place] = sum }
        }
      }
    }
  }

  /// The sums of dY from the other side.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    var attributes = context.node.attributes
    attributes["reverse"] = .int(try context.node.int("reverse", default: 0) == 0 ? 1 : 0)
    return context.onlyByFirst(try context.apply(name, [dy, context.node.inputs[1]], attributes))
  }
}
