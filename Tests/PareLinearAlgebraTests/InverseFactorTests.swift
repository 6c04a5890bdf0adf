import PareLinearAlgebra
import PareTensor
import Testing

@Suite struct InverseFactorTests {
  /// `A = B · Bᵀ + shift · I` of random B, row-major.
  static func definite(_ n: Int, shift: Double, seed: UInt64) -> [Double] {
    var generator = SeededGenerator(seed: seed)
    let b = (0..<n * n).map { _ in generator.normal() }
    return (0..<n * n).map { position in
      let (i, j) = (position / n, position % n)
      return (0..<n).reduce(i == j ? shift : 0) { $0 + b[i * n + $1] * b[j * n + $1] }
    }
  }

  @Test(arguments: [1, 2, 3, 17, 60]) func theFactorsProductIsTheInverse(_ n: Int) throws {
    let a = Self.definite(n, shift: 1, seed: UInt64(n))
    let u = try InverseFactor(of: a, count: n)
    for i in 0..<n {
      #expect(u[i, i] > 0)
      for j in 0..<i { #expect(u[i, j] == 0) }
    }
    for i in 0..<n {
      for j in 0..<n {
        // (Uᵀ U A)[i, j]
        let element = (0..<n).reduce(0.0) { sum, k in
          sum + (0...min(i, k)).reduce(0.0) { $0 + u[$1, i] * u[$1, k] } * a[k * n + j]
        }
        #expect((element - (i == j ? 1 : 0)).magnitude < 1e-8 * Double(n))
      }
    }
  }

  @Test func twoByTwoByHand() throws {
    // A = [[5, 2], [2, 1]], inverse [[1, −2], [−2, 5]] = Uᵀ U with U = [[1, −2], [0, 1]].
    #expect(try InverseFactor(of: [5, 2, 2, 1], count: 2).elements == [1, -2, 0, 1])
  }

  @Test func aMatrixThatIsNotDefiniteIsRefused() throws {
    for matrix in [[1.0, 2, 2, 1], [0, 0, 0, 0], [.nan, 0, 0, 1]] {
      let error = try #require(throws: LinearAlgebraError.self) { try InverseFactor(of: matrix, count: 2, name: "H") }
      #expect(error.code == "linear-algebra.not-positive-definite" && error.subject == "H")
    }
    #expect(throws: LinearAlgebraError.self) { try InverseFactor(of: [1, 2], count: 2) }
  }
}
