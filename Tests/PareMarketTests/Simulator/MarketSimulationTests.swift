import Foundation
import PareMarket
import Testing

@Suite struct MarketSimulationTests {
  static func small(candles: Int = 2_000) -> MarketSimulation {
    var market = MarketSimulation()
    market.candles = candles
    market.paths = 16
    return market
  }

  @Test func theSameSeedGivesTheSameMarketAndAnotherAnother() throws {
    let setup = Self.small()
    let first = try setup.run(seed: 1)
    let again = try setup.run(seed: 1)
    let other = try setup.run(seed: 2)
    #expect(first.series.map(\.candles) == again.series.map(\.candles))
    #expect(first.series[0].candles != other.series[0].candles)
    #expect(try first.truth("SIM-B").bayes.probabilityUp == again.truth("SIM-B").bayes.probabilityUp)
  }

  @Test func pathsHorizonAndCostsLeaveTheMarketAlone() throws {
    let setup = Self.small()
    var changed = setup
    changed.paths = 64
    changed.horizon = 5
    changed.costs.fee = 0
    #expect(try setup.run(seed: 1).series.map(\.candles) == changed.run(seed: 1).series.map(\.candles))
  }

  @Test func aLongerSimulationBeginsWithTheShorter() throws {
    let short = try Self.small(candles: 700).run(seed: 1)
    let long = try Self.small(candles: 1_500).run(seed: 1)
    for (one, other) in zip(short.series, long.series) { #expect(one.candles == Array(other.candles.prefix(700))) }
    #expect(short.regimes == Array(long.regimes.prefix(700)))
    let (early, whole) = (try short.truth("SIM-A"), try long.truth("SIM-A"))
    #expect(early.bayes.probabilityUp == Array(whole.bayes.probabilityUp.prefix(700)))
    #expect(early.oracle.expectedReturn == Array(whole.oracle.expectedReturn.prefix(700)))
  }

  @Test func moreSymbolsLeaveTheFirstAlone() throws {
    var single = Self.small()
    single.symbols = 1
    #expect(try single.run(seed: 1).series[0].candles == Self.small().run(seed: 1).series[0].candles)
  }

  @Test func candlesAreValidAndSayThatTheyAreSimulated() throws {
    var setup = Self.small(candles: 20_000)
    setup.volatility = 0.01
    let market = try setup.run(seed: 3)
    #expect(market.provenance == "simulated")
    #expect(market.series.map(\.key.symbol) == ["SIM-A", "SIM-B", "SIM-C"])
    for series in market.series {
      #expect(series.candles.count == 20_000)
      for (previous, candle) in zip(series.candles, series.candles.dropFirst()) {
        #expect(candle.start - previous.start == 300_000)
        #expect(candle.open == previous.close)
        #expect(candle.low > 0 && candle.low <= min(candle.open, candle.close))
        #expect(candle.high >= max(candle.open, candle.close) && candle.high.isFinite)
        #expect(candle.volume > 0 && candle.volume.isFinite)
        let price = (candle.turnover ?? 0) / candle.volume
        #expect(candle.low <= price && price <= candle.high)
      }
    }
  }

  /// Undoing the bridge gives back the uniform draw behind each high and low; its mean is ½ in every regime, at every
  /// drift, whatever the return.
  @Test func highsAndLowsTellNothingOfTheHiddenState() throws {
    var setup = Self.small(candles: 40_000)
    setup.symbols = 1
    setup.linear.strength = 0.4
    let market = try setup.run(seed: 5)
    let (regimes, drift) = (market.regimes, market.drift)
    var variance = setup.volatility * setup.volatility
    var uniforms: [String: [Double]] = [:]
    for (t, candle) in market.series[0].candles.enumerated() {
      let change = candle.close / candle.open - 1
      let (rise, fall) = (candle.high / candle.open - 1, candle.low / candle.open - 1)
      let regime = regimes[t]
      uniforms["high " + regime, default: []].append(exp(-2 * rise * (rise - change) / variance))
      uniforms["low " + regime, default: []].append(exp(-2 * fall * (fall - change) / variance))
      let lean = drift[t] > 0 ? "rising" : "falling"
      uniforms["high " + lean, default: []].append(exp(-2 * rise * (rise - change) / variance))
      let news = min(MarketLaw.bound, abs(change / variance.squareRoot()))
      variance =
        setup.volatility * setup.volatility * (1 - setup.volatilityReaction - setup.volatilityPersistence)
        + variance * (setup.volatilityPersistence + setup.volatilityReaction * news * news)
    }
    #expect(uniforms.count == 8)
    for (group, values) in uniforms {
      let count = Double(values.count)
      let mean = values.reduce(0, +) / count
      #expect(abs(mean - 0.5) < 4.5 * (1 / (12 * count)).squareRoot(), "\(group)")
    }
  }

  @Test func volatilityClustersTailsAreFatAndSymbolsMoveTogether() throws {
    let market = try Self.small(candles: 30_000).run(seed: 7)
    let returns = market.series.map { $0.candles.map { $0.close / $0.open - 1 } }
    let correlation = { (a: [Double], b: [Double]) -> Double in
      let (meanA, meanB) = (a.reduce(0, +) / Double(a.count), b.reduce(0, +) / Double(b.count))
      let pairs = zip(a, b).map { ($0 - meanA, $1 - meanB) }
      return pairs.reduce(0) { $0 + $1.0 * $1.1 }
        / (pairs.reduce(0) { $0 + $1.0 * $1.0 } * pairs.reduce(0) { $0 + $1.1 * $1.1 }).squareRoot()
    }
    let sizes = returns[0].map(abs)
    #expect(correlation(Array(sizes.dropLast()), Array(sizes.dropFirst())) > 0.1)
    #expect(correlation(Array(sizes.dropLast(24)), Array(sizes.dropFirst(24))) > 0.05)
    let square = returns[0].reduce(0) { $0 + $1 * $1 } / 30_000
    #expect(returns[0].reduce(0) { $0 + $1 * $1 * $1 * $1 } / 30_000 > 5 * square * square)
    #expect((0.4...0.6).contains(correlation(returns[0], returns[1])))
    #expect(Set(market.regimes) == ["trending", "mean-reverting", "volatile"])
  }

  /// The figures of `docs/simulator.md` are printed here.
  @Test func theDefaultsHold() throws {
    let market = try MarketSimulation().run(seed: 7)
    let summary = try market.summary(of: market.truth("SIM-A"))
    print(summary.text)
    #expect(summary.provenance == "simulated")
    #expect((0.55...0.60).contains(summary.bayesAccuracy))
    #expect(abs(summary.realizedBayesAccuracy - summary.bayesAccuracy) < 0.02)
    #expect(summary.bayesAccuracy < summary.oracleAccuracy)
    #expect(summary.bayesRSquared <= 0.01)
    #expect((2...4).contains(try #require(summary.signalHalfLifeHours)))
    #expect(summary.policy.netPerDay > 0)
    #expect(abs(summary.policy.grossPerDay - summary.policy.costPerDay - summary.policy.netPerDay) < 1e-9)
    let coded = try JSONDecoder().decode(SimulationSummary.self, from: JSONEncoder().encode(summary))
    #expect(coded == summary)
  }

  @Test func configurationSurvivesItsFile() throws {
    var setup = Self.small()
    setup.leadLag = [LeadLagEdge(leader: "SIM-A", follower: "SIM-B", lag: 2, strength: -0.1)]
    setup.signalBreak = SignalBreak(candle: 100)
    setup.interaction.strength = 0.1
    let coded = try JSONEncoder().encode(setup)
    #expect(try JSONDecoder().decode(MarketSimulation.self, from: coded) == setup)
    #expect(try JSONDecoder().decode(MarketSimulation.self, from: Data("{}".utf8)) == MarketSimulation())
    let partial = try JSONDecoder().decode(MarketSimulation.self, from: Data(#"{"linear":{"half-life":40}}"#.utf8))
    #expect(partial.linear == LinearSignal(halfLife: 40))
  }

  @Test func anUnknownKeyIsNamed() {
    let error = #expect(throws: MarketError.self) {
      try JSONDecoder().decode(MarketSimulation.self, from: Data(#"{"linear":{"strenght":1}}"#.utf8))
    }
    #expect(error?.subject == "linear.strenght")
    #expect(error?.category == .usage)
  }

  static let faults: [(key: String, change: @Sendable (inout MarketSimulation) -> Void)] = [
    ("symbols", { $0.symbols = 0 }),
    ("candles", { $0.candles = 1 }),
    ("interval", { $0.interval = .oneMonth }),
    ("start", { $0.start = 1 }),
    ("horizon", { $0.horizon = 0 }),
    ("paths", { $0.paths = 7 }),
    ("initial-price", { $0.initialPrice = .nan }),
    ("volatility", { $0.volatility = 0.5 }),
    ("volatility-reaction", { $0.volatilityReaction = -1 }),
    ("volatility-persistence", { $0.volatilityPersistence = 1 }),
    ("degrees-of-freedom", { $0.degreesOfFreedom = 2 }),
    ("factor-loading", { $0.factorLoading = 1 }),
    ("momentum-half-life", { $0.momentumHalfLife = .infinity }),
    ("volume-persistence", { $0.volumePersistence = 1 }),
    ("regimes", { $0.regimes = [] }),
    ("regimes[1].mean-duration", { $0.regimes[1].meanDuration = 0 }),
    ("linear.strength", { $0.linear.strength = .nan }),
    ("linear.sources", { $0.linear.sources = 0 }),
    ("interaction.strength", { $0.interaction.strength = 1 }),
    ("memory.delay", { $0.memory.delay = 0 }),
    ("lead-lag[0].leader", { $0.leadLag = [LeadLagEdge(leader: "BTCUSDT", follower: "SIM-B")] }),
    ("lead-lag[0].follower", { $0.leadLag = [LeadLagEdge(leader: "SIM-A", follower: "SIM-A")] }),
    ("lead-lag[0].lag", { $0.leadLag = [LeadLagEdge(leader: "SIM-A", follower: "SIM-B", lag: 0)] }),
    ("signal-break.candle", { $0.signalBreak = SignalBreak(candle: 1 << 40) }),
    ("costs.fee", { $0.costs.fee = -1 }),
  ]

  @Test(arguments: faults.indices)
  func anInvalidConfigurationNamesItsKey(index: Int) {
    var setup = Self.small()
    Self.faults[index].change(&setup)
    let error = #expect(throws: MarketError.self) { try setup.run(seed: 1) }
    #expect(error?.subject == "simulation." + Self.faults[index].key)
    #expect(error?.category == .usage)
  }
}
