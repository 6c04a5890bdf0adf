import PareLinearAlgebra
import PareTensor
import Testing

@Suite struct CholeskyFactorTests {
  @Test func aSystemByHandIsSolved() {
    // [4 2; 2 3] x = [10, 9] and [2, 5]: x = [1.5, 2] and [−0.5, 2].
    let factor = CholeskyFactor(of: [4, 2, 2, 3], count: 2)
    var right: [Double] = [10, 9, 2, 5]
    factor.solve(&right)
    #expect(factor.isDefinite)
    for (x, expected) in zip(right, [1.5, 2, -0.5, 2]) { #expect((x - expected).magnitude < 1e-14) }
  }

  @Test(arguments: [1, 3, 17, 40]) func residualsAreWithinTheBound(_ count: Int) {
    var generator = SeededGenerator(seed: UInt64(count))
    let root = (0..<count * count).map { _ in generator.normal() }
    var matrix = [Double](repeating: 0, count: count * count)
    for i in 0..<count {
      for j in 0..<count {
        for k in 0..<count { matrix[i * count + j] += root[i * count + k] * root[j * count + k] }
        if i == j { matrix[i * count + j] += 1 }
      }
    }
    let target = (0..<count).map { _ in generator.normal() }
    var x = target
    CholeskyFactor(of: matrix, count: count).solve(&x)
    let trace = (0..<count).reduce(0) { $0 + matrix[$1 * count + $1] }
    let length = x.reduce(0) { $0 + $1 * $1 }.squareRoot()
    for i in 0..<count {
      let product = (0..<count).reduce(0) { $0 + matrix[i * count + $1] * x[$1] }
      #expect((product - target[i]).magnitude <= 8 * Double(count + 1) * 0x1p-52 * trace * max(length, 1))
    }
  }

  @Test func directionsWithoutWeightAreLeftOut() {
    // Of rank one: the second direction adds nothing.
    let factor = CholeskyFactor(of: [1, 1, 1, 1], count: 2, floor: 1e-14)
    var right: [Double] = [2, 2]
    factor.solve(&right)
    #expect(!factor.isDefinite)
    #expect(right == [2, 0])
    var none: [Double] = [0, 0]
    CholeskyFactor(of: [0, 0, 0, 0], count: 2).solve(&none)
    #expect(none == [0, 0])
  }
}
