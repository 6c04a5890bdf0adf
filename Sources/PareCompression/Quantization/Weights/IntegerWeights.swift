import PareTensor

/// A weight matrix as integers on a grid.
///
/// Zeros stay zeros: 0 is a number of every block.
///
/// - Bound: rounded to the nearest, `|w − S·(q − Z)| ≤ S / 2`; rounded otherwise, a weight may move by more.
struct IntegerWeights: Sendable {
  let grid: WeightGrid
  /// Row-major `[outputs, inputs]`.
  var integers: [Int16]

  init(_ grid: WeightGrid, integers: [Int16]) {
    self.grid = grid
    self.integers = integers
  }

  /// To the nearest, half to even.
  init(nearest matrix: WeightMatrix, on grid: WeightGrid) {
    self.init(matrix, on: grid) { grid.nearest($0, $1, $2) }
  }

  /// To the nearest, half away from zero.
  init(halfAwayFromZero matrix: WeightMatrix, on grid: WeightGrid) {
    self.init(matrix, on: grid) { weight, row, column in
      let steps = (weight / Double(grid.scale(row, column))).rounded(.toNearestOrAwayFromZero)
      return grid.clamped(steps + Double(grid.zeroPoint(row, column)))
    }
  }

  /// Up with the probability of what is left below, else down; zeros stay.
  init(stochastic matrix: WeightMatrix, on grid: WeightGrid, _ generator: inout SeededGenerator) {
    self.init(matrix, on: grid) { weight, row, column in
      grid.clamped((grid.level(weight, row, column) + generator.uniform()).rounded(.down))
    }
  }

  private init(_ matrix: WeightMatrix, on grid: WeightGrid, _ integer: (Double, Int, Int) -> Int16) {
    self.grid = grid
    integers = matrix.values.indices.map { position in
      let (row, column) = (position / matrix.columns, position % matrix.columns)
      let weight = Double(matrix.values[position])
      return weight == 0 ? Int16(grid.zeroPoint(row, column)) : grid.finite(integer(weight, row, column), row, column)
    }
  }

  /// `S · (q − Z)`, row-major.
  var decoded: [Double] {
    integers.indices.map { grid.real(integers[$0], $0 / grid.columns, $0 % grid.columns) }
  }

  /// Of the groups that hold something, how many have less signal over noise than so many decibels, as a fraction.
  func shareOfGroups(belowDecibels limit: Double, of matrix: WeightMatrix) -> Double {
    let decoded = decoded
    var (below, counted) = (0, 0)
    for row in 0..<grid.rows {
      for first in stride(from: 0, to: grid.columns, by: grid.blockSize) {
        let block = row * grid.columns + first..<row * grid.columns + min(first + grid.blockSize, grid.columns)
        let error = ErrorMeasure(of: Array(decoded[block]), against: matrix.values[block].map { Double($0) })
        guard error.signalEnergy > 0 else { continue }
        counted += 1
        if let decibels = error.signalToNoiseDecibels, decibels < limit { below += 1 }
      }
    }
    return counted == 0 ? 0 : Double(below) / Double(counted)
  }

  /// The largest `|w − S·(q − Z)|` in halves of its step.
  func largestErrorInHalfSteps(of matrix: WeightMatrix) -> Double {
    zip(matrix.values, decoded).enumerated().reduce(0) { largest, entry in
      let step = Double(grid.scale(entry.offset / grid.columns, entry.offset % grid.columns))
      return max(largest, (Double(entry.element.0) - entry.element.1).magnitude / (step / 2))
    }
  }
}
