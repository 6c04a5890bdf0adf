import CPareKernels
import PareGraph
import PareLinearAlgebra
import PareTensor

/// Matrix products by BLAS, and those with a small right operand by a kernel.
///
/// Bound: `|ŷ − y| ≤ γ_{K+3} · (|alpha| · |A| · |B| + |beta| · |C|)`, γ_n = n·u / (1 − n·u), u = 2⁻²⁴, in whatever order
/// the library adds (Higham 2002, "Accuracy and Stability of Numerical Algorithms", §3.5).
enum MatrixForms {
  /// Gemm, its bias added in one more pass over the product that also applies Relu if asked.
  static func gemm(_ context: PreparationContext, _ kernels: TrainingKernels, appliesRelu: Bool) throws -> Evaluation? {
    guard context.isFloat32 else { return nil }
    let node = context.node
    let blas = try BLAS.load()
    let transposesA = try node.int("transA", default: 0) != 0
    let transposesB = try node.int("transB", default: 0) != 0
    let alpha = Float(try node.float("alpha", default: 1))
    let beta = Float(try node.float("beta", default: 1))
    let (a, b, y) = (try context.input(0).shape, try context.input(1).shape, context.outputs[0].shape)
    let (rows, columns, depth) = (y[0], y[1], transposesA ? a[0] : a[1])
    let (lda, ldb) = (a[1], b[1])
    guard rows > 0, columns > 0, depth > 0 else { return nil }

    @Sendable func product(_ buffers: EvaluationBuffers, beta: Float) {
      blas.gemm(
        transposeA: transposesA, transposeB: transposesB, m: rows, n: columns, k: depth, alpha: alpha,
        a: buffers.input(0), lda: lda, b: buffers.input(1), ldb: ldb, beta: beta, c: buffers.output(), ldc: columns)
    }
    guard context.has(2) else {
      if appliesRelu { return nil }
      return { product($0, beta: 0) }
    }
    let c = try context.input(2).shape
    if beta == 1, isBias(c, columns: columns),
      let finish = appliesRelu ? kernels.elementwise.add_bias_relu : kernels.elementwise.add_bias
    {
      let pass = KernelPointer(finish)
      return { buffers in
        product(buffers, beta: 0)
        pass.call(buffers.output(), buffers.input(2), rows, columns)
      }
    }
    guard c == y, !appliesRelu else { return nil }
    return { buffers in
      buffers.output(as: Float.self).update(from: buffers.input(2), count: rows * columns)
      product(buffers, beta: beta)
    }
  }

  /// Whether a Gemm's third input is one number per column.
  static func isBias(_ shape: Shape, columns: Int) -> Bool {
    shape.elementCount == columns && shape.dimensions.last == columns
  }

  /// Whether a node is a MatMul with one matrix on the right, whose result may get a number per column added to it.
  static func takesBias(_ node: Node, _ types: [String: TensorType]) -> Bool {
    guard node.operatorName == "MatMul", let a = types[node.inputs[0]], let b = types[node.inputs[1]],
      a.elementType == .float32
    else { return false }
    return a.shape.rank >= 2 && b.shape.rank == 2 && a.shape.elementCount > 0 && b.shape.elementCount > 0
  }

  /// Whether a node is a Gemm that adds a number per column.
  static func hasBias(_ node: Node, _ types: [String: TensorType]) -> Bool {
    guard node.operatorName == "Gemm", let output = node.outputs.first, let bias = node.input(2).flatMap({ types[$0] }),
      let type = types[output], type.elementType == .float32, isBias(bias.shape, columns: type.shape[1]),
      (try? node.float("beta", default: 1)) == 1
    else { return false }
    return type.shape.elementCount > 0 && types[node.inputs[0]]?.shape.elementCount ?? 0 > 0
  }

  /// Products of matrices, stacked or not, whose stacks broadcast. One matrix on the right makes one tall product. Where
  /// the right operand is small, a kernel of our own costs less to start than the library and packs nothing.
  ///
  /// - Parameter bias: the input that holds a number per column, to be added in one more pass over the product, which
  ///   also applies Relu if asked; nil for none.
  static func matMul(
    _ context: PreparationContext, _ kernels: TrainingKernels, bias: Int? = nil, appliesRelu: Bool = false
  ) throws -> Evaluation? {
    guard context.isFloat32, let stack = try MatrixStack(context) else { return nil }
    let product = try product(stack, kernels)
    guard let bias else { return appliesRelu ? nil : product }
    guard let finish = appliesRelu ? kernels.elementwise.add_bias_relu : kernels.elementwise.add_bias else { return nil }
    let pass = KernelPointer(finish)
    let total = stack.rows * stack.count
    return { buffers in
      try product(buffers)
      pass.call(buffers.output(), buffers.input(bias), total, stack.columns)
    }
  }

  private static func product(_ stack: MatrixStack, _ kernels: TrainingKernels) throws -> Evaluation {
    let (rows, depth, columns) = (stack.rows, stack.depth, stack.columns)
    let size = rows * columns
    if stack.isSmall, let products = kernels.attention.products.map({ KernelPointer($0) }) {
      let scratch = ScratchMemory(count: depth * pare_padded(columns) + 16)
      return { buffers in
        let (a, b): (UnsafePointer<Float>, UnsafePointer<Float>) = (buffers.input(0), buffers.input(1))
        let y: UnsafeMutablePointer<Float> = buffers.output()
        if let (aStep, bStep) = stack.steps {
          products.call(
            a, depth, 1, aStep, b, columns, 1, bStep, y, rows, depth, columns, stack.count, scratch.elements)
          return
        }
        for (index, offset) in stack.offsets.enumerated() {
          products.call(
            a + offset.a, depth, 1, 0, b + offset.b, columns, 1, 0, y + index * size, rows, depth, columns, 1,
            scratch.elements)
        }
      }
    }
    let blas = try BLAS.load()
    return { buffers in
      let (a, b): (UnsafePointer<Float>, UnsafePointer<Float>) = (buffers.input(0), buffers.input(1))
      let y: UnsafeMutablePointer<Float> = buffers.output()
      for (index, offset) in stack.offsets.enumerated() {
        blas.gemm(
          m: rows, n: columns, k: depth, a: a + offset.a, lda: depth, b: b + offset.b, ldb: columns, c: y + index * size,
          ldc: columns)
      }
    }
  }
}

/// The products that one MatMul stands for: all of one size, their operands at offsets that follow the broadcast.
private struct MatrixStack: Sendable {
  let rows: Int
  let depth: Int
  let columns: Int
  /// Where each product's operands begin, in elements.
  let offsets: [(a: Int, b: Int)]
  /// How far one product's operands lie from the next's, where that is the same for all.
  let steps: (a: Int, b: Int)?

  var count: Int { offsets.count }

  /// Whether the operand on the right is small enough to stay in the caches next to the processor, and the rows are whole
  /// registers or the products many.
  var isSmall: Bool { depth * pare_padded(columns) <= 16_384 && (count > 1 || columns % 16 == 0) }

  /// Nil where nothing is multiplied.
  init?(_ context: PreparationContext) throws {
    let (a, b) = (try context.input(0).shape.dimensions, try context.input(1).shape.dimensions)
    let left = a.count == 1 ? [1] + a : a
    let right = b.count == 1 ? b + [1] : b
    (depth, columns) = (left[left.count - 1], right[right.count - 1])
    let one = right.count == 2
    let (leftStack, rightStack) = (one ? [] : Array(left.dropLast(2)), Array(right.dropLast(2)))
    rows = one ? left.dropLast().reduce(1, *) : left[left.count - 2]
    guard rows > 0, columns > 0, depth > 0 else { return nil }
    let rank = max(leftStack.count, rightStack.count)
    let padded = [leftStack, rightStack].map { [Int](repeating: 1, count: rank - $0.count) + $0 }
    let extents = zip(padded[0], padded[1]).map { $0 == 1 ? $1 : $0 }
    guard !extents.contains(0) else { return nil }
    var offsets = [(a: 0, b: 0)]
    var (sizeA, sizeB) = (rows * depth, depth * columns)
    // From the last axis of the stack to the first, each repeating what lies behind it.
    for axis in stride(from: rank - 1, through: 0, by: -1) {
      let (stepA, stepB) = (padded[0][axis] == 1 ? 0 : sizeA, padded[1][axis] == 1 ? 0 : sizeB)
      offsets = (0..<extents[axis]).flatMap { index in offsets.map { ($0.a + index * stepA, $0.b + index * stepB) } }
      sizeA *= padded[0][axis]
      sizeB *= padded[1][axis]
    }
    self.offsets = offsets
    let step = offsets.count > 1 ? offsets[1] : (a: 0, b: 0)
    steps = offsets.enumerated().allSatisfy { $1.a == $0 * step.a && $1.b == $0 * step.b } ? step : nil
  }
}

extension FastForms {
  static let products: [OperatorName: FastForm] = [
    "Gemm": { try MatrixForms.gemm($0, $1, appliesRelu: false) },
    "MatMul": { try MatrixForms.matMul($0, $1) },
  ]
}
