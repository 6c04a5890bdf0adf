import PareTensor

/// `Y = X` where `X ≥ 0`, else `slope · X`; the slope is a weight that broadcasts to X. Source: ONNX PRelu.
public enum PRelu: NumericOperator {
  public static let name: OperatorName = "PRelu"
  public static let inputCount = 2...2
  public static let weightInputs: Set<Int> = [1]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (x, slope) = (try context.numericInput(0), try context.input(1))
    guard x.elementType == slope.elementType, ValueType.broadcast(x.dimensions, slope.dimensions) == x.dimensions else {
      throw GraphError("shape", node: context.node, expected: "a slope that broadcasts to \(x)", found: "\(slope)")
    }
    return [x]
  }

  static func evaluation<Element: NumericElement>(_ context: PreparationContext, _: Element.Type) throws -> Evaluation {
    let loop = try BroadcastLoop(context)
    return { buffers in
      let x = buffers.input(0, as: Element.self)
      let slope = buffers.input(1, as: Element.self)
      let y = buffers.output(as: Element.self)
      loop.forEach { y[$0] = x[$1] < .zero ? .product(slope[$2], x[$1]) : x[$1] }
    }
  }

  /// dX by the slope, dSlope = dY · X where X is below 0, summed to the slope's shape.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let (x, slope) = (context.node.inputs[0], context.node.inputs[1])
    return try [
      context.ifWanted(0) { try $0.apply(PReluGradient.name, [dy, x, slope]) },
      context.ifWanted(1) {
        try Broadcasting.reduceGradient($0.apply(PReluSlopeGradient.name, [dy, x]), to: slope, in: &$0)
      },
    ]
  }
}

/// `dX = dY` where `X > 0`, else `slope · dY`. Inputs: dY, X and the slope.
public enum PReluGradient: BroadcastGradientOperator {
  public static let name: OperatorName = "pare.PReluGradient"

  static func map<Scalar: FloatingPointElement>(
    _ node: Node, _: Scalar.Type
  ) -> @Sendable (Scalar, Scalar, Scalar) -> Scalar {
    { dy, x, slope in x > 0 ? dy : slope * dy }
  }
}

/// `dY · X` where `X < 0`, else 0: the gradient by the slope of each element. Inputs: dY and X.
public enum PReluSlopeGradient: ElementwiseGradientOperator {
  public static let name: OperatorName = "pare.PReluSlopeGradient"

  static func map<Scalar: FloatingPointElement>(_ node: Node, _: Scalar.Type) -> @Sendable (Scalar, Scalar) -> Scalar {
    { dy, x in x < 0 ? dy * x : 0 }
  }
}
