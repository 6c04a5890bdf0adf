import PareLinearAlgebra

/// Rounds the inputs of a layer one after another, and makes up for the error of each by moving the weights of those that
/// follow, as minimizes the layer's squared output error on the training part (GPTQ).
///
/// The inverse Hessian of `E[((ŵ − w) · x)²]` over the inputs that are left comes from one factorization (`InverseFactor`) of
/// `E[x xᵀ] + λ · mean diagonal · I`. An input that is always 0 is rounded by itself. Each output takes the plain rounding
/// where that costs less, so no output is worse than with it.
///
/// - Source: Frantar et al. 2022, arXiv:2210.17323, Algorithm 1, in the given order, with the inputs of the real model.
enum OptimalBrainQuantizer {
  /// - Parameter damping: λ.
  /// - Throws: `LinearAlgebraError` without BLAS.
  static func round(
    _ matrix: WeightMatrix, on grid: WeightGrid, error: OutputError, damping: Double
  ) throws -> IntegerWeights {
    let nearest = IntegerWeights(nearest: matrix, on: grid)
    let columns = matrix.columns
    var integers = nearest.integers
    for group in error.groups where group.meanSquare > 0 {
      var hessian = group.moments
      for column in 0..<columns { hessian[column * columns + column] += damping * group.meanSquare }
      let eliminating = try InverseFactor(of: hessian, count: columns, name: "second moments of the input").elements
      for row in group.rows {
        var weights = matrix.values[row * columns..<(row + 1) * columns].map { Double($0) }
        for column in 0..<columns {
          // Zeros, pruned ones among them, stay.
          let isZero = matrix.values[row * columns + column] == 0
          let integer = isZero ? Int16(grid.zeroPoint(row, column)) : grid.nearest(weights[column], row, column)
          integers[row * columns + column] = integer
          let share = (weights[column] - grid.real(integer, row, column)) / eliminating[column * columns + column]
          guard share != 0, share.isFinite else { continue }
          for following in column..<columns { weights[following] -= share * eliminating[column * columns + following] }
        }
      }
    }
    return try error.better(nearest, IntegerWeights(grid, integers: integers), for: matrix)
  }
}
