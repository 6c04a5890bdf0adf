import PareTensor

/// `Y = alpha · A' · B' + beta · C`, where ' transposes if asked; C broadcasts to Y.
///
/// - Shapes: `A [M, K]` (or `[K, M]` with `transA`), `B [K, N]` (or `[N, K]`), `C` broadcastable to `[M, N]` → `Y [M, N]`.
/// - Source: ONNX Gemm.
public enum Gemm: FloatingPointOperator {
  public static let name: OperatorName = "Gemm"
  public static let weightInputs: Set<Int> = [1, 2]
  public static let inputCount = 2...3
  public static let attributeNames = ["alpha", "beta", "transA", "transB"]

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let node = context.node
    let (a, b) = (try context.input(0), try context.input(1))
    guard a.rank == 2, b.rank == 2 else {
      throw GraphError("shape", node: node, expected: "two matrices", found: "\(a) and \(b)")
    }
    guard a.elementType.isFloatingPoint, a.elementType == b.elementType else {
      throw GraphError("element-type", node: node, expected: "one floating-point type", found: "\(a) and \(b)")
    }
    let transposesA = try node.int("transA", default: 0) != 0
    let transposesB = try node.int("transB", default: 0) != 0
    for factor in ["alpha", "beta"] { _ = try node.float(factor, default: 1) }
    let (rows, depth) = transposesA ? (a.dimensions[1], a.dimensions[0]) : (a.dimensions[0], a.dimensions[1])
    let (depthB, columns) = transposesB ? (b.dimensions[1], b.dimensions[0]) : (b.dimensions[0], b.dimensions[1])
    guard depth == depthB else {
      throw GraphError(
        "shape", node: node, expected: "inner dimensions that agree",
        found: "\(depth) of A \(a) and \(depthB) of B \(b)")
    }
    let result = [rows, columns]
    if context.has(2) {
      let c = try context.input(2)
      guard c.elementType == a.elementType, ValueType.broadcast(c.dimensions, result) == result else {
        throw GraphError(
          "shape", node: node, expected: "C to broadcast to \(ValueType(a.elementType, result))", found: "\(c)")
      }
    }
    return [ValueType(a.elementType, result)]
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    let node = context.node
    let transposesA = try node.int("transA", default: 0) != 0
    let transposesB = try node.int("transB", default: 0) != 0
    let alpha = Scalar(try node.float("alpha", default: 1))
    let beta = Scalar(try node.float("beta", default: 1))
    let (a, b) = (try context.input(0).shape, try context.input(1).shape)
    let (rows, columns) = (context.outputs[0].shape[0], context.outputs[0].shape[1])
    let depth = transposesA ? a[0] : a[1]
    let (aRow, aDepth) = transposesA ? (1, a[1]) : (a[1], 1)
    let (bDepth, bColumn) = transposesB ? (1, b[1]) : (b[1], 1)
    let hasC = context.has(2)
    let cStrides = hasC ? Broadcasting.strides(of: try context.input(2).shape, to: context.outputs[0].shape) : [0, 0]
    let (cRow, cColumn) = (cStrides[0], cStrides[1])
    return { buffers in
      let a = buffers.input(0, as: Scalar.self)
      let b = buffers.input(1, as: Scalar.self)
      let y = buffers.output(as: Scalar.self)
      for row in 0..<rows {
        for column in 0..<columns {
          var sum: Scalar = 0
          for k in 0..<depth { sum += a[row * aRow + k * aDepth] * b[k * bDepth + column * bColumn] }
          sum *= alpha
          if hasC { sum += beta * buffers.input(2, as: Scalar.self)[row * cRow + column * cColumn] }
          y[row * columns + column] = sum
        }
      }
    }
  }

  /// dA = alpha · dY · B'ᵀ and dB = alpha · A'ᵀ · dY, transposed back where the input is; dC = beta · dY, summed to C's
  /// shape.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard let dy = context.outputGradient else { return context.noGradients }
    let node = context.node
    let transposesA = try node.int("transA", default: 0) != 0
    let transposesB = try node.int("transB", default: 0) != 0
    let alpha = Attribute.float(try node.float("alpha", default: 1))
    let beta = try node.float("beta", default: 1)
    let (a, b) = (node.inputs[0], node.inputs[1])
    func attributes(_ transA: Bool, _ transB: Bool) -> [String: Attribute] {
      ["alpha": alpha, "transA": .int(transA ? 1 : 0), "transB": .int(transB ? 1 : 0)]
    }
    let da = try context.ifWanted(0) {
      transposesA
        ? try $0.apply(name, [b, dy], attributes(transposesB, true))
        : try $0.apply(name, [dy, b], attributes(false, !transposesB))
    }
    let db = try context.ifWanted(1) {
      transposesB
        ? try $0.apply(name, [dy, a], attributes(true, transposesA))
        : try $0.apply(name, [a, dy], attributes(!transposesA, false))
    }
    let dc = try context.ifWanted(2) {
      let summed = try Broadcasting.reduceGradient(dy, to: node.inputs[2], in: &$0)
      return beta == 1 ? summed : try Broadcasting.scaled(summed, by: beta, in: &$0)
    }
    return Array([da, db, dc].prefix(node.inputs.count))
  }
}
