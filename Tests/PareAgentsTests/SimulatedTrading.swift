import PareAgents
import PareMarket

/// The simulated market as an environment, cut along time, with what the best forecaster knows of it.
struct SimulatedTrading {
  let training: PositionEnvironment
  let validation: PositionEnvironment
  let test: PositionEnvironment
  /// Of each row of the test part, the Bayes forecast over the horizon, and of the return that the row earns.
  let expectedReturns: [Double]
  let nextReturns: [Double]
  private let minutes: Double

  /// SIM-A with the standard features, z-scored on the training part; 60 % training, 20 % validation, 20 % test.
  init(_ simulation: MarketSimulation = MarketSimulation(), seed: UInt64) throws {
    let market = try simulation.run(seed: seed)
    let series = market.series[0]
    let dataset = try MarketDataset(
      series: [series], schema: FeatureSchema(interval: simulation.interval),
      label: LabelDefinition(.direction, horizon: simulation.horizon))
    let normalizer = try dataset.normalizer(.zScore)
    let interval = simulation.interval.milliseconds ?? 0
    func environment(_ part: DatasetPart) throws -> (PositionEnvironment, candles: [Int]) {
      var features = Array(dataset.features(of: part))
      normalizer.apply(to: &features)
      let candles = Array(dataset.candleIndices[dataset.parts[part]])
      let (environment, rows) = try PositionEnvironment.joining(
        features: features, width: dataset.width, candles: candles, opens: series.candles.map(\.open),
        starts: series.candles.map(\.start), interval: interval, costPerSide: simulation.costs.perSide)
      return (environment, rows.map { candles[$0] })
    }
    training = try environment(.train).0
    validation = try environment(.validation).0
    let (test, candles) = try environment(.test)
    self.test = test
    let truth = try market.truth(series.key.symbol)
    expectedReturns = candles.map { truth.bayes.expectedReturn[$0] }
    nextReturns = candles.map { truth.bayes.nextReturn[$0] }
    minutes = Double(interval) / 60_000
  }

  /// Net gain of positions on the test part, in basis points a day.
  struct Gain {
    /// On the returns that came.
    let realized: Double
    /// On their Bayes mean: without the luck of the draw.
    let expected: Double
    /// `Σ |Δposition|` a day.
    let turnover: Double
  }

  func gain(of positions: [Double]) -> Gain {
    var (held, turnover, realized, expected) = (0.0, 0.0, 0.0, 0.0)
    for (row, position) in positions.enumerated() {
      turnover += abs(position - held)
      realized += position * test.returns[row]
      expected += position * nextReturns[row]
      held = position
    }
    turnover += abs(held)
    let days = Double(positions.count) * minutes / 1_440
    let costs = turnover * test.costPerSide
    return Gain(
      realized: (realized - costs) / days * 10_000, expected: (expected - costs) / days * 10_000, turnover: turnover / days)
  }

  /// The simulator's reference policy on the test part (docs/simulator.md): long or short where the expected return over
  /// the horizon exceeds twice the cost of a side, as before while the expectation has the position's sign, else flat.
  var referencePositions: [Double] {
    var position = 0.0
    return expectedReturns.map { forecast in
      if abs(forecast) > 2 * test.costPerSide {
        position = forecast > 0 ? 1 : -1
      } else if position * forecast <= 0 {
        position = 0
      }
      return position
    }
  }
}
