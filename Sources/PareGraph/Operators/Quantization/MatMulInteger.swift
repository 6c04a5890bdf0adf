import PareTensor

/// The matrix product of integers, less their zero points, as int32; sums beyond 32 bits wrap.
///
/// - Inputs: A and B, int8 or uint8 each; optionally A's zero point, one or one per row (`[M]` or `[…, M, 1]`), and B's,
///   one or one per column (`[N]` or `[…, 1, N]`), of their types.
/// - Shapes: `A […, M, K]`, `B […, K, N]` → `Y […, M, N]`, as MatMul.
/// - Source: ONNX MatMulInteger, opset 10.
public enum MatMulInteger: Operator {
  public static let name: OperatorName = "MatMulInteger"
  public static let inputCount = 2...4

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let dimensions = try IntegerMatrixProduct.dimensions(context, a: 0, b: 1)
    for (index, operand) in [(2, 0), (3, 1)] where context.has(index) {
      let (zeroPoint, type) = (try context.input(index), try context.input(operand))
      guard zeroPoint.elementType == type.elementType else {
        throw GraphError(
          "element-type", node: context.node, expected: "a zero point of \(type.elementType.rawValue)", found: "\(zeroPoint)")
      }
    }
    try IntegerMatrixProduct.checkShape(context, 2, of: 0, .rowsOfA)
    try IntegerMatrixProduct.checkShape(context, 3, of: 1, .columnsOfB)
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

  private static func evaluation<A: FixedWidthInteger & TensorElement, B: FixedWidthInteger & TensorElement>(
    _ context: PreparationContext, _: A.Type, _: B.Type
  ) throws -> Evaluation {
    let product = try IntegerMatrixProduct(context, a: 0, b: 1)
    let (rows, columns) = (product.rowSelection(context, 2), product.columnSelection(context, 3))
    let (hasA, hasB) = (context.has(2), context.has(3))
    return { buffers in
      let y = buffers.output(as: Int32.self)
      product.forEach(
        buffers.input(0, as: A.self), buffers.input(1, as: B.self), zeroA: hasA ? buffers.input(2) : nil, rows,
        zeroB: hasB ? buffers.input(3) : nil, columns
      ) { y[$0.position] = $0.sum }
    }
  }
}
