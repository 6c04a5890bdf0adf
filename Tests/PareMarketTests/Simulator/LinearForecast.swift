/// Least squares by normal equations, for tests that ask what a linear model can see.
struct LinearForecast {
  private var products: [[Double]]
  private let count: Int

  /// - Parameter count: numbers in a row; a constant is added.
  init(count: Int) {
    self.count = count + 1
    products = [[Double]](repeating: [Double](repeating: 0, count: count + 2), count: count + 1)
  }

  mutating func add(_ row: [Double], target: Double) {
    let full = [1] + row + [target]
    for i in 0..<count {
      for j in full.indices { products[i][j] += full[i] * full[j] }
    }
  }

  /// Weights, that of the constant first.
  var weights: [Double] {
    var rows = products
    for i in 0..<count { rows[i][i] += 1e-12 }
    for pivot in 0..<count {
      for other in 0..<count where other != pivot {
        let factor = rows[other][pivot] / rows[pivot][pivot]
        for column in pivot...count { rows[other][column] -= factor * rows[pivot][column] }
      }
    }
    return (0..<count).map { rows[$0][count] / rows[$0][$0] }
  }

  static func value(_ weights: [Double], _ row: [Double]) -> Double { zip(weights, [1] + row).reduce(0) { $0 + $1.0 * $1.1 } }
}
