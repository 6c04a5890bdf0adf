import PareLinearAlgebra
import PareTensor

/// The mean of each input of a layer over the training part, its largest magnitude, the mean of its square, and where asked for the mean of each
/// product of two: what is known of a layer's inputs by methods that choose weights for its output.
struct InputMoments: Sendable {
  let inputCount: Int
  private(set) var count = 0
  private var sums: [Double]
  private var squares: [Double]
  /// max |x|.
  private(set) var largestMagnitudes: [Double]
  /// Row-major `[inputs, inputs]`.
  private var products: [Double]?

  init(inputCount: Int, withProducts: Bool) {
    self.inputCount = inputCount
    sums = [Double](repeating: 0, count: inputCount)
    squares = sums
    largestMagnitudes = sums
    products = withProducts ? [Double](repeating: 0, count: inputCount * inputCount) : nil
  }

  /// Takes in rows of inputs, one behind the other.
  ///
  /// Products are summed in Float32 within the call and in Float64 across calls.
  ///
  /// - Throws: `CompressionError` `compression.non-finite-value`, naming the value that the rows belong to.
  mutating func add(_ rows: UnsafeBufferPointer<Float>, of value: String) throws {
    guard inputCount > 0, let base = rows.baseAddress else { return }
    let rowCount = rows.count / inputCount
    for row in 0..<rowCount {
      for input in 0..<inputCount {
        let x = Double(rows[row * inputCount + input])
        guard x.isFinite else {
          throw CompressionError(
            "non-finite-value", subject: "value '\(value)'", expected: "finite activations on the training part", found: "\(x)")
        }
        sums[input] += x
        squares[input] += x * x
        largestMagnitudes[input] = max(largestMagnitudes[input], x.magnitude)
      }
    }
    count += rowCount
    guard products != nil, rowCount > 0 else { return }
    var piece = [Float](repeating: 0, count: inputCount * inputCount)
    try BLAS.load().gemm(
      transposeA: true, m: inputCount, n: inputCount, k: rowCount, a: base, lda: inputCount, b: base, ldb: inputCount,
      c: &piece, ldc: inputCount)
    for index in piece.indices { products?[index] += Double(piece[index]) }
  }

  /// E[x].
  var means: [Double] { sums.map { count == 0 ? 0 : $0 / Double(count) } }
  /// E[x²].
  var meanSquares: [Double] { squares.map { count == 0 ? 0 : $0 / Double(count) } }
  /// E[x xᵀ], row-major; nil where it was not asked for.
  var secondMoments: [Double]? { products?.map { count == 0 ? 0 : $0 / Double(count) } }
}
