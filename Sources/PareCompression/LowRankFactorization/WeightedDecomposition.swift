import PareLinearAlgebra
import PareTensor
import RealModule

/// Two thin matrices, row-major: `left [outputs, rank]`, `right [rank, inputs]`.
struct LowRankFactors {
  let left: [Double]
  let right: [Double]
  let rank: Int

  /// `L · R` of the factors as they are stored, rounded to Float32.
  func product() throws -> [Double] {
    try matrixProduct(
      left.map { Double(Float($0)) }, right.map { Double(Float($0)) }, left.count / rank, rank, right.count / rank)
  }
}

/// `A · B` of row-major `[m, k]` and `[k, n]`.
private func matrixProduct(_ a: [Double], _ b: [Double], _ m: Int, _ k: Int, _ n: Int) throws -> [Double] {
  var c = [Double](repeating: 0, count: m * n)
  try BLAS.load().gemm(m: m, n: n, k: k, a: a, lda: k, b: b, ldb: n, c: &c, ldc: n)
  return c
}

/// A weight's singular value decomposition, as it is or weighted by its inputs.
///
/// Weighted: with C = E[x xᵀ] = S·Sᵀ, the error of the outputs is ‖(W − Ŵ)·S‖². Of W·S = P·Σ·Qᵀ the best of rank k projects onto the
/// leading vectors of the outputs, Ŵ = P_k·(P_kᵀ·W), which needs no inverse of S.
struct WeightedDecomposition {
  /// Row-major `[outputs, inputs]`.
  let weights: [Double]
  let decomposition: SingularValueDecomposition
  private let outputs: Int
  /// S, row-major `[inputs, inputs]`; nil where weights alone count.
  private let root: [Double]?
  private let name: String

  init(_ weights: [Double], outputs: Int, moments: InputMoments?, name: String) throws {
    self.weights = weights
    self.outputs = outputs
    self.name = name
    let inputs = weights.count / outputs
    guard let products = moments?.secondMoments, products.count == inputs * inputs else {
      root = nil
      decomposition = try SingularValueDecomposition(Tensor(weights, shape: [outputs, inputs]), name: name)
      return
    }
    // C is symmetric and has no negative direction, so that its decomposition is that by eigenvectors.
    let eigen = try SingularValueDecomposition(Tensor(products, shape: [inputs, inputs]), name: "E[x xᵀ] of '\(name)'")
    let vectors = eigen.leftVectors.doubles
    let root = (0..<inputs * inputs).map { vectors[$0] * Double.sqrt(eigen.singularValues[$0 % inputs]) }
    self.root = root
    decomposition = try SingularValueDecomposition(
      Tensor(try matrixProduct(weights, root, outputs, inputs, inputs), shape: [outputs, inputs]), name: name)
  }

  /// The best of a rank.
  func factors(rank: Int) throws -> LowRankFactors {
    guard root != nil else { return Self.factors(decomposition, rank: rank) }
    let inputs = weights.count / outputs
    let (vectors, count) = (decomposition.leftVectors.doubles, decomposition.singularValues.count)
    var left = (0..<outputs * rank).map { vectors[$0 / rank * count + $0 % rank] }
    let turned = (0..<rank * outputs).map { vectors[$0 % outputs * count + $0 / outputs] }
    var right = try matrixProduct(turned, weights, rank, outputs, inputs)
    // Both of one scale.
    for k in 0..<rank {
      let length = Double.sqrt(right[k * inputs..<(k + 1) * inputs].reduce(0) { $0 + $1 * $1 })
      guard length > 0 else { continue }
      let share = Double.sqrt(length)
      for column in 0..<inputs { right[k * inputs + column] /= share }
      for row in 0..<outputs { left[row * rank + k] *= share }
    }
    return LowRankFactors(left: left, right: right, rank: rank)
  }

  /// The best of a rank for the weights themselves.
  func plain(rank: Int) throws -> LowRankFactors {
    let inputs = weights.count / outputs
    return Self.factors(try SingularValueDecomposition(Tensor(weights, shape: [outputs, inputs]), name: name), rank: rank)
  }

  /// `√E‖(W − L·R)x‖²` over the rows that inputs were observed on.
  func outputError(of factors: LowRankFactors) throws -> Double {
    guard let root else { return 0 }
    let inputs = weights.count / outputs
    let difference = zip(weights, try factors.product()).map { $0 - $1 }
    return Double.sqrt(try matrixProduct(difference, root, outputs, inputs, inputs).reduce(0) { $0 + $1 * $1 })
  }

  private static func factors(_ decomposition: SingularValueDecomposition, rank: Int) -> LowRankFactors {
    let (left, right) = decomposition.truncated(rank: rank, as: .float64)
    return LowRankFactors(left: left.doubles, right: right.doubles, rank: rank)
  }
}
