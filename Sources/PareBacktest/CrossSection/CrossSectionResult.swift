/// What a portfolio of a cross-section earned, session by session. Returns are fractions of the notional (of the equity when
/// compounding).
public struct CrossSectionResult: Codable, Sendable, Hashable {
  public let side: CrossSectionPortfolio.Side
  public let sizing: Execution.Sizing
  public let daysPerYear: Double
  /// From the open of day 1 of the panel on: the i-th runs from the open of day i + 1 to the next one.
  public private(set) var steps: [CrossSectionStep] = []
  /// In the order in which they were filled.
  public private(set) var trades: [PanelTrade] = []
  /// Symbols held at the end that had no price on the last day: delisted, or suspended until then, which nothing tells apart. They
  /// are worth what they were last.
  public internal(set) var stranded: [Int] = []

  init(side: CrossSectionPortfolio.Side, sizing: Execution.Sizing, daysPerYear: Double) {
    (self.side, self.sizing, self.daysPerYear) = (side, sizing, daysPerYear)
  }

  mutating func append(_ step: CrossSectionStep, trades: [PanelTrade]) {
    steps.append(step)
    self.trades += trades
  }

  /// What the steps come to.
  public var figures: CrossSectionFigures { CrossSectionFigures(of: self) }

  /// The steps as days, for intervals and paired comparisons.
  ///
  /// - Parameter dates: of the panel's days, as their midnights UTC in Unix milliseconds.
  /// - Throws: `backtest.days` for another number of dates than the panel has days.
  public func daily(on dates: [Int64]) throws(BacktestError) -> [DailyReturn] {
    guard steps.isEmpty || dates.count == steps.count + 2 else {
      throw BacktestError("days", subject: "dates", expected: "\(steps.count + 2), one for each day of the panel", found: "\(dates.count)")
    }
    return zip(steps, dates.dropFirst()).map { step, date in
      DailyReturn(day: date, gross: step.gross, net: step.net, traded: step.traded, held: step.exposure, steps: 1)
    }
  }
}

/// One step of a portfolio of a cross-section, from one open to the next.
public struct CrossSectionStep: Codable, Sendable, Hashable {
  /// Before costs.
  public let gross: Double
  /// Of the orders filled at the open that begins the step.
  public let costs: Double
  /// What was earned beyond the benchmark, after costs: `net − benchmark` of a long-only portfolio, `net` of a long-short one, whose
  /// benchmark is holding nothing.
  public let excess: Double
  /// Turnover: Σ|Δweight|, purchases and sales each counted once.
  public let traded: Double
  /// Mean of the step's return over all shares that could be bought or sold at its first open: the universe in equal weights, without
  /// costs. 0 where none could.
  public let benchmark: Double
  /// Σ|weight|.
  public let exposure: Double
  /// Shares held long, and short.
  public let longs: Int
  public let shorts: Int
  /// Orders that the market did not fill: limits, suspensions.
  public let blockedBuys: Int
  public let blockedSells: Int
  /// Held shares whose move was too large to be believed.
  public let discontinuities: Int

  /// After costs.
  public var net: Double { gross - costs }
}

/// A filled order of a portfolio of a cross-section.
public struct PanelTrade: Codable, Sendable, Hashable {
  /// The day of the panel at whose open it was filled.
  public let session: Int
  public let symbol: Int
  /// Change of the weight: above 0 for a purchase.
  public let weight: Double
}
