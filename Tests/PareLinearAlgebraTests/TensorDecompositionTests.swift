import PareLinearAlgebra
import PareTensor
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Errors are compared with those of tensorly 0.10.0 on the same arrays (`benchmarks/decompositions`).
@Suite struct TensorDecompositionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let isLow: Bool
    let shape: [Int]
    let ranks: [Int]
    let tucker, partialTucker, polyadicOf3, polyadicOf6: Double

    var testDescription: String { "\(isLow ? "three components and noise" : "sine") \(shape)" }
    var array: Tensor { isLow ? TensorDecompositionTests.low(shape) : TensorDecompositionTests.sine(shape) }
  }

  static let cases: [Case] = [
    Case(isLow: false, shape: [12, 8, 3], ranks: [5, 4, 2], tucker: 0.7371751197, partialTucker: 0.7036799790, polyadicOf3: 0.8302014566, polyadicOf6: 0.6336241556),
    Case(isLow: false, shape: [10, 6, 3, 3], ranks: [4, 3, 2, 2], tucker: 0.7797251413, partialTucker: 0.7339811102, polyadicOf3: 0.8338248858, polyadicOf6: 0.6668370645),
    Case(isLow: true, shape: [12, 8, 3], ranks: [5, 4, 2], tucker: 0.1645231021, partialTucker: 0.0387400004, polyadicOf3: 0.0455454802, polyadicOf6: 0.0385239730),
    Case(isLow: true, shape: [10, 6, 3, 3], ranks: [4, 3, 2, 2], tucker: 0.1741050222, partialTucker: 0.0573757800, polyadicOf3: 0.0632169249, polyadicOf6: 0.0525531400),
  ]

  static func sine(_ shape: [Int]) -> Tensor {
    Tensor((0..<shape.reduce(1, *)).map { sin(Double($0 * $0) * 0.013 + Double($0) * 0.7) }, shape: Shape(shape))
  }

  /// Three components of cosines, and a twentieth of the sine.
  static func low(_ shape: [Int]) -> Tensor {
    let noise = sine(shape).doubles
    var values: [Double] = []
    for position in 0..<noise.count {
      var (rest, indices) = (position, [Int]())
      for extent in shape.reversed() {
        indices.insert(rest % extent, at: 0)
        rest /= extent
      }
      var sum = 0.0
      for r in 0..<3 {
        var product = 1.0
        for (axis, index) in indices.enumerated() { product *= cos(0.9 * Double(index) * Double(1 + r) + 0.3 * Double(axis)) }
        sum += product
      }
      values.append(sum + 0.05 * noise[position])
    }
    return Tensor(values, shape: Shape(shape))
  }

  static func relativeError(_ approximation: Tensor, _ array: Tensor) -> Double {
    var (noise, signal) = (0.0, 0.0)
    for (a, b) in zip(approximation.doubles, array.doubles) {
      noise += (a - b) * (a - b)
      signal += b * b
    }
    return (noise / signal).squareRoot()
  }

  @Test(arguments: cases) func tuckerIsAsGoodAsThePeers(_ example: Case) throws {
    let all = Dictionary(uniqueKeysWithValues: example.ranks.enumerated().map { ($0, $1) })
    let full = try TuckerDecomposition(example.array, ranks: all)
    #expect(full.relativeError <= example.tucker * (1 + 1e-4))
    let partial = try TuckerDecomposition(example.array, ranks: [0: example.ranks[0], 1: example.ranks[1]])
    #expect(partial.relativeError <= example.partialTucker * (1 + 1e-4))
    for decomposition in [full, partial] {
      #expect((try Self.relativeError(decomposition.reconstructed(), example.array) - decomposition.relativeError).magnitude < 1e-12)
    }
  }

  @Test(arguments: cases) func polyadicIsAsGoodAsThePeers(_ example: Case) throws {
    for (rank, peer) in [(3, example.polyadicOf3), (6, example.polyadicOf6)] {
      let decomposition = try PolyadicDecomposition(example.array, rank: rank, starts: 12, iterations: 5000, tolerance: 1e-11, seed: 1)
      #expect(decomposition.relativeError <= peer * (1 + 1e-4), "rank \(rank): \(decomposition.relativeError)")
      #expect((Self.relativeError(decomposition.reconstructed(), example.array) - decomposition.relativeError).magnitude < 1e-7)
    }
  }

  @Test(arguments: cases) func iteratingNeverRaisesTheErrorOfTheFirstStep(_ example: Case) throws {
    let ranks = Dictionary(uniqueKeysWithValues: example.ranks.enumerated().map { ($0, $1) })
    let first = try TuckerDecomposition(example.array, ranks: ranks, iterates: false)
    let last = try TuckerDecomposition(example.array, ranks: ranks)
    #expect(last.relativeError <= first.relativeError + 1e-12)
    // The bound of the first step: √N times the best.
    #expect(first.relativeError <= Double(ranks.count).squareRoot() * last.relativeError + 1e-12)
  }

  @Test func fullRanksLoseNothing() throws {
    let array = Self.sine([6, 5, 4])
    let tucker = try TuckerDecomposition(array, ranks: [0: 6, 1: 5, 2: 4])
    #expect(tucker.relativeError < 1e-7)
    #expect(try Self.relativeError(tucker.reconstructed(), array) < 1e-12)
  }

  @Test func ofAMatrixBothAreTheSingularValueDecomposition() throws {
    let array = Self.sine([9, 7])
    let decomposition = try SingularValueDecomposition(array)
    let norm = decomposition.truncationError(rank: 0)
    let best = decomposition.truncationError(rank: 3) / norm
    #expect(try (TuckerDecomposition(array, ranks: [0: 3, 1: 3]).relativeError - best).magnitude < 1e-9)
    #expect(try (PolyadicDecomposition(array, rank: 3).relativeError - best).magnitude < 1e-6)
  }

  /// The array of de Silva and Lim without a best approximation of rank 2: a∘a∘b + a∘b∘a + b∘a∘a.
  @Test func componentsThatWouldDivergeAreHeldBack() throws {
    var values = [Double](repeating: 0, count: 8)
    for index in [1, 2, 4] { values[index] = 1 }
    let array = Tensor(values, shape: [2, 2, 2])
    let decomposition = try PolyadicDecomposition(array, rank: 2, starts: 2, seed: 3)
    let bound = PolyadicDecomposition.divergence * 3.0.squareRoot()
    for weight in decomposition.weights { #expect(weight.magnitude <= bound) }
    #expect(decomposition.relativeError < 0.1)
  }

  @Test func zerosConstantsAndTooManyComponentsAreDefined() throws {
    let zeros = Tensor([Double](repeating: 0, count: 24), shape: [2, 3, 4])
    #expect(try TuckerDecomposition(zeros, ranks: [0: 1, 1: 2]).relativeError == 0)
    #expect(try PolyadicDecomposition(zeros, rank: 2).relativeError == 0)
    let constant = Tensor([Double](repeating: 3, count: 24), shape: [2, 3, 4])
    #expect(try TuckerDecomposition(constant, ranks: [0: 1, 1: 1, 2: 1]).relativeError < 1e-7)
    let many = try PolyadicDecomposition(constant, rank: 9)
    #expect(many.relativeError < 1e-4)
    #expect(Self.relativeError(many.reconstructed(), constant) < 1e-4)
  }

  @Test func whatIsNoArrayOrRankIsAnError() {
    func code(_ body: () throws -> Void) -> String? {
      do { try body() } catch let error as LinearAlgebraError { return error.code } catch {}
      return nil
    }
    let array = Self.sine([3, 4, 2])
    #expect(code { _ = try TuckerDecomposition(array, ranks: [0: 4]) } == "linear-algebra.rank")
    #expect(code { _ = try TuckerDecomposition(array, ranks: [3: 1]) } == "linear-algebra.rank")
    #expect(code { _ = try PolyadicDecomposition(array, rank: 0) } == "linear-algebra.rank")
    let broken = Tensor([Double.nan, 1, 2, 3], shape: [2, 2])
    #expect(code { _ = try PolyadicDecomposition(broken, rank: 1) } == "linear-algebra.non-finite-value")
  }
}
