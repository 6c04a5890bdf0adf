import PareTensor

/// The largest of the operands, element by element with broadcasting; NaN where one is. Source: ONNX Max.
public enum Max: VariadicOperator {
  public static let name: OperatorName = "Max"

  static func combine<Element: NumericElement>(_ left: Element, _ right: Element) -> Element {
    // A comparison with NaN is false, and NaN differs from itself.
    left != left || left > right ? left : right
  }

  /// The greater of each two extents, where it is known which one is.
  public static func inferValues(_ context: InferenceContext, _ outputs: [ValueType]) throws -> [KnownValue?] {
    try combineExtents(context, outputs) { left, right in
      let order = ExtentOrder(left, right)
      return order.isNever(.less) ? left : order.isNever(.greater) ? right : nil
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] { try ExtremumGradient.apply(&context) }
}

/// The smallest of the operands, element by element with broadcasting; NaN where one is. Source: ONNX Min.
public enum Min: VariadicOperator {
  public static let name: OperatorName = "Min"

  static func combine<Element: NumericElement>(_ left: Element, _ right: Element) -> Element {
    left != left || left < right ? left : right
  }

  /// The smaller of each two extents, where it is known which one is.
  public static func inferValues(_ context: InferenceContext, _ outputs: [ValueType]) throws -> [KnownValue?] {
    try combineExtents(context, outputs) { left, right in
      let order = ExtentOrder(left, right)
      return order.isNever(.greater) ? left : order.isNever(.less) ? right : nil
    }
  }

  public static func gradient(_ context: inout GradientContext) throws -> [String?] { try ExtremumGradient.apply(&context) }
}

/// The gradient by one operand X of Max or Min: dY where X is the result, shared evenly among all operands that are.
///
/// Inputs: dY, the result Y, X, and all operands. The output has the extents of Y.
public enum ExtremumGradient: FloatingPointOperator {
  public static let name: OperatorName = "pare.ExtremumGradient"
  public static let inputCount = 4...Int.max

  static func apply(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let (inputs, y) = (context.node.inputs, context.node.outputs[0])
    return try inputs.indices.map { index in
      try context.ifWanted(index) {
        try Broadcasting.reduceGradient($0.apply(name, [dy, y, inputs[index]] + inputs), to: inputs[index], in: &$0)
      }
    }
  }

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let y = try context.equalInputs(0, 1)
    for index in context.node.inputs.indices.dropFirst(2) {
      let x = try context.input(index)
      guard x.elementType == y.elementType, ValueType.broadcast(x.dimensions, y.dimensions) == y.dimensions else {
        throw GraphError("shape", node: context.node, expected: "operands that broadcast to \(y)", found: "\(x)")
      }
    }
    return [y]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let shape = context.outputs[0].shape
    let loops = try context.inputs.indices.dropFirst(2).map { index in
      StridedLoop(shape, strides: Broadcasting.strides(of: try context.input(index).shape, to: shape))
    }
    let count = shape.elementCount
    return { buffers in
      let dy = buffers.input(0, as: Scalar.self)
      let y = buffers.input(1, as: Scalar.self)
      let subject = buffers.input(2, as: Scalar.self)
      let dx = buffers.output(as: Scalar.self)
      // First how many share, then what each of them gets.
      dx.update(repeating: 0, count: count)
      for (index, loop) in loops.enumerated().dropFirst() {
        let x = buffers.input(index + 2, as: Scalar.self)
        loop.forEach { dx[$0] += x[$1] == y[$0] ? 1 : 0 }
      }
      loops[0].forEach { dx[$0] = subject[$1] == y[$0] ? dy[$0] / dx[$0] : 0 }
    }
  }
}
