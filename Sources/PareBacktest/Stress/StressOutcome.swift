/// How an original and a candidate came through a scenario, or through the most volatile days.
public struct StressOutcome: Codable, Sendable, Hashable {
  /// Shares of the notional (of the equity when compounding).
  public struct Side: Codable, Sendable, Hashable {
    public let netReturn: Double
    /// The greatest net loss of a day; 0 where none lost.
    public let worstDailyLoss: Double
    /// Net return of the trade that returned the least; nil without trades.
    public let worstTrade: Double?

    /// Writes a trade that never was as null, so that every key is there.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(netReturn, forKey: .netReturn)
      try container.encode(worstDailyLoss, forKey: .worstDailyLoss)
      try container.encode(worstTrade, forKey: .worstTrade)
    }
  }

  public let name: String
  /// Decisions compared.
  public let decisions: Int
  /// Of sides; sizes do not count.
  public let changes: DecisionChanges
  public let original: Side
  public let candidate: Side

  /// Runs both over the same candles.
  ///
  /// For a scenario the backtest is of `ShockedCandles.series`, its instrument has the scenario's spread multiples, and the
  /// targets are those decided on features of the shocked series.
  ///
  /// - Parameters:
  ///   - backtest: of one instrument.
  ///   - original: a target per candle from `first` on, decided at its close; flat before and after.
  ///   - candidate: the same of the candidate.
  ///   - days: counts only what was earned, traded and decided on them; nil counts everything. A trade belongs to every day
  ///     that it was open on.
  /// - Throws: `backtest.instruments` for another number of them; `backtest.decisions` for different lengths;
  ///   `backtest.range` for targets beyond the candles; what `PortfolioBacktest.run(targets:)` throws.
  public init(
    _ name: String, _ backtest: PortfolioBacktest, original: [Double], candidate: [Double], from first: Int = 0,
    days: VolatileDays? = nil
  ) throws(BacktestError) {
    guard backtest.instruments.count == 1 else {
      throw BacktestError(
        "instruments", subject: name, expected: "one instrument", found: "\(backtest.instruments.count)")
    }
    guard original.count == candidate.count else {
      throw BacktestError(
        "decisions", subject: name, expected: "\(original.count) decisions", found: "\(candidate.count)")
    }
    let times = backtest.instruments[0].candles.times
    guard first >= 0, first <= times.count - original.count else {
      throw BacktestError(
        "range", subject: name, expected: "candles within 0 ..< \(times.count)",
        found: "\(original.count) from candle \(first)")
    }
    func side(_ targets: [Double]) throws(BacktestError) -> Side {
      let before = [Double](repeating: 0, count: first)
      let after = [Double](repeating: 0, count: times.count - first - targets.count)
      return Side(
        try backtest.run(targets: [before + targets + after]), days,
        compounding: backtest.execution.sizing == .compounding)
    }
    self.original = try side(original)
    self.candidate = try side(candidate)
    let counted = original.indices.filter { days?.contains(times[first + $0]) ?? true }
    func sides(_ targets: [Double]) -> [Int8] { counted.map { targets[$0] > 0 ? 1 : targets[$0] < 0 ? -1 : 0 } }
    changes = try DecisionChanges(from: sides(original), to: sides(candidate))
    self.name = name
    decisions = counted.count
  }
}

extension StressOutcome.Side {
  fileprivate init(_ result: PortfolioResult, _ days: VolatileDays?, compounding: Bool) {
    let nets = result.daily.filter { days?.contains($0.day) ?? true }.map(\.net)
    netReturn = compounding ? nets.reduce(1) { $0 * (1 + $1) } - 1 : nets.reduce(0, +)
    worstDailyLoss = 0 - min(nets.min() ?? 0, 0)
    worstTrade = result.trades.filter { days?.contains(from: $0.entered, to: $0.left) ?? true }.map(\.netReturn).min()
  }
}
