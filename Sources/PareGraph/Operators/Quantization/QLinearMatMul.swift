import PareTensor

/// The matrix product of quantized matrices, quantized:
/// `y = saturate(round(Σ (a − zero a) · (b − zero b) · (scale a · scale b / scale y)) + zero y)`, half to even.
///
/// The sum is an int32 that wraps; the factor is taken in the type of the scales, operation by operation; their product
/// in Float64.
///
/// - Inputs: a, its scale and zero point, b, its scale and zero point, the scale and zero point of y. a, b and y are int8
///   or uint8, each zero point of its tensor's type; scales float32, float16 or bfloat16. Scale and zero point of a are
///   one or one per row (`[M]` or `[…, M, 1]`), those of b one or one per column (`[N]` or `[…, 1, N]`), those of y one.
/// - Source: ONNX QLinearMatMul, opset 21, without floating-point a, b and y.
public enum QLinearMatMul: Operator {
  public static let name: OperatorName = "QLinearMatMul"
  public static let inputCount = 8...8
  public static let evaluatesHalfPrecision = true

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let dimensions = try IntegerMatrixProduct.dimensions(context, a: 0, b: 3)
    let scaleType = try context.floatingPointInput(1).elementType
    for index in [1, 4, 6] {
      guard try context.input(index).elementType == scaleType else {
        throw GraphError(
          "element-type", node: context.node, expected: "scales of one floating-point type",
          found: "\(try context.input(index)) beside \(scaleType.rawValue)")
      }
    }
    for (index, operand) in [(2, 0), (5, 3)] {
      guard try context.input(index).elementType == context.input(operand).elementType else {
        throw GraphError(
          "element-type", node: context.node, expected: "zero point \(index) of the type of \(try context.input(operand))",
          found: "\(try context.input(index))")
      }
    }
    for index in [1, 2] { try IntegerMatrixProduct.checkShape(context, index, of: 0, .rowsOfA) }
    for index in [4, 5] { try IntegerMatrixProduct.checkShape(context, index, of: 3, .columnsOfB) }
    let zeroPoint = try IntegerMatrixProduct.eightBits(context, 7)
    guard zeroPoint.isScalar, try context.input(6).isScalar else {
      throw GraphError(
        "shape", node: context.node, expected: "one scale and one zero point of y",
        found: "\(try context.input(6)) and \(zeroPoint)")
    }
    return [ValueType(zeroPoint.elementType, dimensions)]
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

  private static func evaluation<A: FixedWidthInteger & TensorElement, B: FixedWidthInteger & TensorElement>(
    _ context: PreparationContext, _: A.Type, _: B.Type
  ) throws -> Evaluation {
    let product = try IntegerMatrixProduct(context, a: 0, b: 3)
    let (scaleRows, zeroRows) = (product.rowSelection(context, 1), product.rowSelection(context, 2))
    let (scaleColumns, zeroColumns) = (product.columnSelection(context, 4), product.columnSelection(context, 5))
    let factor = try RequantizationFactor(context, left: 1, right: 4, result: 6)
    let write = try QuantizedWriter(context, zeroPoint: 7)
    return { buffers in
      product.forEach(
        buffers.input(0, as: A.self), buffers.input(3, as: B.self), zeroA: buffers.input(2), zeroRows,
        zeroB: buffers.input(5), zeroColumns
      ) { element in
        let scale = factor.value(
          buffers, left: scaleRows.index(matrix: element.matrixOfA, line: element.row),
          right: scaleColumns.index(matrix: element.matrixOfB, line: element.column))
        write(buffers, element.position, Double(element.sum) * scale)
      }
    }
  }
}
