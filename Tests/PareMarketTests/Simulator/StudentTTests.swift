import Foundation
import PareMarket
import Testing

@Suite struct StudentTTests {
  @Test func theDistributionFunctionOfThreeDegreesIsTheKnownOne() {
    let student = StudentT(degreesOfFreedom: 3)
    for x in stride(from: -8.0, through: 8, by: 0.013) {
      // The classical t is √3 times the variable of variance 1.
      let t = x * 3.0.squareRoot()
      let exact = 0.5 + (t / 3.0.squareRoot() / (1 + t * t / 3) + atan(t / 3.0.squareRoot())) / .pi
      #expect(abs(student.cumulative(x) - exact) < 1e-5)
    }
  }

  @Test(arguments: [3, 8, 100])
  func aSumOfOneIsTheVariable(degrees: Int) {
    let student = StudentT(degreesOfFreedom: degrees)
    let sum = SumDistribution(student, terms: 1)
    for x in stride(from: -6.0, through: 6, by: 0.11) {
      #expect(abs(sum.cumulative(x) - student.cumulative(x)) < 1e-4)
    }
  }

  @Test(arguments: [3, 8])
  func aSumOfTwoIsTheConvolution(degrees: Int) {
    let student = StudentT(degreesOfFreedom: degrees)
    let sum = SumDistribution(student, terms: 2)
    for x in [-3.0, -1, -0.25, 0, 0.5, 2] {
      let convolved = stride(from: -40.0, to: 40, by: 0.01).reduce(0.0) {
        $0 + 0.01 * exp(student.logDensity($1)) * student.cumulative(x - $1)
      }
      #expect(abs(sum.cumulative(x) - convolved) < 1e-4)
    }
  }

  @Test func drawsHaveTheQuantilesOfTheirDensity() {
    let normal = QuantileTable(lower: -9, upper: 9) { exp(-$0 * $0 / 2) }
    let count = Double(normal.values.count)
    #expect(abs(normal.values.reduce(0, +) / count) < 1e-6)
    #expect(abs(normal.values.reduce(0) { $0 + $1 * $1 } / count - 1) < 1e-3)
    #expect(normal.values == normal.values.sorted())
  }
}
