import PareTensor

/// The matrix product of the last two axes, the axes before them broadcast.
///
/// - Shapes: `A […, M, K]`, `B […, K, N]` → `Y […, M, N]`. A vector counts as a row on the left and as a column on the
///   right, and its extent of 1 is dropped from Y.
/// - Integers wrap around as two's complement does.
/// - Source: ONNX MatMul, which is NumPy's matmul.
public enum MatMul: FloatingPointOperator {
  public static let name: OperatorName = "MatMul"
  public static let weightInputs: Set<Int> = [0, 1]
  public static let inputCount = 2...2

  public static func inferTypes(_ context: InferenceContext) throws -> [ValueType] {
    let (a, b) = (try context.input(0), try context.input(1))
    let allowed: [ElementType] = [.float32, .float64, .float16, .bfloat16, .int32, .int64, .uint32, .uint64]
    guard a.elementType == b.elementType, allowed.contains(a.elementType) else {
      throw GraphError(
        "element-type", node: context.node, expected: "one type, floating-point or integers of 32 or 64 bits",
        found: "\(a) and \(b)")
    }
    guard a.rank > 0, b.rank > 0 else {
      throw GraphError("shape", node: context.node, expected: "vectors, matrices or more", found: "\(a) and \(b)")
    }
    let left = a.rank == 1 ? [1] + a.dimensions : a.dimensions
    let right = b.rank == 1 ? b.dimensions + [1] : b.dimensions
    guard left[left.count - 1] == right[right.count - 2] else {
      throw GraphError("shape", node: context.node, expected: "inner dimensions that agree", found: "\(a) and \(b)")
    }
    guard var dimensions = ValueType.broadcast(left.dropLast(2), right.dropLast(2)) else {
      throw GraphError("shape", node: context.node, expected: "leading dimensions that broadcast", found: "\(a) and \(b)")
    }
    if a.rank > 1 { dimensions.append(left[left.count - 2]) }
    if b.rank > 1 { dimensions.append(right[right.count - 1]) }
    return [ValueType(a.elementType, dimensions)]
  }

  public static func prepare(_ context: PreparationContext) throws -> Evaluation {
    switch context.outputs[0].elementType {
    case .float32: try evaluation(context, Float.self)
    case .float64: try evaluation(context, Double.self)
    case .int32: try products(context, zero: Int32.zero) { $0 &+ $1 &* $2 }
    case .int64: try products(context, zero: Int64.zero) { $0 &+ $1 &* $2 }
    case .uint32: try products(context, zero: UInt32.zero) { $0 &+ $1 &* $2 }
    case .uint64: try products(context, zero: UInt64.zero) { $0 &+ $1 &* $2 }
    case let other: throw context.unsupported(other)
    }
  }

  static func evaluation<Scalar: FloatingPointElement>(
    _ context: PreparationContext, _: Scalar.Type
  ) throws -> Evaluation {
    try products(context, zero: Scalar.zero) { $0 + $1 * $2 }
  }

  /// - Parameter accumulate: a sum with one more product.
  @inline(__always)
  private static func products<Scalar: TensorElement>(
    _ context: PreparationContext, zero: Scalar, _ accumulate: @escaping @Sendable (Scalar, Scalar, Scalar) -> Scalar
  ) throws -> Evaluation {
    let (a, b) = (try context.input(0).shape.dimensions, try context.input(1).shape.dimensions)
    let left = a.count == 1 ? [1] + a : a
    let right = b.count == 1 ? b + [1] : b
    let (rows, depth, columns) = (left[left.count - 2], left[left.count - 1], right[right.count - 1])
    let vectorAxes = (a.count == 1 ? 1 : 0) + (b.count == 1 ? 1 : 0)
    let batch = BroadcastLoop(
      left: Shape(left.dropLast(2)), right: Shape(right.dropLast(2)),
      result: Shape(context.outputs[0].shape.dimensions.dropLast(2 - vectorAxes)))
    return { buffers in
      let allA = buffers.input(0, as: Scalar.self)
      let allB = buffers.input(1, as: Scalar.self)
      let allY = buffers.output(as: Scalar.self)
      batch.forEach { matrix, fromA, fromB in
        let a = allA + fromA * rows * depth
        let b = allB + fromB * depth * columns
        let y = allY + matrix * rows * columns
        for row in 0..<rows {
          for column in 0..<columns {
            var sum = zero
            for k in 0..<depth { sum = accumulate(sum, a[row * depth + k], b[k * columns + column]) }
            y[row * columns + column] = sum
          }
        }
      }
    }
  }

  /// dA = dY · Bᵀ, dB = Aᵀ · dY, each summed over the leading axes along which its operand was repeated.
  public static func gradient(_ context: inout GradientContext) throws -> [String?] {
    guard var dy = context.outputGradient else { return context.noGradients }
    let (a, b) = (context.node.inputs[0], context.node.inputs[1])
    let (leftRank, rightRank) = (try context.type(of: a).rank, try context.type(of: b).rank)
    if leftRank == 2, rightRank == 2 {
      return try [
        context.ifWanted(0) { try $0.apply(Gemm.name, [dy, b], ["transB": .int(1)]) },
        context.ifWanted(1) { try $0.apply(Gemm.name, [a, dy], ["transA": .int(1)]) },
      ]
    }
    // One matrix on the right: the stack on the left is one tall matrix, whose products with dY need not be summed.
    if leftRank > 2, rightRank == 2 {
      return try [
        context.ifWanted(0) { try $0.apply(name, [dy, transposed(b, in: &$0)]) },
        context.ifWanted(1) { try $0.apply(Gemm.name, [flattened(a, in: &$0), flattened(dy, in: &$0)], ["transA": .int(1)]) },
      ]
    }
    if leftRank == 1 { dy = try inserting(rightRank == 1 ? -1 : -2, into: dy, in: &context) }
    if rightRank == 1 { dy = try inserting(-1, into: dy, in: &context) }
    let left = leftRank == 1 ? try inserting(0, into: a, in: &context) : a
    let right = rightRank == 1 ? try inserting(1, into: b, in: &context) : b
    return try [
      context.ifWanted(0) {
        let product = try $0.apply(name, [dy, transposed(right, in: &$0)])
        let summed = try Broadcasting.reduceGradient(product, to: left, in: &$0)
        return leftRank == 1 ? try $0.apply(ReshapeLike.name, [summed, a]) : summed
      },
      context.ifWanted(1) {
        let product = try $0.apply(name, [transposed(left, in: &$0), dy])
        let summed = try Broadcasting.reduceGradient(product, to: right, in: &$0)
        return rightRank == 1 ? try $0.apply(ReshapeLike.name, [summed, b]) : summed
      },
    ]
  }

  private static func inserting(_ axis: Int, into value: String, in context: inout GradientContext) throws -> String {
    try context.apply(Unsqueeze.name, [value, context.builder.constant(Tensor([Int64(axis)]), named: "axes")])
  }

  /// A stack as one matrix.
  private static func flattened(_ value: String, in context: inout GradientContext) throws -> String {
    try context.apply(Flatten.name, [value], ["axis": .int(-1)])
  }

  /// The last two axes exchanged.
  private static func transposed(_ value: String, in context: inout GradientContext) throws -> String {
    let rank = try context.type(of: value).rank
    return try context.apply(
      Transpose.name, [value], ["perm": .ints(Array(0..<rank - 2) + [rank - 1, rank - 2])])
  }
}
