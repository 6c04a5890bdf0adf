import RealModule

/// Rounds each weight up or down as costs the layer's output least on the training part (AdaRound).
///
/// `ŵ = S · (⌊w / S⌋ + h(v) − Z)` with `h(v) = clip(1.2 σ(v) − 0.1, 0, 1)`; v is found by Adam on
/// `E[((ŵ − w) · x)²] / (S² · mean E[x²])` plus `λ Σ (1 − |2 h − 1|^β)`, whose β falls from 20 to 2 and drives h to 0 or 1. The
/// expectation is taken through `E[x xᵀ]`, so each iteration sees all rows. Each output takes the plain rounding where that
/// costs less, so no output is worse than with it.
///
/// - Source: Nagel et al. 2020, arXiv:2004.10568, §3.2, without the activation behind the layer.
enum AdaptiveRounding {
  /// λ. The loss is counted in steps of the typical input, so that a slope of 0.01 would leave h between 0 and 1 and in the end
  /// round to the nearest.
  private static let regularization = 1.0
  private static let learningRate = 0.01
  /// The part of the iterations that goes without the regularizer.
  private static let warmUp = 0.2

  /// - Throws: `LinearAlgebraError` without BLAS.
  static func round(
    _ matrix: WeightMatrix, on grid: WeightGrid, error: OutputError, iterations: Int
  ) throws -> IntegerWeights {
    let nearest = IntegerWeights(nearest: matrix, on: grid)
    let (columns, count) = (matrix.columns, matrix.values.count)
    // Where all inputs are 0, so are the products that are divided by it.
    let means = error.groups.flatMap { group in group.rows.map { _ in group.meanSquare > 0 ? group.meanSquare : 1 } }
    var floors = [Double](repeating: 0, count: count)
    var steps = floors
    var zeroPoints = floors
    var v = floors
    for position in 0..<count {
      let (row, column) = (position / columns, position % columns)
      let level = grid.level(Double(matrix.values[position]), row, column)
      floors[position] = level.rounded(.down)
      steps[position] = Double(grid.scale(row, column))
      zeroPoints[position] = Double(grid.zeroPoint(row, column))
      // h(v) = what is left, so that the search begins at the weights themselves.
      let rest = min(max(level - floors[position], 0.001), 0.999)
      v[position] = Double.log((rest + 0.1) / (1.1 - rest))
    }
    var firstMoments = [Double](repeating: 0, count: count)
    var secondMoments = firstMoments
    var deltas = firstMoments
    var (heights, slopes) = (firstMoments, firstMoments)
    for iteration in 1...iterations {
      let progress = Double(iteration - 1) / Double(max(iterations - 1, 1))
      let settled = max((progress - warmUp) / (1 - warmUp), 0)
      let beta = 2 + 18 * (1 - settled)
      for position in 0..<count {
        (heights[position], slopes[position]) = stretched(v[position])
        let level = floors[position] + heights[position]
        deltas[position] = steps[position] * (level - zeroPoints[position]) - Double(matrix.values[position])
      }
      let products = try error.products(deltas)
      let (decay1, decay2) = (1 - Double.pow(0.9, Double(iteration)), 1 - Double.pow(0.999, Double(iteration)))
      for position in 0..<count where slopes[position] > 0 {
        var gradient = 2 * products[position] / (steps[position] * means[position / columns])
        if progress >= warmUp {
          let side = 2 * heights[position] - 1
          gradient -= regularization * 2 * beta * Double.pow(side.magnitude, beta - 1) * (side < 0 ? -1 : 1)
        }
        gradient *= slopes[position]
        firstMoments[position] = 0.9 * firstMoments[position] + 0.1 * gradient
        secondMoments[position] = 0.999 * secondMoments[position] + 0.001 * gradient * gradient
        v[position] -= learningRate * (firstMoments[position] / decay1)
          / ((secondMoments[position] / decay2).squareRoot() + 1e-8)
      }
    }
    let rounded = (0..<count).map { position in
      let (row, column) = (position / columns, position % columns)
      guard matrix.values[position] != 0 else { return Int16(grid.zeroPoint(row, column)) }
      return grid.clamped(floors[position] + (stretched(v[position]).h >= 0.5 ? 1 : 0))
    }
    return try error.better(nearest, IntegerWeights(grid, integers: rounded), for: matrix)
  }

  /// h and its derivative.
  @inline(__always)
  private static func stretched(_ v: Double) -> (h: Double, slope: Double) {
    let sigmoid = 1 / (1 + Double.exp(-v))
    let h = 1.2 * sigmoid - 0.1
    return h <= 0 ? (0, 0) : h >= 1 ? (1, 0) : (h, 1.2 * sigmoid * (1 - sigmoid))
  }
}
