import PareTensor

/// A matrix as `U · diag(σ) · Vᵀ` with orthonormal columns of U and V and `σ[0] ≥ σ[1] ≥ … ≥ 0`, computed in Float64.
///
/// The thin form: `r = min(m, n)` columns each. Signs, which the definition leaves open, are settled: the element of
/// largest magnitude in each column of U is positive.
///
/// - Shapes: `[m, n]` → `U [m, r]`, `σ [r]`, `Vᵀ [r, n]`.
/// - Bound: `‖A − U·diag(σ)·Vᵀ‖ ≤ c(m, n) · 2⁻⁵² · σ[0]` with c a modest polynomial (LAPACK Users' Guide, §4.9).
/// - Source: LAPACK dgesdd, divide and conquer: Gu and Eisenstat 1995, doi:10.1137/S0895479892242232.
public struct SingularValueDecomposition: Sendable {
  /// Float64 `[m, r]`.
  public let leftVectors: Tensor
  /// In falling order.
  public let singularValues: [Double]
  /// Float64 `[r, n]`: Vᵀ.
  public let rightVectors: Tensor

  public var rows: Int { leftVectors.shape[0] }
  public var columns: Int { rightVectors.shape[1] }

  /// - Parameters:
  ///   - matrix: Float32 or Float64, of rank 2, with at least one row and column.
  ///   - name: what messages call it.
  /// - Throws: `LinearAlgebraError`: `shape`, `element-type`, `non-finite-value` with its row and column,
  ///   `not-converged`, or what `BLAS.load()` throws.
  public init(_ matrix: Tensor, name: String = "matrix") throws(LinearAlgebraError) {
    guard matrix.shape.rank == 2, matrix.elementCount > 0, matrix.shape.dimensions.allSatisfy({ $0 <= 1 << 24 }) else {
      throw LinearAlgebraError("shape", subject: name, expected: "a matrix with rows and columns", found: "\(matrix.shape)")
    }
    guard matrix.elementType == .float32 || matrix.elementType == .float64 else {
      throw LinearAlgebraError(
        "element-type", subject: name, expected: "float32 or float64", found: matrix.elementType.rawValue)
    }
    let (rows, columns) = (matrix.shape[0], matrix.shape[1])
    var values = matrix.doubles
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      throw LinearAlgebraError(
        "non-finite-value", subject: "\(name)[\(index / columns), \(index % columns)]", expected: "a finite number",
        found: "\(values[index])")
    }
    let rank = min(rows, columns)
    var sigma = [Double](repeating: 0, count: rank)
    var left = [Double](repeating: 0, count: rows * rank)
    var right = [Double](repeating: 0, count: rank * columns)
    let status = Self.decompose(
      &values, rows: rows, columns: columns, left: &left, sigma: &sigma, right: &right, by: try BLAS.load().symbols.dgesdd)
    guard status == 0 else {
      throw LinearAlgebraError(
        "not-converged", subject: name, expected: "a singular value decomposition", found: "LAPACK's dgesdd ended with \(status)",
        category: .internalFailure)
    }
    Self.settleSigns(&left, &right, rows: rows, columns: columns, rank: rank)
    leftVectors = Tensor(left, shape: [rows, rank])
    singularValues = sigma
    rightVectors = Tensor(right, shape: [rank, columns])
  }

  /// LAPACK reads column by column, so it sees the transpose, and its U and Vᵀ are Vᵀ and U of the row-major matrix.
  private static func decompose(
    _ matrix: inout [Double], rows: Int, columns: Int, left: inout [Double], sigma: inout [Double],
    right: inout [Double], by dgesdd: BLASSymbols.DGESDD
  ) -> Int32 {
    var (m, n, rank, status) = (Int32(columns), Int32(rows), Int32(sigma.count), Int32(0))
    var thin = CChar(bitPattern: UInt8(ascii: "S"))
    var integers = [Int32](repeating: 0, count: 8 * sigma.count)
    var work: [Double] = [0]
    var workCount: Int32 = -1
    // A count of −1 asks how much is best; the second call has that much.
    for _ in 0..<2 {
      dgesdd(
        &thin, &m, &n, &matrix, &m, &sigma, &right, &m, &left, &rank, &work, &workCount, &integers, &status, 1)
      guard status == 0, workCount < 0 else { break }
      workCount = Int32(min(work[0], Double(Int32.max)))
      work = [Double](repeating: 0, count: max(Int(workCount), 1))
    }
    return status
  }

  private static func settleSigns(_ left: inout [Double], _ right: inout [Double], rows: Int, columns: Int, rank: Int) {
    for vector in 0..<rank {
      var largest = 0.0
      for row in 0..<rows where left[row * rank + vector].magnitude > largest.magnitude {
        largest = left[row * rank + vector]
      }
      guard largest < 0 else { continue }
      for row in 0..<rows { left[row * rank + vector].negate() }
      for column in 0..<columns { right[vector * columns + column].negate() }
    }
  }
}

// MARK: - Truncation

extension SingularValueDecomposition {
  /// Two factors whose product is the best approximation of that rank, in either the Frobenius or the spectral norm.
  ///
  /// The singular values are split evenly, `U·√σ` and `√σ·Vᵀ`, so that neither factor is of another scale than the other.
  ///
  /// - Shapes: `left [m, rank]`, `right [rank, n]`.
  /// - Source: Eckart and Young 1936, doi:10.1007/BF02288367.
  /// - Precondition: `rank` is in `1 ... min(m, n)`.
  public func truncated(rank: Int, as elementType: ElementType = .float32) -> (left: Tensor, right: Tensor) {
    precondition((1...singularValues.count).contains(rank), "rank \(rank) of \(singularValues.count)")
    precondition(elementType == .float32 || elementType == .float64, "factors of \(elementType)")
    let roots = singularValues.prefix(rank).map { $0.squareRoot() }
    let (u, v) = (leftVectors.values(as: Double.self), rightVectors.values(as: Double.self))
    let full = singularValues.count
    let left = (0..<rows * rank).map { u[$0 / rank * full + $0 % rank] * roots[$0 % rank] }
    let right = (0..<rank * columns).map { v[$0] * roots[$0 / columns] }
    func tensor(_ values: [Double], _ shape: Shape) -> Tensor {
      elementType == .float32 ? Tensor(values.map { Float($0) }, shape: shape) : Tensor(values, shape: shape)
    }
    return (tensor(left, [rows, rank]), tensor(right, [rank, columns]))
  }

  /// The Frobenius norm of what a truncation leaves out: `√(Σ σ[i]², i ≥ rank)`.
  public func truncationError(rank: Int) -> Double {
    guard let largest = singularValues.first, largest > 0 else { return 0 }
    let scaled = singularValues.dropFirst(rank).reversed().reduce(0) { $0 + ($1 / largest) * ($1 / largest) }
    return largest * scaled.squareRoot()
  }

  /// The smallest rank that keeps at least the fraction `energy` of `Σ σ²`; at least 1.
  ///
  /// - Parameter energy: in `0 ... 1`; 1 keeps every singular value that is not zero.
  public func rank(energy: Double) -> Int {
    guard let largest = singularValues.first, largest > 0 else { return 1 }
    let squares = singularValues.map { ($0 / largest) * ($0 / largest) }
    // From the smallest up, so that what is left out is summed without loss.
    let permitted = (1 - energy) * squares.reversed().reduce(0, +)
    var rank = squares.count
    var omitted = 0.0
    while rank > 1, omitted + squares[rank - 1] <= permitted {
      omitted += squares[rank - 1]
      rank -= 1
    }
    return rank
  }

  /// The largest rank whose factors hold at most `ratio` times the matrix's elements; at least 1, even where that is
  /// more than was asked for.
  ///
  /// - Parameter ratio: `rank · (m + n) ≤ ratio · m · n`.
  public func rank(targetRatio ratio: Double) -> Int {
    let permitted = (ratio * Double(rows) * Double(columns) / Double(rows + columns)).rounded(.down)
    return Int(min(max(permitted, 1), Double(singularValues.count)))
  }

  /// The number of singular values above rounding: `σ > max(m, n) · 2⁻⁵² · σ[0]`.
  public var numericalRank: Int {
    let threshold = Double(max(rows, columns)) * Double.ulpOfOne * (singularValues.first ?? 0)
    return singularValues.count { $0 > threshold }
  }
}
