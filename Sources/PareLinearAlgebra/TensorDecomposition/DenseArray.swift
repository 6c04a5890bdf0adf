import PareTensor

/// An array of several axes in Float64, row-major, with the products that decompositions are made of.
struct DenseArray {
  var shape: [Int]
  var elements: [Double]

  init(shape: [Int], elements: [Double]) {
    self.shape = shape
    self.elements = elements
  }

  /// - Throws: `LinearAlgebraError`: `shape`, `element-type`, `non-finite-value` with its position.
  init(_ tensor: Tensor, name: String) throws(LinearAlgebraError) {
    guard tensor.shape.rank >= 1, tensor.elementCount > 0 else {
      throw LinearAlgebraError("shape", subject: name, expected: "an array with elements", found: "\(tensor.shape)")
    }
    guard tensor.elementType == .float32 || tensor.elementType == .float64 else {
      throw LinearAlgebraError("element-type", subject: name, expected: "float32 or float64", found: tensor.elementType.rawValue)
    }
    shape = tensor.shape.dimensions
    elements = tensor.doubles
    if let index = elements.firstIndex(where: { !$0.isFinite }) {
      throw LinearAlgebraError(
        "non-finite-value", subject: "\(name), element \(index)", expected: "a finite number", found: "\(elements[index])")
    }
  }

  /// Σ x².
  var energy: Double { elements.reduce(0) { $0 + $1 * $1 } }

  /// A matrix with the positions along one axis as its rows, and the other axes in their order along its columns.
  func unfolded(_ axis: Int) -> [Double] {
    let extent = shape[axis]
    let inner = shape[(axis + 1)...].reduce(1, *)
    let outer = shape[..<axis].reduce(1, *)
    guard outer > 1 else { return elements }
    var matrix = [Double](repeating: 0, count: elements.count)
    let columns = outer * inner
    for o in 0..<outer {
      for row in 0..<extent {
        let from = (o * extent + row) * inner
        let to = row * columns + o * inner
        for i in 0..<inner { matrix[to + i] = elements[from + i] }
      }
    }
    return matrix
  }

  /// The inverse of `unfolded`.
  static func folded(_ matrix: [Double], axis: Int, shape: [Int]) -> DenseArray {
    let extent = shape[axis]
    let inner = shape[(axis + 1)...].reduce(1, *)
    let outer = shape[..<axis].reduce(1, *)
    guard outer > 1 else { return DenseArray(shape: shape, elements: matrix) }
    var elements = [Double](repeating: 0, count: matrix.count)
    let columns = outer * inner
    for o in 0..<outer {
      for row in 0..<extent {
        let (to, from) = ((o * extent + row) * inner, row * columns + o * inner)
        for i in 0..<inner { elements[to + i] = matrix[from + i] }
      }
    }
    return DenseArray(shape: shape, elements: elements)
  }

  /// Each fibre along an axis multiplied by a matrix.
  ///
  /// - Parameters:
  ///   - matrix: row-major `[rows, shape[axis]]`, or `[shape[axis], rows]` where it is to be transposed.
  func multiplied(along axis: Int, by matrix: [Double], rows: Int, transposed: Bool, _ blas: BLAS) -> DenseArray {
    let extent = shape[axis]
    let columns = elements.count / extent
    let unfolded = unfolded(axis)
    var product = [Double](repeating: 0, count: rows * columns)
    blas.gemm(
      transposeA: transposed, m: rows, n: columns, k: extent, a: matrix, lda: transposed ? rows : extent, b: unfolded, ldb: columns,
      c: &product, ldc: columns)
    var shape = shape
    shape[axis] = rows
    return .folded(product, axis: axis, shape: shape)
  }
}
