/// What the same targets make when they are filled later and later.
public struct DelayCurve: Codable, Sendable, Hashable {
  /// The money at one delay.
  public struct Point: Codable, Sendable, Hashable {
    public let milliseconds: Double
    public let grossReturn: Double
    public let netReturn: Double
    /// As `BacktestMetrics.sharpe`.
    public let sharpe: Double?

    /// Writes a ratio that does not exist as null, so that every key is there.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(milliseconds, forKey: .milliseconds)
      try container.encode(grossReturn, forKey: .grossReturn)
      try container.encode(netReturn, forKey: .netReturn)
      try container.encode(sharpe, forKey: .sharpe)
    }
  }

  public let model: FillModel
  /// In the order of the delays.
  public let points: [Point]

  /// 0, 1 s, 10 s, 60 s and one candle, ascending and each once.
  ///
  /// - Parameter candle: the length of a candle in milliseconds.
  public static func standard(candle: Int64) -> [Double] {
    Set([0, 1_000, 10_000, 60_000, Double(candle)]).sorted()
  }

  /// - Parameters:
  ///   - backtest: all but the delay; its model and candle length are kept.
  ///   - targets: as `PortfolioBacktest.run(targets:)` takes them.
  ///   - milliseconds: the delays; nil takes the standard ones, with the longest candles among the instruments.
  /// - Throws: what the backtest throws, at the first delay that cannot be.
  public init(
    _ backtest: PortfolioBacktest, targets: [[Double]], milliseconds: [Double]? = nil
  ) throws(BacktestError) {
    let candle = backtest.instruments.map { backtest.delay.length($0.candles) }.max() ?? 0
    var points: [Point] = []
    for delay in milliseconds ?? Self.standard(candle: candle) {
      let metrics = try backtest.delayed(by: delay).run(targets: targets).metrics
      points.append(
        Point(
          milliseconds: delay, grossReturn: metrics.grossReturn, netReturn: metrics.netReturn, sharpe: metrics.sharpe))
    }
    model = backtest.delay.model
    self.points = points
  }
}
