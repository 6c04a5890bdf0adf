import PareLinearAlgebra

/// Takes weights of a layer out, and moves those of the same output that stay so that the layer's squared output error on the training
/// part is least.
///
/// Input after input, in blocks: of a block those weights go for which w² / [H⁻¹] is least, as the weights then are, over all outputs
/// together or within each run of a pattern, and those that follow make up for them. The inverse Hessian of the inputs that are left
/// comes from one factorization. Once it is known which weights stay, they are the least-squares solution of each output, unless the
/// layer is so large that this would take too long.
///
/// - Source: Frantar and Alistarh 2023, arXiv:2301.00774, Algorithm 1; Hassibi and Stork 1993 for the score and the update.
struct BrainSurgeon {
  /// Inputs whose weights are ranked together.
  private static let block = 128
  /// Of the mean of the diagonal of H, added to it.
  private static let damping = 0.01
  /// Multiply-adds that the least-squares solutions of a layer may take.
  private static let effort = 2e10

  private let error: OutputError

  init(_ error: OutputError) {
    self.error = error
  }

  /// - Throws: `LinearAlgebraError` without BLAS.
  func pruned(_ matrix: WeightMatrix, sparsity: Double, pattern: PruningPattern) throws -> WeightMatrix {
    let plain = self.plain(matrix, sparsity: sparsity, pattern: pattern)
    var moved = plain
    for group in error.groups where group.meanSquare > 0 {
      let range = group.rows.lowerBound * matrix.columns..<group.rows.upperBound * matrix.columns
      let own = WeightMatrix(Array(matrix.values[range]), rows: group.rows.count, columns: matrix.columns)
      moved.values.replaceSubrange(range, with: try operated(own, group, sparsity: sparsity, pattern: pattern))
    }
    return try cost(moved, matrix) < cost(plain, matrix) ? moved : plain
  }

  /// Outputs that read the same inputs.
  private func operated(
    _ matrix: WeightMatrix, _ group: OutputError.Group, sparsity: Double, pattern: PruningPattern
  ) throws -> [Float] {
    let columns = matrix.columns
    var hessian = group.moments
    for column in 0..<columns { hessian[column * columns + column] += Self.damping * group.meanSquare }
    let eliminating = try InverseFactor(of: hessian, count: columns, name: "second moments of the input").elements
    let isDead = (0..<columns).map { group.moments[$0 * columns + $0] == 0 }
    var weights = matrix.values.map { Double($0) }
    let width = width(pattern)
    for first in stride(from: 0, to: columns, by: width) {
      let range = first..<min(first + width, columns)
      let scores = (0..<matrix.rows * range.count).map { position -> Double in
        let column = first + position % range.count
        // What multiplies zeros is worth nothing.
        guard !isDead[column] else { return 0 }
        let ratio = weights[position / range.count * columns + column] / eliminating[column * columns + column]
        return ratio * ratio
      }
      let kept = PruningMask.kept(
        of: [PruningMask.Layer(scores: scores, columns: range.count)], sparsity: sparsity, scope: .perLayer, pattern: pattern)[0]
      for row in 0..<matrix.rows {
        for column in range where !kept[row * range.count + column - first] {
          let share = weights[row * columns + column] / eliminating[column * columns + column]
          weights[row * columns + column] = 0
          guard share != 0, share.isFinite else { continue }
          for following in column + 1..<max(columns, column + 1) {
            weights[row * columns + following] -= share * eliminating[column * columns + following]
          }
        }
      }
    }
    solve(&weights, matrix, hessian)
    return weights.map { Float($0) }
  }

  /// Of each output the weights that are not zero become those with H[S, S] · v = H[S, :] · w.
  private func solve(_ weights: inout [Double], _ matrix: WeightMatrix, _ hessian: [Double]) {
    let columns = matrix.columns
    let kept = (0..<matrix.rows).map { row in (0..<columns).filter { weights[row * columns + $0] != 0 } }
    guard kept.reduce(0.0, { $0 + Double($1.count * $1.count * $1.count) / 3 }) <= Self.effort else { return }
    for (row, stay) in kept.enumerated() where stay.count < columns && !stay.isEmpty {
      var solution = stay.map { column in
        (0..<columns).reduce(0.0) { $0 + hessian[column * columns + $1] * Double(matrix.values[row * columns + $1]) }
      }
      let system = stay.flatMap { column in stay.map { hessian[column * columns + $0] } }
      let factor = CholeskyFactor(of: system, count: stay.count)
      guard factor.isDefinite else { continue }
      factor.solve(&solution)
      for (column, value) in zip(stay, solution) { weights[row * columns + column] = value }
    }
  }

  /// Runs of a pattern are not cut in two.
  private func width(_ pattern: PruningPattern) -> Int {
    switch pattern {
    case .anywhere: Self.block
    case .keep(_, let of): of
    case .block(_, let inputs): (Self.block + inputs - 1) / inputs * inputs
    }
  }

  /// By magnitude, with nothing moved.
  private func plain(_ matrix: WeightMatrix, sparsity: Double, pattern: PruningPattern) -> WeightMatrix {
    let kept = PruningMask.kept(
      of: [PruningMask.Layer(scores: matrix.values.map { Double($0.magnitude) }, columns: matrix.columns)], sparsity: sparsity,
      scope: .perLayer, pattern: pattern)[0]
    return WeightMatrix(zip(matrix.values, kept).map { $1 ? $0 : 0 }, rows: matrix.rows, columns: matrix.columns)
  }

  private func cost(_ pruned: WeightMatrix, _ matrix: WeightMatrix) throws -> Double {
    try error.perOutput(zip(pruned.values, matrix.values).map { Double($0) - Double($1) }, rows: matrix.rows).reduce(0, +)
  }
}
