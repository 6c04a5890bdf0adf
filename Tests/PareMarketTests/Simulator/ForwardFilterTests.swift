import Foundation
import PareMarket
import Testing

/// The filter against Bayes' rule written out over every hidden path, from the formulas of `docs/simulator.md`.
@Suite struct ForwardFilterTests {
  static func market(symbols: Int) -> MarketSimulation {
    var market = MarketSimulation()
    market.symbols = symbols
    market.candles = 6
    market.start += 4 * 3_600_000
    market.degreesOfFreedom = 4
    market.linear = LinearSignal(strength: 0.4, halfLife: 3, sources: 1, seasonal: 0.15)
    market.interaction.strength = 0.2
    market.memory = MemorySignal(strength: 0.2, delay: 2, halfLife: 4)
    market.regimes = [
      SimulatedRegime(name: "calm", meanDuration: 3, volatility: 0.7, momentum: 0.1, volume: -0.3),
      SimulatedRegime(name: "volatile", meanDuration: 2, volatility: 1.6, momentum: -0.2, volume: 0.6),
    ]
    if symbols > 1 { market.leadLag = [LeadLagEdge(leader: "SIM-A", follower: "SIM-B", lag: 2, strength: 0.25)] }
    market.signalBreak = SignalBreak(candle: 4, signalScale: -0.5)
    return market
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func oneSymbolEqualsEnumeration(seed: UInt64) throws {
    let market = try Self.market(symbols: 1).run(seed: seed)
    try expectEqual(market, symbols: [0], filtered: market.predictiveDistributions(given: .candles, symbol: 0))
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func ownCandlesOfALeaderEqualEnumeration(seed: UInt64) throws {
    let market = try Self.market(symbols: 2).run(seed: seed)
    try expectEqual(market, symbols: [0], filtered: market.predictiveDistributions(given: .candles, symbol: 0))
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func allSymbolsEqualEnumeration(seed: UInt64) throws {
    let market = try Self.market(symbols: 2).run(seed: seed)
    try expectEqual(market, symbols: [0, 1], filtered: market.predictiveDistributions(given: .allSymbols, symbol: 0))
  }

  @Test func theDriftLosesTheSameShareFromEveryLevel() {
    let market = MarketSimulation()
    let chain = HiddenChain(market)
    let retention = exp2(-1 / market.linear.halfLife)
    for state in 0..<chain.count {
      let row = chain.transition[(state * chain.count)..<((state + 1) * chain.count)]
      #expect(abs(row.reduce(0, +) - 1) < 1e-12)
      #expect(abs(zip(row, chain.level).reduce(0) { $0 + $1.0 * $1.1 } - retention * chain.level[state]) < 1e-12)
    }
    let kept = chain.predict(chain.stationary)
    #expect(zip(kept, chain.stationary).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(abs(zip(chain.stationary, chain.level).reduce(0) { $0 + $1.0 * $1.1 * $1.1 } - 1) < 1e-12)
  }

  private func expectEqual(_ market: SimulatedMarket, symbols: [Int], filtered: [Double]) throws {
    let chain = HiddenChain(market.configuration)
    let densities = Self.densities(market, symbols: symbols, chain: chain)
    let count = chain.count
    for last in densities.indices {
      // Every hidden path of last + 2 candles, the final one unobserved.
      let length = last + 2
      var posterior = [Double](repeating: 0, count: count)
      for code in 0..<Int(pow(Double(count), Double(length))) {
        var rest = code
        let path = (0..<length).map { _ -> Int in
          defer { rest /= count }
          return rest % count
        }
        var weight = chain.stationary[path[0]]
        for step in 1..<length { weight *= chain.transition[path[step - 1] * count + path[step]] }
        for step in 0...last { weight *= densities[step][path[step]] }
        posterior[path[length - 1]] += weight
      }
      let total = posterior.reduce(0, +)
      for state in 0..<count { #expect(abs(filtered[last * count + state] - posterior[state] / total) < 1e-12) }
    }
  }

  /// Density of each candle per state, from candles and configuration alone.
  private static func densities(_ market: SimulatedMarket, symbols: [Int], chain: HiddenChain) -> [[Double]] {
    let setup = market.configuration
    let bounded = { (value: Double) in max(-MarketLaw.bound, min(MarketLaw.bound, value)) }
    let nu = Double(setup.degreesOfFreedom)
    let meanSquare =
      setup.regimes.reduce(0) { $0 + $1.meanDuration * $1.volatility * $1.volatility }
      / setup.regimes.reduce(0) { $0 + $1.meanDuration }
    var z = [[Double]](repeating: [], count: market.series.count)
    var variance = [Double](repeating: setup.volatility * setup.volatility, count: market.series.count)
    var deviation = [Double](repeating: 0, count: market.series.count)
    return (0..<setup.candles).map { t in
      var surprise = [Double](repeating: 0, count: market.series.count)
      let past = z
      for (i, series) in market.series.enumerated() {
        let candle = series.candles[t]
        let value = (candle.close / candle.open - 1) / variance[i].squareRoot()
        z[i].append(value)
        let next = log(candle.volume) - MarketLaw.logVolumeBase
        surprise[i] =
          next - setup.volumePersistence * deviation[i] - MarketLaw.volumeResponse * (abs(value) - 1)
        deviation[i] = next
        variance[i] =
          setup.volatility * setup.volatility * (1 - setup.volatilityReaction - setup.volatilityPersistence)
          + variance[i] * (setup.volatilityPersistence + setup.volatilityReaction * bounded(value) * bounded(value))
      }
      let average = { (values: [Double], halfLife: Double) -> Double in
        let decay = exp2(-1 / halfLife)
        return values.reduce(0) { decay * $0 + (1 - decay * decay).squareRoot() * $1 }
      }
      let time = Double((setup.start + Int64(t) * 300_000) % 86_400_000) / 86_400_000
      return (0..<chain.count).map { state in
        let regime = setup.regimes[chain.regime[state]]
        let scale = regime.volatility / meanSquare.squareRoot()
        var innovations: [Double] = []
        var volume = 1.0
        for i in symbols {
          let momentum = bounded(average(past[i], setup.momentumHalfLife))
          let old = bounded(average(Array(past[i].prefix(max(0, t + 1 - setup.memory.delay))), setup.memory.halfLife))
          var mean = setup.linear.strength * chain.level[state] + setup.memory.strength * old
          mean += setup.linear.seasonal * sin(2 * .pi * time)
          mean += (regime.momentum + setup.interaction.strength * cos(2 * .pi * time)) * momentum
          for edge in setup.leadLag where edge.follower == setup.symbolNames[i] && t >= edge.lag {
            mean += edge.strength * bounded(past[0][t - edge.lag])
          }
          if t >= 4 { mean *= -0.5 }
          innovations.append(z[i][t] / scale - mean)
          let expected = regime.volume * (1 - setup.volumePersistence)
          let distance = (surprise[i] - expected) / MarketLaw.volumeNoise
          volume *= exp(-distance * distance / 2)
        }
        let c = setup.factorLoading * setup.factorLoading
        let form: Double
        if innovations.count == 1 {
          form = innovations[0] * innovations[0]
        } else {
          // The inverse of [[1, c], [c, 1]].
          let (a, b) = (innovations[0], innovations[1])
          form = (a * a - 2 * c * a * b + b * b) / (1 - c * c)
        }
        let d = Double(innovations.count)
        return volume * pow(1 + form / (nu - 2), -(nu + d) / 2) / pow(scale, d)
      }
    }
  }
}
