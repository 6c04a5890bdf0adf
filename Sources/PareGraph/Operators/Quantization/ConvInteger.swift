import PareTensor

/// The convolution of integers, less their zero points, as int32; sums beyond 32 bits wrap. Padding counts for nothing.
///
/// - Inputs: x and w, int8 or uint8 each; optionally x's zero point, a scalar, and w's, one or one per filter.
/// - Shapes, attributes: those of Conv.
/// - Source: ONNX ConvInteger, opset 10.
public enum ConvInteger: Operator {
  public static let name: OperatorName = "ConvInteger"
  public static let inputCount = 2...4
  public static let attributeNames = Conv.attributeNames

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let dimensions = try IntegerConvolution.dimensions(context, x: 0, w: 1)
    for (index, operand) in [(2, 0), (3, 1)] where context.has(index) {
      guard try context.input(index).elementType == context.input(operand).elementType else {
        throw GraphError(
          "element-type", node: context.node, expected: "zero point \(index) of the type of \(try context.input(operand))",
          found: "\(try context.input(index))")
      }
      try IntegerConvolution.checkShape(context, index, filters: index == 3 ? dimensions[1] : nil)
    }
    return [ValueType(.int32, dimensions)]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    switch (try context.input(0).elementType, try context.input(1).elementType) {
    case (.uint8, .uint8): try evaluation(context, UInt8.self, UInt8.self)
    case (.uint8, .int8): try evaluation(context, UInt8.self, Int8.self)
    case (.int8, .uint8): try evaluation(context, Int8.self, UInt8.self)
    case (.int8, .int8): try evaluation(context, Int8.self, Int8.self)
    case (let other, _): throw context.unsupported(other)
    }
  }

  private static func evaluation<X: FixedWidthInteger & TensorElement, W: FixedWidthInteger & TensorElement>(
    _ context: PreparationContext, _: X.Type, _: W.Type
  ) throws -> Evaluation {
    let convolution = try IntegerConvolution(context, x: 0, w: 1)
    let (hasX, hasW) = (context.has(2), context.has(3))
    let isPerFilter = try hasW && context.input(3).shape.elementCount > 1
    return { buffers in
      let y = buffers.output(as: Int32.self)
      let zeroX = hasX ? buffers.input(2, as: X.self)[0] : 0
      convolution.forEach(
        buffers.input(0, as: X.self), buffers.input(1, as: W.self), zeroX: zeroX,
        zeroW: { hasW ? buffers.input(3, as: W.self)[isPerFilter ? $0 : 0] : 0 }
      ) { position, _, sum in y[position] = sum }
    }
  }
}
