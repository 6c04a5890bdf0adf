import PareBacktest
import PareMarket

/// The test part once more under planted shocks, and on its most volatile days.
///
/// Features are computed anew from the shocked candles, and every model decides anew. Nothing is fitted to them.
struct StressTest: Sendable {
  /// The market with one scenario in it.
  private struct ShockedMarket: Sendable {
    let name: String
    let judge: Judge
    let features: [Float]
  }

  private let markets: [ShockedMarket]
  private let days: VolatileDays?
  private let calm: Judge

  /// - Parameter data: with features that a schema computes; of those from a table nobody knows what a shock would make, and only
  ///   the volatile days count.
  init(_ data: ExperimentData, seed: UInt64) throws {
    let dataset = data.dataset
    calm = data.judge
    guard let series = data.series.first, data.series.count == 1, let range = dataset.candles(of: .test, symbol: 0) else {
      (markets, days) = ([], nil)
      return
    }
    days = try VolatileDays.worst(of: try TradedCandles(series.candles), within: range)
    guard let schema = dataset.schema else {
      markets = []
      return
    }
    var markets: [ShockedMarket] = []
    for scenario in Self.scenarios(in: series, within: range, seed: seed) {
      let shocked = try ShockedCandles(series, scenario)
      let changed = try MarketDataset(series: [shocked.series], schema: schema, label: dataset.label, split: data.split)
      // The same rows: shocks move prices, not times.
      guard changed.parts == dataset.parts else { continue }
      markets.append(
        ShockedMarket(
          name: scenario.name,
          judge: try Judge(
            dataset: changed, series: [shocked.series], plan: calm.trader.plan, spreadMultiples: [shocked.spreadMultiples]),
          features: Array(changed.features(of: .test))))
    }
    self.markets = markets
  }

  /// Up to eight of each kind of shock, each at a random time of its own stretch of the part, so that none falls on another. A
  /// kind that is too long for the part is left out.
  private static func scenarios(in series: CandleSeries, within range: Range<Int>, seed: UInt64) -> [StressScenario] {
    let shocks: [(String, PlantedShock)] = [
      ("gaps down", .gap(deviations: -10)), ("gaps up", .gap(deviations: 10)),
      ("wide spreads", .spreadWidening(multiple: 10, candles: 60)), ("bursts of volatility", .volatilityBurst(multiple: 5, candles: 60)),
    ]
    return shocks.compactMap { name, shock in
      // Deviations are of 100 candles, which a shock should find calm.
      let count = min(8, range.count / (100 + shock.candles))
      guard count > 0 else { return nil }
      let length = range.count / count
      let plantings = (0..<count).compactMap { place -> StressScenario.Planting? in
        let begin = range.lowerBound + place * length + 100
        let stretch = begin..<range.lowerBound + (place + 1) * length
        return try? StressScenario.seeded(name, [shock], in: series, within: stretch, seed: seed &+ UInt64(place)).plantings.first
      }
      return plantings.isEmpty ? nil : try? StressScenario("\(plantings.count) \(name)", plantings)
    }
  }

  /// What a model says of the test part in each market.
  func opinions(of model: DeployedModel, _ data: ExperimentData) throws -> [Judge.Opinion] {
    let threshold = try model.threshold
    return try markets.map { market in
      Judge.Opinion(
        probabilities: try model.scores(of: market.features, width: data.dataset.width, classCount: data.classCount).probabilities,
        threshold: threshold)
    }
  }

  /// How a candidate comes through beside the original, at the original's threshold.
  func outcomes(
    of candidate: (test: Judgement, opinions: [Judge.Opinion]), against original: (test: Judgement, opinions: [Judge.Opinion])
  ) throws -> [StressOutcome] {
    var outcomes: [StressOutcome] = []
    for (market, opinions) in zip(markets, zip(candidate.opinions, original.opinions)) {
      let threshold = opinions.1.threshold
      let trader = market.judge.trader
      outcomes.append(
        try trader.outcome(
          market.name, original: try trader.targets(of: opinions.1.decisions(at: threshold), on: .test),
          candidate: try trader.targets(of: opinions.0.decisions(at: threshold), on: .test), days: nil))
    }
    if let days {
      outcomes.append(
        try calm.trader.outcome(
          "most volatile days", original: original.test.atTeacher.targets, candidate: candidate.test.atTeacher.targets, days: days))
    }
    return outcomes
  }
}
