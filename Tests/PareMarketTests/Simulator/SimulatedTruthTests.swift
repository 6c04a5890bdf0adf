import Foundation
import PareMarket
import Testing

@Suite struct SimulatedTruthTests {
  /// One symbol, and little of it.
  static func small(candles: Int = 3_000) -> MarketSimulation {
    var market = MarketSimulation()
    market.symbols = 1
    market.candles = candles
    market.paths = 32
    return market
  }

  /// How far labels stray from probabilities, in standard deviations: in all, and along the probability. `power` is
  /// what the second would be, had the labels been fair coins.
  static func strays(_ truth: SimulatedTruth, _ forecast: SimulatedForecast, _ market: SimulatedMarket) throws
    -> (bias: Double, slope: Double, power: Double)
  {
    let candles = try #require(market.series.first { $0.key.symbol == truth.symbol }).candles
    var (bias, spread, slope, slopeSpread, power) = (0.0, 0.0, 0.0, 0.0, 0.0)
    // Labels that do not overlap are independent given what was known before each.
    for t in stride(from: 0, to: candles.count - truth.horizon - 1, by: truth.horizon) {
      let p = forecast.probabilityUp[t]
      let label = candles[t + 1 + truth.horizon].open > candles[t + 1].open ? 1.0 : 0
      let lean = p - 0.5
      bias += label - p
      spread += p * (1 - p)
      slope += (label - p) * lean
      slopeSpread += p * (1 - p) * lean * lean
      power += lean * lean
    }
    return (bias / spread.squareRoot(), slope / slopeSpread.squareRoot(), power / slopeSpread.squareRoot())
  }

  @Test func probabilitiesAreCalibrated() throws {
    var setup = Self.small(candles: 60_000)
    setup.linear.strength = 0.25
    let market = try setup.run(seed: 11)
    let truth = try market.truth("SIM-A")
    let candles = market.series[0].candles
    for forecast in [truth.bayes, truth.oracle] {
      let strays = try Self.strays(truth, forecast, market)
      #expect(abs(strays.bias) < 4)
      #expect(abs(strays.slope) < 4)
      #expect(strays.power > 8)
    }
    // Reliability by bins of the Bayes probability.
    var rows = [[(p: Double, up: Bool)]](repeating: [], count: 10)
    for t in stride(from: 0, to: candles.count - 13, by: 12) {
      let p = truth.bayes.probabilityUp[t]
      rows[min(9, Int(p * 10))].append((p, candles[t + 13].open > candles[t + 1].open))
    }
    for bin in rows where bin.count >= 50 {
      let expected = bin.reduce(0) { $0 + $1.p }
      let spread = bin.reduce(0) { $0 + $1.p * (1 - $1.p) }.squareRoot()
      #expect(abs(Double(bin.count { $0.up }) - expected) < 4 * spread)
    }
  }

  @Test func aThresholdHasItsOwnProbabilities() throws {
    let market = try Self.small(candles: 40_000).run(seed: 11)
    let candles = market.series[0].candles
    let label = try LabelDefinition(.buyHoldSell(thresholdBasisPoints: 25), horizon: 12)
    let plain = try market.truth("SIM-A")
    let truth = try market.truth("SIM-A", threshold: label.returnThreshold)
    #expect(truth.knows(label) && !plain.knows(label))
    #expect(try plain.knows(LabelDefinition(.direction, horizon: 12)) && !plain.knows(LabelDefinition(.direction, horizon: 6)))
    #expect(plain.bayes.probabilityUp == truth.bayes.probabilityUp)
    #expect(plain.bayes.probabilityAbove == plain.bayes.probabilityUp)
    for forecast in [truth.bayes, truth.oracle] {
      var strays = [0.0, 0.0, 0.0]
      var spreads = strays
      for t in stride(from: 0, to: candles.count - 13, by: 12) {
        let probabilities = forecast.classProbabilities(at: t, of: label)
        let happened = Int(try #require(label.classIndex(of: candles[t + 13].open / candles[t + 1].open - 1)))
        for index in 0..<3 {
          strays[index] += (index == happened ? 1 : 0) - probabilities[index]
          spreads[index] += probabilities[index] * (1 - probabilities[index])
        }
        #expect(abs(probabilities.reduce(0, +) - 1) < 1e-12)
        #expect(forecast.probabilityAbove[t] < forecast.probabilityUp[t] + 1e-6)
      }
      for (stray, spread) in zip(strays, spreads) { #expect(abs(stray) < 4 * spread.squareRoot()) }
    }
  }

  @Test func followersAndMemoryAreCalibratedWhenAllSymbolsAreSeen() throws {
    var setup = MarketSimulation()
    setup.symbols = 2
    setup.candles = 20_000
    setup.paths = 32
    setup.horizon = 4
    setup.linear = LinearSignal(strength: 0, seasonal: 0)
    setup.interaction.strength = 0
    setup.memory = MemorySignal(strength: 0.12, delay: 22, halfLife: 20)
    setup.leadLag = [
      LeadLagEdge(leader: "SIM-A", follower: "SIM-B", lag: 1, strength: 0.2),
      LeadLagEdge(leader: "SIM-A", follower: "SIM-B", lag: 3, strength: -0.2),
    ]
    let market = try setup.run(seed: 5)
    let truth = try market.truth("SIM-B", given: .allSymbols)
    let strays = try Self.strays(truth, truth.bayes, market)
    #expect(abs(strays.bias) < 4)
    #expect(abs(strays.slope) < 4)
    #expect(strays.power > 8)
  }

  @Test func aFollowersOwnCandlesAreRefused() throws {
    var setup = Self.small(candles: 100)
    setup.symbols = 2
    setup.leadLag = [LeadLagEdge(leader: "SIM-A", follower: "SIM-B")]
    let market = try setup.run(seed: 1)
    #expect(throws: MarketError.self) { try market.truth("SIM-B") }
    #expect(throws: Never.self) { try market.truth("SIM-A") }
    #expect(throws: MarketError.self) { try market.truth("SIM-C") }
  }

  @Test func knowingMoreIsNeverWorse() throws {
    var setup = Self.small(candles: 20_000)
    setup.symbols = 3
    setup.factorLoading = 0.3
    let market = try setup.run(seed: 3)
    let own = try market.truth("SIM-A")
    let all = try market.truth("SIM-A", given: .allSymbols)
    let accuracy = { (forecast: SimulatedForecast) in
      forecast.probabilityUp.reduce(0) { $0 + max($1, 1 - $1) } / Double(forecast.probabilityUp.count)
    }
    let explained = { (forecast: SimulatedForecast) in
      forecast.nextReturn.reduce(0) { $0 + $1 * $1 } / forecast.nextSquare.reduce(0, +)
    }
    #expect(accuracy(own.bayes) < accuracy(all.bayes))
    #expect(accuracy(all.bayes) < accuracy(all.oracle))
    #expect(explained(own.bayes) < explained(all.bayes))
    #expect(explained(all.bayes) < explained(all.oracle))
  }

  @Test func theStandardErrorIsHonest() throws {
    for signals in [(0.14, 0.045), (0.3, 0.15)] {
      var setup = Self.small(candles: 1_000)
      setup.linear.strength = signals.0
      setup.interaction.strength = signals.1
      let few = try setup.run(seed: 9).truth("SIM-A")
      setup.paths = 4_096
      let many = try setup.run(seed: 9).truth("SIM-A")
      for (rough, fine) in [(few.bayes, many.bayes), (few.oracle, many.oracle)] {
        var squares = (probability: 0.0, change: 0.0)
        for t in rough.probabilityUp.indices {
          let errors = (
            rough.standardError[t] * rough.standardError[t] + fine.standardError[t] * fine.standardError[t],
            rough.expectedReturnError[t] * rough.expectedReturnError[t]
              + fine.expectedReturnError[t] * fine.expectedReturnError[t]
          )
          let probability = rough.probabilityUp[t] - fine.probabilityUp[t]
          let change = rough.expectedReturn[t] - fine.expectedReturn[t]
          squares.probability += probability * probability / errors.0
          squares.change += change * change / errors.1
        }
        let count = Double(rough.probabilityUp.count)
        // With 16 pairs the error is itself uncertain, so the ratio of the two is wider than a normal.
        #expect((0.7...1.25).contains((squares.probability / count).squareRoot()))
        #expect((0.7...1.25).contains((squares.change / count).squareRoot()))
      }
    }
  }

  @Test func atAHorizonOfOneThePathsGiveTheExactMean() throws {
    var setup = Self.small(candles: 500)
    setup.horizon = 1
    setup.paths = 2_048
    let market = try setup.run(seed: 2)
    let truth = try market.truth("SIM-A")
    for t in truth.bayes.nextReturn.indices {
      let distance = abs(truth.bayes.expectedReturn[t] - truth.bayes.nextReturn[t])
      #expect(distance <= 5 * truth.bayes.expectedReturnError[t] + 1e-12)
    }
  }

  @Test func withoutSignalsNothingCanBeKnown() throws {
    var setup = Self.small(candles: 400)
    setup.linear = LinearSignal(strength: 0, seasonal: 0)
    setup.interaction.strength = 0
    setup.regimes = setup.regimes.map { regime in
      var still = regime
      still.momentum = 0
      return still
    }
    let market = try setup.run(seed: 4)
    let truth = try market.truth("SIM-A")
    for forecast in [truth.bayes, truth.oracle] {
      #expect(forecast.nextReturn.allSatisfy { $0 == 0 })
      // Compounding of fair returns lies below 1 by half the variance: 0.4 · ½ · σ · √h of probability.
      let compounding = 0.2 * setup.volatility * Double(setup.horizon).squareRoot()
      #expect(forecast.probabilityUp.allSatisfy { abs($0 - 0.5 + compounding) < 3 * compounding })
      let deviation = setup.volatility * Double(setup.horizon).squareRoot()
      #expect(forecast.expectedReturn.allSatisfy { abs($0) < 0.02 * deviation })
    }
  }

  @Test func aBreakEndsOrTurnsTheSignal() throws {
    var setup = Self.small(candles: 600)
    setup.signalBreak = SignalBreak(candle: 300, signalScale: 0)
    let ended = try setup.run(seed: 6).truth("SIM-A")
    #expect(ended.bayes.nextReturn[..<299].contains { $0 != 0 })
    #expect(ended.bayes.nextReturn[299...].allSatisfy { $0 == 0 })
    setup.signalBreak = SignalBreak(candle: 300, signalScale: -1)
    let turned = try setup.run(seed: 6).truth("SIM-A")
    setup.signalBreak = nil
    let plain = try setup.run(seed: 6).truth("SIM-A")
    #expect(turned.oracle.nextReturn[..<299] == plain.oracle.nextReturn[..<299])
    #expect(turned.oracle.nextReturn[299] == -plain.oracle.nextReturn[299])
  }

  @Test func skillIsScoredAgainstTrueProbabilities() throws {
    let truth = try Self.small().run(seed: 8).truth("SIM-A")
    let rows = Array(truth.bayes.probabilityUp.indices)
    let best = try truth.skill(ofProbabilities: truth.bayes.probabilityUp, at: rows, majorityUp: true)
    #expect(best.accuracy == best.bayesAccuracy)
    #expect(abs(try #require(best.kept) - 1) < 1e-12)
    #expect(abs(try #require(best.informationKept) - 1) < 1e-12)
    let always = try truth.skill(ofProbabilities: rows.map { _ in 0.9 }, at: rows, majorityUp: true)
    #expect(try #require(always.kept) == 0)
    #expect(always.logLoss > best.bayesLogLoss)
    let coin = try truth.skill(ofProbabilities: rows.map { _ in 0.5 }, at: rows, majorityUp: true)
    #expect(abs(try #require(coin.informationKept)) < 1e-9)
    #expect(throws: MarketError.self) { try truth.skill(ofProbabilities: [], at: [], majorityUp: true) }
    #expect(throws: MarketError.self) { try truth.skill(ofProbabilities: [0.5], at: [-1], majorityUp: true) }
  }
}
