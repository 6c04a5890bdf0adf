import PareLinearAlgebra
import PareTensor
import Testing

@Suite struct SingularValueDecompositionTests {
  private func random(_ rows: Int, _ columns: Int, seed: UInt64) -> Tensor {
    var generator = SeededGenerator(seed: seed)
    return Tensor((0..<rows * columns).map { _ in generator.normal() }, shape: [rows, columns])
  }

  private func multiply(_ a: Tensor, _ b: Tensor) -> [Double] {
    let (m, k, n) = (a.shape[0], a.shape[1], b.shape[1])
    let (left, right) = (a.doubles, b.doubles)
    return (0..<m * n).map { index in
      (0..<k).reduce(0) { $0 + left[index / n * k + $1] * right[$1 * n + index % n] }
    }
  }

  private func transposed(_ a: Tensor) -> Tensor {
    let (rows, columns) = (a.shape[0], a.shape[1])
    let values = a.doubles
    return Tensor((0..<rows * columns).map { values[$0 % rows * columns + $0 / rows] }, shape: [columns, rows])
  }

  private func distance(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
  }

  private func identity(_ count: Int) -> [Double] {
    (0..<count * count).map { $0 / count == $0 % count ? 1 : 0 }
  }

  /// Far above LAPACK's error for these sizes, far below any mistake.
  private let tolerance = 1e-12

  @Test(arguments: [(1, 1), (1, 7), (7, 1), (6, 6), (20, 9), (9, 20), (128, 64)])
  func factorsAreOrthonormalAndMultiplyToTheMatrix(rows: Int, columns: Int) throws {
    let matrix = random(rows, columns, seed: UInt64(rows * 1000 + columns))
    let decomposition = try SingularValueDecomposition(matrix)
    let (u, vt) = (decomposition.leftVectors, decomposition.rightVectors)
    let rank = min(rows, columns)
    #expect(u.shape == [rows, rank] && vt.shape == [rank, columns])
    #expect(distance(multiply(transposed(u), u), identity(rank)) < tolerance)
    #expect(distance(multiply(vt, transposed(vt)), identity(rank)) < tolerance)
    #expect(decomposition.singularValues == decomposition.singularValues.sorted(by: >))
    let factors = decomposition.truncated(rank: rank, as: .float64)
    #expect(distance(multiply(factors.left, factors.right), matrix.doubles) < tolerance * decomposition.singularValues[0])
  }

  @Test func knownMatrixHasItsSingularValues() throws {
    // AᵀA = [[25, 20], [20, 25]], whose eigenvalues are 45 and 5.
    let decomposition = try SingularValueDecomposition(Tensor([3, 0, 4, 5] as [Float], shape: [2, 2]))
    #expect(distance(decomposition.singularValues, [Double(45).squareRoot(), Double(5).squareRoot()]) < tolerance)
    let root = Double(0.1).squareRoot()
    #expect(distance(decomposition.leftVectors.doubles, [root, 3 * root, 3 * root, -root]) < tolerance)
  }

  @Test func largestElementOfEachLeftVectorIsPositive() throws {
    let u = transposed(try SingularValueDecomposition(random(12, 5, seed: 3)).leftVectors).doubles
    for vector in 0..<5 {
      let elements = u[vector * 12..<vector * 12 + 12]
      #expect(elements.max { $0.magnitude < $1.magnitude } ?? 0 > 0)
    }
  }

  @Test func truncationErrorIsTheDistanceToTheMatrix() throws {
    let matrix = random(16, 11, seed: 5)
    let decomposition = try SingularValueDecomposition(matrix)
    for rank in 1...11 {
      let factors = decomposition.truncated(rank: rank, as: .float64)
      let error = distance(multiply(factors.left, factors.right), matrix.doubles)
      #expect(abs(error - decomposition.truncationError(rank: rank)) < 1e-12)
    }
    #expect(decomposition.truncationError(rank: 11) == 0)
  }

  /// Eckart and Young: no factors of the same rank come closer.
  /// An array with the relative errors of numpy 2.4.6's best approximations of rank 1, 4 and 12 (`benchmarks/decompositions`).
  struct PeerCase: Sendable {
    let isLow: Bool
    let rows, columns: Int
    let errors: [Double]
  }

  static let peerCases = [
    PeerCase(isLow: false, rows: 40, columns: 24, errors: [0.9378765648, 0.7451221771, 0.3685120952]),
    PeerCase(isLow: false, rows: 24, columns: 40, errors: [0.9370866414, 0.7361251831, 0.3326682745]),
    PeerCase(isLow: false, rows: 128, columns: 64, errors: [0.9809058653, 0.9270457004, 0.7914477504]),
    PeerCase(isLow: true, rows: 40, columns: 24, errors: [0.7865062315, 0.0339583209, 0.0162773861]),
    PeerCase(isLow: true, rows: 24, columns: 40, errors: [0.7883174412, 0.0336910521, 0.0148800939]),
    PeerCase(isLow: true, rows: 128, columns: 64, errors: [0.8002880437, 0.0384265488, 0.0327352384]),
  ]

  @Test(arguments: peerCases) func truncationIsAsGoodAsThePeers(_ example: PeerCase) throws {
    let shape = [example.rows, example.columns]
    let matrix = example.isLow ? TensorDecompositionTests.low(shape) : TensorDecompositionTests.sine(shape)
    let decomposition = try SingularValueDecomposition(matrix)
    for (rank, expected) in zip([1, 4, 12], example.errors) {
      let factors = decomposition.truncated(rank: rank, as: .float64)
      let product = Tensor(multiply(factors.left, factors.right), shape: matrix.shape)
      #expect(abs(TensorDecompositionTests.relativeError(product, matrix) - expected) < 1e-8)
    }
  }

  @Test func disturbedFactorsAreNoBetter() throws {
    let matrix = random(10, 8, seed: 6)
    let decomposition = try SingularValueDecomposition(matrix)
    let best = decomposition.truncationError(rank: 3)
    let factors = decomposition.truncated(rank: 3, as: .float64)
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<20 {
      let left = Tensor(factors.left.doubles.map { $0 + 0.05 * generator.normal() }, shape: factors.left.shape)
      #expect(distance(multiply(left, factors.right), matrix.doubles) >= best)
    }
  }

  @Test func factorsShareTheSingularValuesEvenly() throws {
    let factors = try SingularValueDecomposition(random(9, 14, seed: 8)).truncated(rank: 4, as: .float64)
    let left = multiply(transposed(factors.left), factors.left)
    let right = multiply(factors.right, transposed(factors.right))
    #expect(distance(left, right) < tolerance)
  }

  @Test func rankDeficientMatrixIsFoundOut() throws {
    let matrix = Tensor(multiply(random(15, 3, seed: 9), random(3, 10, seed: 10)), shape: [15, 10])
    let decomposition = try SingularValueDecomposition(matrix)
    #expect(decomposition.numericalRank == 3)
    #expect(decomposition.truncationError(rank: 3) < 1e-12)
    #expect(decomposition.rank(energy: 1 - 1e-20) <= 10)
    #expect(decomposition.rank(energy: 1 - 1e-12) == 3)
  }

  @Test func zerosDecomposeIntoZeros() throws {
    let decomposition = try SingularValueDecomposition(Tensor(zeros: .float32, shape: [4, 3]))
    #expect(decomposition.singularValues == [0, 0, 0])
    #expect(decomposition.numericalRank == 0)
    #expect(decomposition.rank(energy: 0.9) == 1)
    #expect(decomposition.truncationError(rank: 1) == 0)
    #expect(decomposition.truncated(rank: 1).left == Tensor(zeros: .float32, shape: [4, 1]))
    #expect(decomposition.truncated(rank: 1).right.doubles.allSatisfy { $0 == 0 })
  }

  @Test func rankFollowsEnergyAndRatio() throws {
    // σ = 4, 2, 1, so the energies are 16, 4 and 1 of 21.
    let matrix = Tensor([4, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0] as [Float], shape: [4, 3])
    let decomposition = try SingularValueDecomposition(matrix)
    #expect(decomposition.rank(energy: 0) == 1)
    #expect(decomposition.rank(energy: 0.7) == 1)
    #expect(decomposition.rank(energy: 0.8) == 2)
    #expect(decomposition.rank(energy: 0.96) == 3)
    #expect(decomposition.rank(energy: 1) == 3)
    // A rank costs 7 elements of 12.
    #expect(decomposition.rank(targetRatio: 0.1) == 1)
    #expect(decomposition.rank(targetRatio: 7.0 / 12 * 1.5) == 1)
    #expect(decomposition.rank(targetRatio: 1.2) == 2)
    #expect(decomposition.rank(targetRatio: 9) == 3)
  }

  @Test func hugeAndTinyMagnitudesKeepTheirScale() throws {
    for scale in [1e200, 1e-200] {
      let values = random(5, 4, seed: 11).doubles.map { $0 * scale }
      let decomposition = try SingularValueDecomposition(Tensor(values, shape: [5, 4]))
      let error = decomposition.truncationError(rank: 2)
      #expect(error > 0.1 * scale && error < 10 * scale)
      #expect((1...4).contains(decomposition.rank(energy: 0.9)))
    }
  }

  @Test func whatIsNoFiniteMatrixIsRefused() {
    func code(_ tensor: Tensor) -> String? {
      do {
        _ = try SingularValueDecomposition(tensor, name: "dense_0.weight")
        return nil
      } catch { return "\(error.code) \(error.subject)" }
    }
    #expect(code(Tensor([1, 2, .nan, 4] as [Float], shape: [2, 2])) == "linear-algebra.non-finite-value dense_0.weight[1, 0]")
    #expect(code(Tensor([1, .infinity] as [Double], shape: [1, 2])) == "linear-algebra.non-finite-value dense_0.weight[0, 1]")
    #expect(code(Tensor([1, 2] as [Float])) == "linear-algebra.shape dense_0.weight")
    #expect(code(Tensor(zeros: .float32, shape: [0, 3])) == "linear-algebra.shape dense_0.weight")
    #expect(code(Tensor([1, 2] as [Int8], shape: [1, 2])) == "linear-algebra.element-type dense_0.weight")
  }
}
