/// The upper triangle U with `A⁻¹ = Uᵀ · U` of a symmetric positive definite matrix A, in Float64.
///
/// Of the inverse of A, after the first k rows and columns of A are taken away, U holds what eliminating one more needs: row k of
/// U is row 0 of that inverse over the root of its first element. A itself is never inverted: with `A = M · Mᵀ`, M upper
/// triangular (Cholesky's factorization begun at the last row), U is M⁻¹.
///
/// - Shapes: `A [n, n]` → `U [n, n]`, row-major, zeros below the diagonal.
/// - Bound: `‖A − M·Mᵀ‖ ≤ (n + 1) · 2⁻⁵² · trace(A)` (Higham 2002, §10.1).
/// - Source: Cholesky 1910; Frantar et al. 2022, arXiv:2210.17323, §3.3, for the use.
public struct InverseFactor: Sendable {
  public let count: Int
  /// Row-major.
  public private(set) var elements: [Double]

  /// - Parameters:
  ///   - matrix: row-major `[count, count]`; the upper triangle is read.
  ///   - name: what messages call it.
  /// - Throws: `LinearAlgebraError`: `not-positive-definite`, naming the row.
  public init(of matrix: [Double], count: Int, name: String = "matrix") throws(LinearAlgebraError) {
    guard matrix.count == count * count else {
      throw LinearAlgebraError("shape", subject: name, expected: "\(count) rows and columns", found: "\(matrix.count) elements")
    }
    self.count = count
    elements = matrix
    try factorize(name)
    invert()
  }

  /// A's upper triangle becomes M, column by column from the last.
  private mutating func factorize(_ name: String) throws(LinearAlgebraError) {
    let n = count
    for j in (0..<n).reversed() {
      var pivot = elements[j * n + j]
      for k in j + 1..<max(n, j + 1) { pivot -= elements[j * n + k] * elements[j * n + k] }
      guard pivot.isFinite, pivot > 0 else {
        throw LinearAlgebraError(
          "not-positive-definite", subject: name, expected: "a positive definite matrix", found: "pivot \(pivot) in row \(j)")
      }
      let root = pivot.squareRoot()
      elements[j * n + j] = root
      for i in 0..<j {
        var sum = elements[i * n + j]
        for k in j + 1..<max(n, j + 1) { sum -= elements[i * n + k] * elements[j * n + k] }
        elements[i * n + j] = sum / root
      }
    }
  }

  /// M becomes its inverse, and what lies below 0.
  private mutating func invert() {
    let n = count
    for i in 0..<n {
      for j in 0..<i { elements[i * n + j] = 0 }
    }
    for i in (0..<n).reversed() {
      let reciprocal = 1 / elements[i * n + i]
      // Row i of the inverse: −(row i of M, right of the diagonal) · (the inverse below) / M[i, i].
      var row = [Double](repeating: 0, count: n - i)
      row[0] = reciprocal
      for k in i + 1..<max(n, i + 1) {
        let factor = elements[i * n + k]
        guard factor != 0 else { continue }
        for j in k..<n { row[j - i] -= factor * elements[k * n + j] * reciprocal }
      }
      for j in i..<n { elements[i * n + j] = row[j - i] }
    }
  }

  public subscript(row: Int, column: Int) -> Double { elements[row * count + column] }
}
