import PareMarket
import PareTensor

/// Shocks and when they come.
public struct StressScenario: Codable, Sendable, Hashable {
  /// A shock at the first candle that starts at a time or after it.
  public struct Planting: Codable, Sendable, Hashable {
    /// Unix milliseconds.
    public let time: Int64
    public let shock: PlantedShock

    public init(at time: Int64, _ shock: PlantedShock) {
      self.time = time
      self.shock = shock
    }
  }

  public let name: String
  public let plantings: [Planting]

  /// - Throws: `backtest.stress` for a shock that cannot be.
  public init(_ name: String, _ plantings: [Planting]) throws(BacktestError) {
    for planting in plantings { try planting.shock.validate() }
    self.name = name
    self.plantings = plantings
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      container.decode(String.self, forKey: .name), container.decode([Planting].self, forKey: .plantings))
  }

  /// Plants each shock somewhere among some candles, so that it ends within them.
  ///
  /// - Parameter seed: with the name it decides where, whatever the prices are.
  /// - Throws: `backtest.stress` for a shock that cannot be, or that finds no place.
  public static func seeded(
    _ name: String, _ shocks: [PlantedShock], in series: CandleSeries, within candles: Range<Int>, seed: UInt64
  ) throws(BacktestError) -> StressScenario {
    var generator = SeededGenerator(seed: seed, stream: "stress/\(name)")
    let candles = candles.clamped(to: 0..<series.candles.count)
    var plantings: [Planting] = []
    for shock in shocks {
      try shock.validate()
      let first = max(candles.lowerBound, shock.history)
      let places = candles.upperBound - shock.candles - first + 1
      guard places > 0 else {
        throw BacktestError(
          "stress", subject: name, expected: "\(shock.candles) candles with \(shock.history) before them",
          found: "\(candles.count)")
      }
      plantings.append(Planting(at: series.candles[first + generator.below(places)].start, shock))
    }
    return try StressScenario(name, plantings)
  }

  /// A gap of 10 deviations down, one up, the spread tenfold for 60 candles, and a burst of five times the volatility for 60,
  /// each a scenario.
  ///
  /// - Throws: as `seeded`.
  public static func standard(
    in series: CandleSeries, within candles: Range<Int>, seed: UInt64
  ) throws(BacktestError) -> [StressScenario] {
    let shocks: [(String, PlantedShock)] = [
      ("gap-down", .gap(deviations: -10)), ("gap-up", .gap(deviations: 10)),
      ("wide-spread", .spreadWidening(multiple: 10, candles: 60)),
      ("volatility-burst", .volatilityBurst(multiple: 5, candles: 60)),
    ]
    var scenarios: [StressScenario] = []
    for (name, shock) in shocks {
      scenarios.append(try seeded(name, [shock], in: series, within: candles, seed: seed))
    }
    return scenarios
  }
}
