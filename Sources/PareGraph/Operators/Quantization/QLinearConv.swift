import PareTensor

/// The convolution of quantized x and w, quantized:
/// `y = saturate(round((Σ (x − zero x) · (w − zero w) + B) · (scale x · scale w / scale y)) + zero y)`, half to even.
///
/// The sum is an int32 that wraps; the factor is taken in the type of the scales, operation by operation; their product
/// in Float64. Padding counts for nothing.
///
/// - Inputs: x, its scale and zero point, w, its scale and zero point, the scale and zero point of y, optionally B, int32 in
///   units of `scale x · scale w`, one per filter. x, w and y are int8 or uint8, each zero point of its tensor's type;
///   scales float32. Scale and zero point of w are one or one per filter, the others one.
/// - Shapes, attributes: those of Conv.
/// - Source: ONNX QLinearConv, opset 10.
public enum QLinearConv: Operator {
  public static let name: OperatorName = "QLinearConv"
  public static let inputCount = 8...9
  public static let attributeNames = Conv.attributeNames

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let dimensions = try IntegerConvolution.dimensions(context, x: 0, w: 3)
    let scaleType = try context.floatingPointInput(1).elementType
    let zeroPointOfY = try IntegerMatrixProduct.eightBits(context, 7)
    var types = [1: scaleType, 4: scaleType, 6: scaleType, 7: zeroPointOfY.elementType]
    types[2] = try context.input(0).elementType
    types[5] = try context.input(3).elementType
    for (index, type) in types.sorted(by: { $0.key < $1.key }) {
      guard try context.input(index).elementType == type else {
        throw GraphError(
          "element-type", node: context.node, expected: "input \(index) of \(type.rawValue)", found: "\(try context.input(index))")
      }
      try IntegerConvolution.checkShape(context, index, filters: index == 4 || index == 5 ? dimensions[1] : nil)
    }
    if context.has(8) {
      let bias = try context.input(8)
      guard bias == ValueType(.int32, [dimensions[1]]) else {
        throw GraphError("shape", node: context.node, expected: "a bias int32[\(dimensions[1])]", found: "\(bias)")
      }
    }
    return [ValueType(zeroPointOfY.elementType, dimensions)]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    switch (try context.input(0).elementType, try context.input(3).elementType) {
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
    let convolution = try IntegerConvolution(context, x: 0, w: 3)
    let (hasScales, hasZeros) = (
      try context.input(4).shape.elementCount > 1, try context.input(5).shape.elementCount > 1
    )
    let hasBias = context.has(8)
    let factor = try RequantizationFactor(context, left: 1, right: 4, result: 6)
    let write = try QuantizedWriter(context, zeroPoint: 7)
    return { buffers in
      let bias = hasBias ? buffers.input(8, as: Int32.self) : nil
      let zeros = buffers.input(5, as: W.self)
      convolution.forEach(
        buffers.input(0, as: X.self), buffers.input(3, as: W.self), zeroX: buffers.input(2, as: X.self)[0],
        zeroW: { zeros[hasZeros ? $0 : 0] }
      ) { position, filter, sum in
        let total = sum &+ (bias?[filter] ?? 0)
        write(buffers, position, Double(total) * factor.value(buffers, left: 0, right: hasScales ? filter : 0))
      }
    }
  }
}
