import Foundation
import PareMarket
import PareTensor
import Testing

/// The ready markets hold what they promise.
@Suite struct MarketExampleTests {
  private func accuracy(_ forecast: SimulatedForecast) -> Double {
    forecast.probabilityUp.reduce(0) { $0 + max($1, 1 - $1) } / Double(forecast.probabilityUp.count)
  }

  /// The market with fewer paths, for time.
  private func run(_ market: MarketSimulation) throws -> SimulatedMarket {
    var market = market
    market.paths = 64
    return try market.run(seed: 7)
  }

  @Test func followersNeedTheirNeighbours() throws {
    let market = try run(.leadLag(symbols: 8))
    let truth = try market.truth("SIM-H", given: .allSymbols)
    let follower = accuracy(truth.bayes)
    let own = linear(market, truth, back: 0..<10, of: [7])
    let everyone = linear(market, truth, back: 0..<10, of: Array(0..<8))
    // The follower without its edges: only the pattern over the day is left.
    var bare = market.configuration
    bare.leadLag = []
    let alone = try accuracy(bare.run(seed: 7).truth("SIM-H").bayes)
    print("lead-lag: Bayes \(follower), linear of its own \(own), of everyone's \(everyone), without edges \(alone)")
    #expect(follower > 0.61 && everyone > 0.60 && own < 0.515 && alone < 0.525)
    #expect((follower - alone) / (follower - 0.5) > 0.8)
  }

  @Test func ofMemoryTheNewestTwentySeeAlmostNothing() throws {
    let market = try run(.memory())
    let truth = try market.truth("SIM-A")
    let (near, far) = (linear(market, truth, back: 0..<20), linear(market, truth, back: 0..<45))
    print("memory: Bayes \(accuracy(truth.bayes)), linear of 20 \(near), of 45 \(far)")
    #expect(accuracy(truth.bayes) > 0.64 && far > 0.63 && near < 0.515)
  }

  @Test func ofAnInteractionALinearModelSeesLittle() throws {
    let market = try run(.interaction())
    let truth = try market.truth("SIM-A")
    let linear = linear(market, truth, back: 0..<30)
    print("interaction: Bayes \(accuracy(truth.bayes)), linear of 30 \(linear)")
    #expect(accuracy(truth.bayes) > 0.55)
    #expect((linear - 0.5) / (accuracy(truth.bayes) - 0.5) < 0.35)
  }

  @Test(arguments: [1, 2, 3, 8, 26]) func everyFollowerHasLeaders(symbols: Int) throws {
    var market = MarketSimulation.leadLag(symbols: symbols)
    market.candles = 10
    let followers = Set(market.leadLag.map(\.follower))
    let leaders = Set(market.leadLag.map(\.leader))
    #expect(followers.isDisjoint(with: leaders) && followers.union(leaders).count == (symbols == 1 ? 0 : symbols))
    #expect(market.leadLag.allSatisfy { $0.lag == market.horizon })
    #expect(try market.run(seed: 1).series.count == symbols)
  }

  /// Accuracy, against true probabilities on the later half, of a linear model of the returns so many candles back, of the
  /// symbols given, fitted to the earlier half.
  private func linear(
    _ market: SimulatedMarket, _ truth: SimulatedTruth, back: Range<Int>, of symbols: [Int] = [0]
  ) -> Double {
    let target = market.series.first { $0.key.symbol == truth.symbol }?.candles ?? []
    let returns = symbols.map { market.series[$0].candles.map { $0.close / $0.open - 1 } }
    let scale = 1 / market.configuration.volatility
    func row(_ t: Int) -> [Double] { returns.flatMap { series in back.map { series[t - $0] * scale } } }
    let half = target.count / 2
    var fit = LinearForecast(count: back.count * symbols.count)
    for t in back.upperBound..<half {
      fit.add(row(t), target: (target[t + truth.horizon].close / target[t].close - 1) * scale)
    }
    let weights = fit.weights
    let right = (half..<target.count).map { t in
      let up = truth.bayes.probabilityUp[t]
      return LinearForecast.value(weights, row(t)) > 0 ? up : 1 - up
    }
    return right.reduce(0, +) / Double(right.count)
  }
}
