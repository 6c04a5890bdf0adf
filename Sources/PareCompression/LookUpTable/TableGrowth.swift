/// What rows still miss while a table grows, and what another feature would give them.
struct TableGrowth {
  /// What a table with one more feature adds to that without it, and how well.
  struct Extension {
    /// `[cells, bins, columns]`.
    let additions: [Double]
    /// Σ of the squares that would be left, each row judged by its cell without it.
    let error: Double
  }

  /// `[rows, columns]`: the targets less the table.
  private(set) var residuals: [Double]
  let columns: Int
  /// The cell of each row.
  private(set) var cells: [Int]
  private(set) var cellCount: Int
  /// κ.
  let shrinkage: Double

  init(residuals: [Double], columns: Int, cells: [Int], cellCount: Int, shrinkage: Double) {
    self.residuals = residuals
    self.columns = columns
    self.cells = cells
    self.cellCount = cellCount
    self.shrinkage = shrinkage
  }

  func extended(by bins: [Int], binCount: Int) -> Extension {
    let effects = sums(of: residuals, by: bins, count: binCount)
    let main = effects.sums.indices.map { effects.sums[$0] / max(effects.counts[$0 / columns] + shrinkage, 1) }
    var rest = residuals
    for row in cells.indices { for k in 0..<columns { rest[row * columns + k] -= main[bins[row] * columns + k] } }
    let places = cells.indices.map { cells[$0] * binCount + bins[$0] }
    let inCells = sums(of: rest, by: places, count: cellCount * binCount)
    let additions = inCells.sums.indices.map { index in
      main[index % (binCount * columns)] + inCells.sums[index] / max(inCells.counts[index / columns] + shrinkage, 1)
    }
    var error = 0.0
    for row in cells.indices {
      let others = inCells.counts[places[row]] - 1 + shrinkage
      for k in 0..<columns {
        let own = rest[row * columns + k]
        let left = own - (inCells.sums[places[row] * columns + k] - own) / max(others, 1)
        error += left * left
      }
    }
    return Extension(additions: additions, error: error)
  }

  /// Goes on with a feature.
  mutating func take(_ added: Extension, bins: [Int], binCount: Int) {
    for row in cells.indices {
      cells[row] = cells[row] * binCount + bins[row]
      for k in 0..<columns { residuals[row * columns + k] -= added.additions[cells[row] * columns + k] }
    }
    cellCount *= binCount
  }

  private func sums(of numbers: [Double], by places: [Int], count: Int) -> (sums: [Double], counts: [Double]) {
    var sums = [Double](repeating: 0, count: count * columns)
    var counts = [Double](repeating: 0, count: count)
    for row in places.indices {
      counts[places[row]] += 1
      for k in 0..<columns { sums[places[row] * columns + k] += numbers[row * columns + k] }
    }
    return (sums, counts)
  }
}
