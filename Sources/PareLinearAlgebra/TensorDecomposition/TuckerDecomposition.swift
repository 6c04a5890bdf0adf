import PareTensor

/// An array as a smaller core multiplied along its axes by matrices with orthonormal columns: `X ≈ G ×₀ U₀ ×₁ U₁ …`.
///
/// Begun by the leading singular vectors of each unfolding (HOSVD), then each matrix in turn is made the best for the others (HOOI)
/// until the error no longer falls. Along axes that are not named nothing is done.
///
/// - Shapes: `X [I₀, I₁, …]` → `U_n [I_n, r_n]`, `G [r₀, r₁, …]`.
/// - Bound: HOSVD's error is at most √N times the best possible for N axes; iterating never raises it.
/// - Source: De Lathauwer, De Moor and Vandewalle 2000, doi:10.1137/S0895479896305696 (HOSVD) and doi:10.1137/S0895479898346995
///   (HOOI).
public struct TuckerDecomposition: Sendable {
  /// Iterations after which it ends in any case.
  public static let iterationLimit = 100
  /// Of the error relative to the array, below which a gain ends it.
  public static let tolerance = 1e-10

  /// Float64 `[I_n, r_n]` by axis.
  public let factors: [Int: Tensor]
  /// Float64.
  public let core: Tensor
  /// ‖X − X̂‖ / ‖X‖; 0 for an array of zeros.
  public let relativeError: Double
  /// Rounds over all axes.
  public let iterations: Int

  /// - Parameters:
  ///   - ranks: by axis, each in `1 ... extent`; no more than the product of the other ranks is used.
  ///   - iterates: whether HOSVD is improved upon.
  ///   - name: what messages call the array.
  /// - Throws: `LinearAlgebraError`: `rank` for a rank out of range, `shape`, `element-type`, `non-finite-value`, or what a singular
  ///   value decomposition throws.
  public init(_ tensor: Tensor, ranks: [Int: Int], iterates: Bool = true, name: String = "array") throws(LinearAlgebraError) {
    let array = try DenseArray(tensor, name: name)
    for (axis, rank) in ranks.sorted(by: { $0.key < $1.key }) {
      guard array.shape.indices.contains(axis), (1...array.shape[axis]).contains(rank) else {
        throw LinearAlgebraError(
          "rank", subject: "\(name), axis \(axis)",
          expected: array.shape.indices.contains(axis) ? "a rank in 1 ... \(array.shape[axis])" : "an axis of \(tensor.shape)",
          found: "\(rank)")
      }
    }
    let blas = try BLAS.load()
    let axes = ranks.keys.sorted()
    var factors: [Int: [Double]] = [:]
    for axis in axes { factors[axis] = try Self.leadingVectors(array, axis, ranks[axis] ?? 1, name) }
    func projected(leaving left: Int?) -> DenseArray {
      axes.filter { $0 != left }.reduce(array) { partial, axis in
        partial.multiplied(along: axis, by: factors[axis] ?? [], rows: ranks[axis] ?? 1, transposed: true, blas)
      }
    }
    let energy = array.energy
    func error(_ core: DenseArray) -> Double { energy > 0 ? (max(energy - core.energy, 0) / energy).squareRoot() : 0 }
    var core = projected(leaving: nil)
    var last = error(core)
    var round = 0
    // With one axis HOSVD is the best already.
    while iterates, axes.count > 1, round < Self.iterationLimit {
      round += 1
      for axis in axes { factors[axis] = try Self.leadingVectors(projected(leaving: axis), axis, ranks[axis] ?? 1, name) }
      core = projected(leaving: nil)
      let now = error(core)
      if last - now < Self.tolerance { break }
      last = now
    }
    var tensors: [Int: Tensor] = [:]
    for axis in axes { tensors[axis] = Tensor(factors[axis] ?? [], shape: [array.shape[axis], ranks[axis] ?? 1]) }
    self.factors = tensors
    self.core = Tensor(core.elements, shape: Shape(core.shape))
    relativeError = error(core)
    iterations = round
  }

  /// The array that the factors stand for, in Float64.
  public func reconstructed() throws(LinearAlgebraError) -> Tensor {
    let blas = try BLAS.load()
    var array = DenseArray(shape: core.shape.dimensions, elements: core.doubles)
    for (axis, factor) in factors.sorted(by: { $0.key < $1.key }) {
      array = array.multiplied(along: axis, by: factor.doubles, rows: factor.shape[0], transposed: false, blas)
    }
    return Tensor(array.elements, shape: Shape(array.shape))
  }

  /// Singular values of each unfolding, by which ranks are chosen.
  ///
  /// - Throws: as the initializer does.
  public static func spectrum(of tensor: Tensor, axis: Int, name: String = "array") throws(LinearAlgebraError) -> [Double] {
    let array = try DenseArray(tensor, name: name)
    return try SingularValueDecomposition(
      Tensor(array.unfolded(axis), shape: [array.shape[axis], array.elements.count / array.shape[axis]]), name: name
    ).singularValues
  }

  /// Row-major `[extent, rank]`. Where there are fewer vectors than that, the others are zero.
  private static func leadingVectors(_ array: DenseArray, _ axis: Int, _ rank: Int, _ name: String) throws(LinearAlgebraError) -> [Double] {
    let extent = array.shape[axis]
    let decomposition = try SingularValueDecomposition(
      Tensor(array.unfolded(axis), shape: [extent, array.elements.count / extent]), name: name)
    let (vectors, count) = (decomposition.leftVectors.doubles, decomposition.singularValues.count)
    return (0..<extent * rank).map { $0 % rank < count ? vectors[$0 / rank * count + $0 % rank] : 0 }
  }
}
