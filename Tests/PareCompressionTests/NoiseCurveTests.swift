import PareCompression
import Testing

@Suite struct NoiseCurveTests {
  /// Errors of steps that double: quadruple.
  private static let errors = (0..<7).map { Double(1 << (2 * $0)) }

  @Test func noiseGrowsWithTheErrorAndFasterTowardsNothing() throws {
    // 3 times the error up to the middle, and from there by its square: 64 times the error, 4,096 times the noise.
    let curve = NoiseCurve(Self.errors) { $0 == 3 ? 3 * Self.errors[3] : 3 * Self.errors[6] * Self.errors[6] / Self.errors[3] }
    #expect(curve.noise(at: 0) == 0)
    #expect(abs(curve.noise(at: 16) - 48) < 1e-9 && abs(curve.noise(at: 64) - 192) < 1e-9)
    #expect(abs(curve.noise(at: 256) / (192 * 16) - 1) < 1e-9)
    #expect(abs(curve.noise(at: 4096) / (3 * 4096 * 64) - 1) < 1e-9)
  }

  /// The end may cost less than the middle promised; it is not taken to be cheaper than that.
  @Test func whatFadesIsTakenToGrowEvenly() {
    let curve = NoiseCurve(Self.errors) { $0 == 3 ? 192 : 200 }
    #expect(abs(curve.noise(at: 4096) - 192 * 64) < 1e-6)
  }

  /// Numbers that lie on a grid have no error at its step: the next that has one is measured.
  @Test func aStepWithoutAnErrorSaysNothing() {
    var asked: [Int] = []
    let curve = NoiseCurve([0, 0, 0, 0, 0, 8, 32]) {
      asked.append($0)
      return $0 == 5 ? 2 : 8
    }
    #expect(asked == [5, 6] && abs(curve.noise(at: 8) - 2) < 1e-12 && abs(curve.noise(at: 32) - 8) < 1e-9)
    let none = NoiseCurve([0, 0]) { _ in 1 }
    #expect(none.noise(at: 0) == 0)
  }
}
