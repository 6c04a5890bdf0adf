/// The lower triangle L with `A = L · Lᵀ` of a symmetric positive semidefinite matrix A, in Float64.
///
/// Where a pivot is not above `floor` times the largest element of the diagonal, A counts as zero in that direction, and solutions
/// are 0 there.
///
/// - Shapes: `A [n, n]` → `L [n, n]`, row-major; what lies above the diagonal is not used.
/// - Bound: for a positive definite A, `‖A − L·Lᵀ‖ ≤ (n + 1) · 2⁻⁵² · trace(A)` (Higham 2002, §10.1).
/// - Source: Cholesky 1910; Golub and Van Loan 2013, §4.2.
public struct CholeskyFactor: Sendable {
  public let count: Int
  private var elements: [Double]

  /// - Parameters:
  ///   - matrix: row-major `[count, count]`; the lower triangle is read.
  ///   - floor: of the largest element of the diagonal.
  /// - Precondition: `count` squared elements.
  public init(of matrix: [Double], count: Int, floor: Double = 0) {
    precondition(matrix.count == count * count)
    self.count = count
    elements = matrix
    let least = floor * (0..<count).reduce(0) { max($0, matrix[$1 * count + $1]) }
    for j in 0..<count {
      var pivot = elements[j * count + j]
      for k in 0..<j { pivot -= elements[j * count + k] * elements[j * count + k] }
      let root = pivot > least ? pivot.squareRoot() : 0
      elements[j * count + j] = root
      for i in j + 1..<max(count, j + 1) {
        var sum = elements[i * count + j]
        for k in 0..<j { sum -= elements[i * count + k] * elements[j * count + k] }
        elements[i * count + j] = root > 0 ? sum / root : 0
      }
    }
  }

  /// Whether every pivot was above the floor.
  public var isDefinite: Bool { (0..<count).allSatisfy { elements[$0 * count + $0] > 0 } }

  /// Puts x with `A · x = b` in the place of each b.
  ///
  /// - Parameter right: right-hand sides one behind the other, `count` numbers each.
  public func solve(_ right: inout [Double]) {
    for first in stride(from: 0, to: right.count, by: max(count, 1)) {
      for i in 0..<count {
        var sum = right[first + i]
        for k in 0..<i { sum -= elements[i * count + k] * right[first + k] }
        right[first + i] = elements[i * count + i] > 0 ? sum / elements[i * count + i] : 0
      }
      for i in (0..<count).reversed() {
        var sum = right[first + i]
        for k in i + 1..<max(count, i + 1) { sum -= elements[k * count + i] * right[first + k] }
        right[first + i] = elements[i * count + i] > 0 ? sum / elements[i * count + i] : 0
      }
    }
  }
}
