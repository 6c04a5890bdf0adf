import PareTensor

/// An element-wise operator that ONNX also has on integers.
protocol IntegerFunction: ElementwiseOperator, IntegerOperator {
  /// Reads the attributes once and gives the map of integers.
  static func integerMap<Element: IntegerElement>(
    _ node: Node, _: Element.Type
  ) throws -> @Sendable (Element) -> Element
}

extension IntegerFunction {
  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    _ = try map(context.node, Float.self)
    return [try context.numericInput(0)]
  }

  static func integerEvaluation<Element: IntegerElement>(
    _ context: PreparationContext, _: Element.Type
  ) throws -> Evaluation {
    let count = context.outputs[0].shape.elementCount
    let map = try integerMap(context.node, Element.self)
    return { buffers in
      let x = buffers.input(0, as: Element.self)
      let y = buffers.output(as: Element.self)
      for index in 0..<count { y[index] = map(x[index]) }
    }
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    switch context.outputs[0].elementType {
    case .float32: try evaluation(context, Float.self)
    case .float64: try evaluation(context, Double.self)
    default: try prepareIntegers(context)
    }
  }
}
