import PareGraph
import PareLinearAlgebra
import PareTensor

/// Matrix products by BLAS.
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

  /// Products of matrices, stacked or not; those whose stacks broadcast other than by one side being a plain matrix
  /// are left to the reference.
  static func matMul(_ context: PreparationContext, _ kernels: TrainingKernels) throws -> Evaluation? {
    guard context.isFloat32 else { return nil }
    let blas = try BLAS.load()
    let (a, b) = (try context.input(0).shape, try context.input(1).shape)
    guard a.rank >= 2, b.rank >= 2 else { return nil }
    let (depth, columns) = (b[b.rank - 2], b[b.rank - 1])
    let stack = a.dimensions.dropLast(2)
    guard b.rank == 2 || stack == b.dimensions.dropLast(2) else { return nil }
    // One matrix on the right: the whole stack on the left is one tall matrix.
    let count = b.rank == 2 ? 1 : stack.reduce(1, *)
    let rows = b.rank == 2 ? a.elementCount / max(depth, 1) : a[a.rank - 2]
    guard rows > 0, columns > 0, depth > 0 else { return nil }
    return { buffers in
      let (a, b) = (buffers.input(0, as: Float.self), buffers.input(1, as: Float.self))
      let y = buffers.output(as: Float.self)
      for index in 0..<count {
        blas.gemm(
          m: rows, n: columns, k: depth, a: a + index * rows * depth, lda: depth, b: b + index * depth * columns,
          ldb: columns, c: y + index * rows * columns, ldc: columns)
      }
    }
  }
}

extension FastForms {
  static let products: [OperatorName: FastForm] = [
    "Gemm": { try MatrixForms.gemm($0, $1, appliesRelu: false) },
    "MatMul": MatrixForms.matMul,
  ]
}
