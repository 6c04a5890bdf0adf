import PareTensor

/// An array as a sum of products of one vector an axis (CP): `X ≈ Σ_r λ_r a_r ∘ b_r ∘ c_r …`.
///
/// Alternating least squares: each matrix of vectors in turn is the least-squares solution for the others, with a small ridge. An
/// array may have no best approximation of a rank: components then grow without bound and cancel. Where they grow beyond
/// `divergence` times the array's norm, the ridge is raised until they do not.
///
/// - Shapes: `X [I₀, I₁, …]` → a matrix `[I_n, R]` an axis with columns of length 1, and R weights.
/// - Source: Kolda and Bader 2009, doi:10.1137/07070111X, §3.4; degeneracy §3.3.
public struct PolyadicDecomposition: Sendable {
  /// Components are at most so many times as long as the array.
  public static let divergence = 100.0

  /// Float64 `[I_n, R]` by axis.
  public let factors: [Tensor]
  /// Falling in magnitude.
  public let weights: [Double]
  /// ‖X − X̂‖ / ‖X‖; 0 for an array of zeros.
  public let relativeError: Double
  public let iterations: Int
  /// The ridge relative to the mean square of a column, as raised against divergence.
  public let ridge: Double

  /// - Parameters:
  ///   - rank: R, at least 1.
  ///   - starts: how many times it starts: from singular vectors, and from normal numbers; the best end is taken.
  ///   - iterations: rounds over all axes after which a start ends in any case.
  ///   - tolerance: of the error relative to the array, below which a round's gain ends a start.
  ///   - seed: of the normal numbers.
  ///   - name: what messages call the array.
  /// - Throws: `LinearAlgebraError`: `rank`, `shape`, `element-type`, `non-finite-value`, or what a singular value decomposition throws.
  public init(
    _ tensor: Tensor, rank: Int, starts: Int = 5, iterations: Int = 1000, tolerance: Double = 1e-9, seed: UInt64 = 0,
    name: String = "array"
  ) throws(LinearAlgebraError) {
    let array = try DenseArray(tensor, name: name)
    guard rank >= 1 else { throw LinearAlgebraError("rank", subject: name, expected: "a rank of at least 1", found: "\(rank)") }
    let blas = try BLAS.load()
    let unfoldings = array.shape.indices.map { array.unfolded($0) }
    var best: Descent?
    for start in 0..<max(starts, 1) {
      var generator = SeededGenerator(seed: seed, stream: "polyadic/\(start)")
      var initial: [[Double]] = []
      for axis in array.shape.indices {
        initial.append(try Self.start(array, unfoldings[axis], axis, rank, start == 0, &generator, name))
      }
      var ridge = 1e-12
      func descend() -> Descent { Descent(array, unfoldings, initial, rank, ridge, iterations, tolerance, blas) }
      var descent = descend()
      while descent.largestWeight > Self.divergence * array.energy.squareRoot(), ridge < 1e-2 {
        ridge *= 100
        descent = descend()
      }
      if best.map({ descent.relativeError < $0.relativeError }) ?? true { best = descent }
    }
    guard let end = best else { throw LinearAlgebraError("rank", subject: name, expected: "at least one start", found: "none") }
    let order = (0..<rank).sorted { (end.weights[$1].magnitude, $0) < (end.weights[$0].magnitude, $1) }
    weights = order.map { end.weights[$0] }
    factors = zip(array.shape, end.factors).map { extent, factor in
      Tensor((0..<extent * rank).map { factor[$0 / rank * rank + order[$0 % rank]] }, shape: [extent, rank])
    }
    relativeError = end.relativeError
    self.iterations = end.iterations
    ridge = end.ridge
  }

  /// The array that the components add up to, in Float64.
  public func reconstructed() -> Tensor {
    let shape = factors.map { $0.shape[0] }
    let rank = weights.count
    var partial: [[Double]] = [weights]
    for factor in factors {
      let numbers = factor.doubles
      partial = partial.flatMap { row in
        (0..<factor.shape[0]).map { index in (0..<rank).map { row[$0] * numbers[index * rank + $0] } }
      }
    }
    return Tensor(partial.map { $0.reduce(0, +) }, shape: Shape(shape))
  }

  private static func start(
    _ array: DenseArray, _ unfolding: [Double], _ axis: Int, _ rank: Int, _ bySingularVectors: Bool, _ generator: inout SeededGenerator,
    _ name: String
  ) throws(LinearAlgebraError) -> [Double] {
    let extent = array.shape[axis]
    var numbers = (0..<extent * rank).map { _ in generator.normal() }
    guard bySingularVectors else { return numbers }
    let decomposition = try SingularValueDecomposition(
      Tensor(unfolding, shape: [extent, unfolding.count / extent]), name: name)
    let (vectors, count) = (decomposition.leftVectors.doubles, decomposition.singularValues.count)
    for row in 0..<extent {
      for column in 0..<min(rank, count) { numbers[row * rank + column] = vectors[row * count + column] }
    }
    return numbers
  }
}

/// One run of alternating least squares from given vectors.
private struct Descent {
  /// Row-major `[extent, rank]` by axis, columns of length 1.
  private(set) var factors: [[Double]]
  private(set) var weights: [Double]
  private(set) var relativeError = 1.0
  private(set) var iterations = 0
  let ridge: Double

  var largestWeight: Double { weights.reduce(0) { max($0, $1.magnitude) } }

  init(
    _ array: DenseArray, _ unfoldings: [[Double]], _ start: [[Double]], _ rank: Int, _ ridge: Double, _ limit: Int,
    _ tolerance: Double, _ blas: BLAS
  ) {
    factors = start
    weights = [Double](repeating: 1, count: rank)
    self.ridge = ridge
    let energy = array.energy
    guard energy > 0 else {
      relativeError = 0
      weights = [Double](repeating: 0, count: rank)
      return
    }
    for axis in factors.indices { _ = Self.normalize(&factors[axis], rank) }
    while iterations < limit {
      iterations += 1
      var fit = 0.0
      for axis in array.shape.indices {
        // The Khatri–Rao product of the others, the last axis running fastest, as in the unfolding.
        let others = array.shape.indices.filter { $0 != axis }
        var product = [Double](repeating: 1, count: rank)
        var gram = [Double](repeating: 1, count: rank * rank)
        for other in others {
          product = Self.khatriRao(product, factors[other], rank)
          let own = Self.gram(factors[other], rank, blas)
          for index in gram.indices { gram[index] *= own[index] }
        }
        let (extent, columns) = (array.shape[axis], product.count / rank)
        var right = [Double](repeating: 0, count: extent * rank)
        blas.gemm(m: extent, n: rank, k: columns, a: unfoldings[axis], lda: columns, b: product, ldb: rank, c: &right, ldc: rank)
        let projection = right
        var damped = gram
        for r in 0..<rank { damped[r * rank + r] += ridge }
        CholeskyFactor(of: damped, count: rank, floor: 1e-14).solve(&right)
        if axis == array.shape.count - 1 {
          // ‖X̂‖² and ⟨X, X̂⟩ with what was solved for, before its columns are made of length 1.
          let own = Self.gram(right, rank, blas)
          let square = zip(own, gram).reduce(0) { $0 + $1.0 * $1.1 }
          let inner = zip(projection, right).reduce(0) { $0 + $1.0 * $1.1 }
          fit = max(energy - 2 * inner + square, 0)
        }
        factors[axis] = right
        weights = Self.normalize(&factors[axis], rank)
      }
      let now = (fit / energy).squareRoot()
      let gain = relativeError - now
      relativeError = now
      if gain.magnitude < tolerance { break }
    }
  }

  /// Lengths of the columns, which become 1; a column of zeros stays.
  private static func normalize(_ factor: inout [Double], _ rank: Int) -> [Double] {
    var squares = [Double](repeating: 0, count: rank)
    for (index, value) in factor.enumerated() { squares[index % rank] += value * value }
    let lengths = squares.map { $0.squareRoot() }
    for index in factor.indices where lengths[index % rank] > 0 { factor[index] /= lengths[index % rank] }
    return lengths
  }

  private static func khatriRao(_ left: [Double], _ right: [Double], _ rank: Int) -> [Double] {
    var product: [Double] = []
    product.reserveCapacity(left.count / rank * right.count)
    for i in stride(from: 0, to: left.count, by: rank) {
      for j in stride(from: 0, to: right.count, by: rank) {
        for r in 0..<rank { product.append(left[i + r] * right[j + r]) }
      }
    }
    return product
  }

  private static func gram(_ factor: [Double], _ rank: Int, _ blas: BLAS) -> [Double] {
    var gram = [Double](repeating: 0, count: rank * rank)
    blas.gemm(transposeA: true, m: rank, n: rank, k: factor.count / rank, a: factor, lda: rank, b: factor, ldb: rank, c: &gram, ldc: rank)
    return gram
  }
}
