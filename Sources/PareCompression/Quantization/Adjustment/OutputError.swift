import PareLinearAlgebra

/// What wrong weights cost a layer's output on the training part: `Σ over outputs E[((ŵ − w) · x)²] = Σ δᵀ E[x xᵀ] δ`.
///
/// The outputs of a grouped convolution fall into groups that read different inputs.
struct OutputError {
  /// Outputs that read the same inputs, and E[x xᵀ] of these, row-major `[inputs, inputs]`.
  struct Group {
    let rows: Range<Int>
    let moments: [Double]
    /// The mean of E[x²].
    let meanSquare: Double
  }

  let groups: [Group]
  let inputCount: Int

  /// - Parameters:
  ///   - moments: of what each of the layers that have the weights reads, whose rows count alike: of grouped layers the
  ///     inputs of one group after another.
  ///   - inputCount: inputs of an output.
  ///   - rows: outputs.
  /// - Returns: nil where moments are missing, or are of other inputs.
  init?(_ moments: [InputMoments?], inputCount: Int, rows: Int) {
    guard let first = moments.first.flatMap({ $0 }), inputCount > 0, first.inputCount % inputCount == 0 else { return nil }
    let (width, count) = (first.inputCount, first.inputCount / inputCount)
    guard count > 0, rows % count == 0 else { return nil }
    var sums = [Double](repeating: 0, count: count * inputCount * inputCount)
    var total = 0
    for moments in moments {
      guard let moments, moments.inputCount == width, let second = moments.secondMoments else { return nil }
      total += moments.count
      for index in sums.indices {
        let (row, column) = (index / inputCount, index % inputCount)
        sums[index] += second[row * width + row / inputCount * inputCount + column] * Double(moments.count)
      }
    }
    self.inputCount = inputCount
    groups = (0..<count).map { group in
      let block = sums[group * inputCount * inputCount..<(group + 1) * inputCount * inputCount].map { $0 / Double(max(total, 1)) }
      let trace = (0..<inputCount).reduce(0) { $0 + block[$1 * inputCount + $1] }
      return Group(
        rows: group * rows / count..<(group + 1) * rows / count, moments: block, meanSquare: trace / Double(inputCount))
    }
  }

  /// `δ · E[x xᵀ]` for each row.
  func products(_ deltas: [Double]) throws -> [Double] {
    var result = [Double](repeating: 0, count: deltas.count)
    let blas = try BLAS.load()
    deltas.withUnsafeBufferPointer { deltas in
      result.withUnsafeMutableBufferPointer { result in
        guard let a = deltas.baseAddress, let c = result.baseAddress else { return }
        for group in groups {
          let start = group.rows.lowerBound * inputCount
          blas.gemm(
            m: group.rows.count, n: inputCount, k: inputCount, a: a + start, lda: inputCount, b: group.moments, ldb: inputCount,
            c: c + start, ldc: inputCount)
        }
      }
    }
    return result
  }

  /// `δᵀ E[x xᵀ] δ` of each row.
  func perOutput(_ deltas: [Double], rows: Int) throws -> [Double] {
    let products = try products(deltas)
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
