import Foundation
import PareLinearAlgebra
import PareTensor
import Testing

@Suite struct BLASTests {
  /// Small integers, so that every sum is exact in either precision.
  private func integers<Scalar: BinaryFloatingPoint>(_ count: Int, seed: UInt64, as: Scalar.Type) -> [Scalar] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Scalar(generator.below(15)) - 7 }
  }

  private func product<Scalar: BinaryFloatingPoint>(
    _ a: [Scalar], _ b: [Scalar], _ c: [Scalar], m: Int, n: Int, k: Int, transposeA: Bool, transposeB: Bool,
    alpha: Scalar, beta: Scalar
  ) -> [Scalar] {
    var result = c
    for row in 0..<m {
      for column in 0..<n {
        var sum: Scalar = 0
        for inner in 0..<k {
          sum += (transposeA ? a[inner * m + row] : a[row * k + inner]) * (transposeB ? b[column * k + inner] : b[inner * n + column])
        }
        result[row * n + column] = alpha * sum + (beta == 0 ? 0 : beta * c[row * n + column])
      }
    }
    return result
  }

  @Test(arguments: [(1, 1, 1), (3, 5, 2), (33, 17, 129), (64, 3, 20)], [false, true])
  func productsEqualTheTripleLoop(size: (m: Int, n: Int, k: Int), transposeA: Bool) throws {
    let blas = try BLAS.load()
    let (m, n, k) = size
    for transposeB in [false, true] {
      let a = integers(m * k, seed: 1, as: Float.self)
      let b = integers(k * n, seed: 2, as: Float.self)
      var c = integers(m * n, seed: 3, as: Float.self)
      let expected = product(a, b, c, m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB, alpha: 2, beta: -1)
      blas.gemm(
        transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, alpha: 2, a: a, lda: transposeA ? m : k,
        b: b, ldb: transposeB ? k : n, beta: -1, c: &c, ldc: n)
      #expect(c == expected)

      let wideA = a.map(Double.init)
      let wideB = b.map(Double.init)
      var wideC = integers(m * n, seed: 3, as: Double.self)
      blas.gemm(
        transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, alpha: 2, a: wideA, lda: transposeA ? m : k,
        b: wideB, ldb: transposeB ? k : n, beta: -1, c: &wideC, ldc: n)
      #expect(wideC == expected.map(Double.init))
    }
  }

  @Test func whatStoodInTheResultIsNotReadWithoutBeta() throws {
    let blas = try BLAS.load()
    var c = [Float](repeating: .nan, count: 4)
    blas.gemm(m: 2, n: 2, k: 2, a: [1, 2, 3, 4] as [Float], lda: 2, b: [1, 0, 0, 1] as [Float], ldb: 2, c: &c, ldc: 2)
    #expect(c == [1, 2, 3, 4])
    var y = [Float](repeating: .nan, count: 2)
    blas.gemv(rows: 2, columns: 2, a: [1, 2, 3, 4] as [Float], lda: 2, x: [1, 1] as [Float], y: &y)
    #expect(y == [3, 7])
  }

  @Test func anEmptyInnerDimensionLeavesOnlyBeta() throws {
    let blas = try BLAS.load()
    var c: [Float] = [1, 2, 3, 4]
    let nothing: [Float] = [0]
    blas.gemm(m: 2, n: 2, k: 0, a: nothing, lda: 0, b: nothing, ldb: 2, beta: 3, c: &c, ldc: 2)
    #expect(c == [3, 6, 9, 12])
    blas.gemm(m: 0, n: 2, k: 2, a: nothing, lda: 2, b: nothing, ldb: 2, beta: 3, c: &c, ldc: 2)
    #expect(c == [3, 6, 9, 12])
  }

  @Test(arguments: [false, true])
  func matrixTimesVectorEqualsMatrixTimesColumn(transposes: Bool) throws {
    let blas = try BLAS.load()
    let (rows, columns) = (19, 33)
    let a = integers(rows * columns, seed: 4, as: Float.self)
    let x = integers(transposes ? rows : columns, seed: 5, as: Float.self)
    let count = transposes ? columns : rows
    var y = [Float](repeating: 1, count: count)
    blas.gemv(transposeA: transposes, rows: rows, columns: columns, alpha: 2, a: a, lda: columns, x: x, beta: 3, y: &y)
    let expected = product(
      a, x, [Float](repeating: 1, count: count), m: count, n: 1, k: x.count, transposeA: transposes, transposeB: false,
      alpha: 2, beta: 3)
    #expect(y == expected)
    var wide = [Double](repeating: 1, count: count)
    blas.gemv(
      transposeA: transposes, rows: rows, columns: columns, alpha: 2, a: a.map(Double.init), lda: columns,
      x: x.map(Double.init), beta: 3, y: &wide)
    #expect(wide == expected.map(Double.init))
  }

  @Test func equalProductsFromManyThreadsHaveEqualBits() async throws {
    let blas = try BLAS.load()
    var generator = SeededGenerator(seed: 6)
    let a = (0..<64 * 64).map { _ in Float(generator.normal()) }
    @Sendable func square() -> [Float] {
      var c = [Float](repeating: 0, count: 64 * 64)
      blas.gemm(m: 64, n: 64, k: 64, a: a, lda: 64, b: a, ldb: 64, c: &c, ldc: 64)
      return c
    }
    let expected = square()
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<16 { group.addTask { square() == expected } }
      for await equal in group { #expect(equal) }
    }
  }

  @Test(
    .enabled(
      if: ProcessorFeatures.hasAVX512 && ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] == nil,
      "a processor with AVX-512, and the choice left to the program"))
  func aProcessorWithAVX512GetsKernelsThatUseIt() throws {
    #expect(["SkylakeX", "Cooperlake", "SapphireRapids"].contains(try BLAS.load().coreName))
    #expect(ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"] == nil)
  }
}
