import PareBacktest
import PareTensor
import Testing

@Suite struct PortfolioLayerTests {
  private static func returns(_ count: Int, times: Int = 200, seed: UInt64 = 3) -> [[Double]] {
    var generator = SeededGenerator(seed: seed, stream: "portfolio")
    let common = (0..<times).map { _ in generator.normal() }
    return (0..<count).map { index in common.map { 0.01 * Double(index + 1) * (0.5 * $0 + generator.normal()) } }
  }

  @Test func ranksHoldTheHighestAndTheLowest() throws {
    let layer = PortfolioLayer(.rank(long: 0.4, short: 0.2))
    let weights = try layer.weights(alphas: [0.1, -0.3, 0.5, 0.2, nil], returns: [])
    // Four have an alpha: one long (0.4 · 4 = 1.6), one short.
    #expect(weights == [0, -0.5, 0.5, 0, 0])
    #expect(try PortfolioLayer(.rank(long: 0.5, short: 0), isNeutral: false).weights(alphas: [1, 2, 3, 4], returns: []) == [0, 0, 0.5, 0.5])
  }

  @Test func volatilityScalingHoldsLessOfWhatMovesMore() throws {
    let calm = [0.01, -0.01, 0.01, -0.01], wild = [0.02, -0.02, 0.02, -0.02]
    let weights = try PortfolioLayer(.volatilityScaled, isNeutral: false).weights(alphas: [1, 1], returns: [calm, wild])
    #expect(abs(weights[0] - 2.0 / 3) < 1e-12 && abs(weights[1] - 1.0 / 3) < 1e-12)
  }

  @Test func meanVarianceOfUncorrelatedInstrumentsIsAlphaOverVariance() throws {
    // Orthogonal samples: variances 1 and 4 times 1e-4; hardly shrunk.
    let one = [0.01, 0.01, -0.01, -0.01], other = [0.02, -0.02, 0.02, -0.02]
    let weights = try PortfolioLayer(.meanVariance(shrinkage: 1e-9), isNeutral: false).weights(alphas: [1, 2], returns: [one, other])
    #expect(abs(weights[0] - 2.0 / 3) < 1e-6 && abs(weights[1] - 1.0 / 3) < 1e-6)
  }

  @Test(arguments: [PortfolioLayer.Rule.rank(long: 0.3, short: 0.3), .volatilityScaled, .meanVariance(shrinkage: nil), .meanVariance(shrinkage: 0.2)])
  func neutralWeightsCancelAndHaveTheGrossExposure(rule: PortfolioLayer.Rule) throws {
    var generator = SeededGenerator(seed: 8, stream: "alphas")
    let alphas: [Double?] = (0..<12).map { $0 == 5 ? nil : generator.normal() }
    let weights = try PortfolioLayer(rule, gross: 1.5).weights(alphas: alphas, returns: Self.returns(12))
    #expect(abs(weights.reduce(0, +)) < 1e-9)
    #expect(abs(weights.reduce(0) { $0 + abs($1) } - 1.5) < 1e-9)
    #expect(weights[5] == 0)
  }

  @Test func lessRiskForTheSameAlphaThanEqualWeights() throws {
    let returns = Self.returns(10)
    let alphas = [Double?](repeating: 1, count: 10)
    let weights = try PortfolioLayer(.meanVariance(shrinkage: nil), isNeutral: false).weights(alphas: alphas, returns: returns)
    func variance(_ weights: [Double]) -> Double {
      let money = returns[0].indices.map { t in zip(weights, returns).reduce(0) { $0 + $1.0 * $1.1[t] } }
      let mean = money.reduce(0, +) / Double(money.count)
      return money.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }
    #expect(variance(weights) < 0.5 * variance([Double](repeating: 0.1, count: 10)))
  }

  /// By hand: x = (1, −1, 0, 0) and (0, 0, 1, −1): S = diag(1/2, 1/2), which is already a multiple of the identity.
  @Test func whatIsAMultipleOfTheIdentityIsShrunkToItself() throws {
    let covariance = try ShrunkCovariance([[1, -1, 0, 0], [0, 0, 1, -1]])
    #expect(covariance.shrinkage == 1)
    #expect(covariance.values == [0.5, 0, 0, 0.5])
  }

  /// By hand: x = (1, −1), y = (2, −2): S = [[1, 2], [2, 4]], m = 2.5, ‖S − m·I‖² = 12.5, Σ_t |x_t|⁴ = 50, ‖S‖² = 25, b̄² = (50 − 50)/4 = 0.
  @Test func aSampleThatRepeatsItselfIsNotShrunk() throws {
    let covariance = try ShrunkCovariance([[1, -1], [2, -2]])
    #expect(covariance.shrinkage == 0)
    #expect(covariance.values == [1, 2, 2, 4])
    #expect(throws: BacktestError.self) { try covariance.solve([1, 1]) }
  }

  /// By hand: x = (2, −1, −1), y = (0, 1, −1): S = [[2, 0], [0, 2/3]], m = 4/3, ‖S − m·I‖² = 8/9; |x_t|² = 4, 2, 2, so that
  /// Σ = 16 + 4 + 4 = 24, 3·‖S‖² = 3·(4 + 4/9) = 40/3, b̄² = (24 − 40/3)/9 = 32/27 > 8/9.
  @Test func theErrorOfTheSampleBoundsItsDistance() throws {
    let covariance = try ShrunkCovariance([[2, -1, -1], [0, 1, -1]])
    #expect(covariance.shrinkage == 1)
    #expect(abs(covariance.values[0] - 4.0 / 3) < 1e-12)
  }

  @Test func mistakesAreRefused() throws {
    #expect { try PortfolioLayer(.volatilityScaled).weights(alphas: [1], returns: [[0.1, 0.2, 0.3]]) } throws: { error in
      (error as? BacktestError)?.code == "backtest.cross-section"
    }
    #expect(throws: BacktestError.self) { try PortfolioLayer(.volatilityScaled).weights(alphas: [1, 2], returns: [[0.1], [0.2]]) }
    #expect(throws: BacktestError.self) { try PortfolioLayer(.rank(long: 0.8, short: 0.4)).validate() }
    #expect(throws: BacktestError.self) { try PortfolioLayer(.rank(long: 0.1, short: 0.1), gross: 0).validate() }
    #expect(throws: BacktestError.self) { try ShrunkCovariance([[1, 2], [1]]) }
  }
}
