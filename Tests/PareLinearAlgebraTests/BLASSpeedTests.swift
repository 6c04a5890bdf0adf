import Foundation
import PareLinearAlgebra
import Testing

/// Prints how fast products are; claims nothing.
@Suite struct BLASSpeedTests {
  @Test(.enabled(if: ProcessInfo.processInfo.environment["PARE_MEASURE"] != nil, "asked for by PARE_MEASURE=1"))
  func speedOfALargeProductIsPrinted() throws {
    let blas = try BLAS.load()
    let (m, n, k) = (256, 512, 512)
    let a = (0..<m * k).map { Float($0 % 7 - 3) }
    let b = (0..<k * n).map { Float($0 % 5 - 2) }
    var c = [Float](repeating: 0, count: m * n)
    let clock = ContinuousClock()
    let best = (0..<300).map { _ in
      clock.measure { blas.gemm(m: m, n: n, k: k, a: a, lda: k, b: b, ldb: n, c: &c, ldc: n) }
    }.min() ?? .zero
    let gigaflops = 2 * Double(m * n * k) / (best / .nanoseconds(1))
    print("\(m)×\(n)×\(k) by \(blas.coreName): \(String(format: "%.0f", gigaflops)) GFLOP/s, best of 300")
  }
}
