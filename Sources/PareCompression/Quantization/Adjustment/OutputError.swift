import PareLinearAlgebra

/// What wrong weights cost a layer's output on the training part: `Σ over outputs E[((ŵ − w) · x)²] = Σ δᵀ E[x xᵀ] δ`.
struct OutputError {
  /// E[x xᵀ], row-major `[inputs, inputs]`, as BLAS takes it.
  let moments: [Double]
  let inputCount: Int

  init?(_ moments: InputMoments?, inputCount: Int) {
    guard let moments, moments.inputCount == inputCount, let second = moments.secondMoments else { return nil }
    self.moments = second
    self.inputCount = inputCount
  }

  /// `δ · E[x xᵀ]` for each row.
  func products(_ deltas: [Double], rows: Int) throws -> [Double] {
    var result = [Double](repeating: 0, count: deltas.count)
    try BLAS.load().gemm(
      m: rows, n: inputCount, k: inputCount, a: deltas, lda: inputCount, b: moments, ldb: inputCount, c: &result,
      ldc: inputCount)
    return result
  }

  /// `δᵀ E[x xᵀ] δ` of each row.
  func perOutput(_ deltas: [Double], rows: Int) throws -> [Double] {
    let products = try products(deltas, rows: rows)
    return (0..<rows).map { row in
      (row * inputCount..<(row + 1) * inputCount).reduce(0) { $0 + products[$1] * deltas[$1] }
    }
  }

  /// Of two roundings of the same weights, for each output the one that costs less; the first of equals.
  func better(_ first: IntegerWeights, _ second: IntegerWeights, for matrix: WeightMatrix) throws -> IntegerWeights {
    func errors(_ weights: IntegerWeights) throws -> [Double] {
      try perOutput(zip(weights.decoded, matrix.values).map { $0 - Double($1) }, rows: matrix.rows)
    }
    let (a, b) = (try errors(first), try errors(second))
    var result = first
    for row in 0..<matrix.rows where b[row] < a[row] {
      for position in row * matrix.columns..<(row + 1) * matrix.columns { result.integers[position] = second.integers[position] }
    }
    return result
  }
}
