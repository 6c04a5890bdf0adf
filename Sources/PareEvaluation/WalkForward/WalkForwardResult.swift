import PareBacktest

/// What came of each window, and of all of them together.
public struct WalkForwardResult: Codable, Sendable {
  /// One window.
  public struct Window: Codable, Sendable {
    /// Of the test part, ISO 8601, UTC.
    public var first: String
    public var last: String
    public var trainingRows: Int
    @ExplicitNull public var chosen: String?
    public var reason: String
    public var candidates: [Candidate]
  }

  /// One model in one window.
  public struct Candidate: Codable, Sendable {
    public var name: String
    public var bytes: Int
    public var withinBudget: Bool
    public var validation: Measures
    public var test: Measures
  }

  /// One model over the test parts of all windows, one after the other.
  public struct Pooled: Codable, Sendable {
    public var name: String
    public var grossReturn: Double
    public var netReturn: Double
    @ExplicitNull public var sharpe: Double?
    /// Null for the original.
    @ExplicitNull public var comparison: PairedComparison?
    @ExplicitNull public var verdict: Verdict?
    public var days: DayTable
  }

  /// Whether the choice would have been the same at another time.
  public struct Stability: Codable, Sendable {
    /// How many windows chose a model, by its name.
    public var chosen: [String: Int]
    /// Share of the windows that chose the model chosen most often.
    public var share: Double
    /// Mean over windows of the rank correlation between what candidates earned net on the validation and on the test part; null where
    /// none is defined.
    @ExplicitNull public var rankCorrelation: Double?
    /// Net return of following each window's choice through its test part, and of the best candidate in hindsight.
    public var netOfChoices: Double
    public var netInHindsight: Double
  }

  public var kind: WalkForward.Kind
  public var windows: [Window]
  public var pooled: [Pooled]
  public var stability: Stability

  /// - Parameter days: per candidate the daily returns of all windows' test parts.
  init(kind: WalkForward.Kind, windows: [Window], days: [(name: String, days: [DailyReturn])], execution: Execution, margin: Double) throws {
    self.kind = kind
    self.windows = windows
    let original = days.first?.days ?? []
    let hasSkill = Judge.hasSkill(original, execution)
    pooled = try days.enumerated().map { index, candidate in
      let comparison =
        index == 0
        ? nil
        : try PairedComparison(
          original: original, candidate: candidate.days, margin: Judge.margin(of: original, share: margin),
          daysPerYear: execution.calendar.daysPerYear)
      let net = candidate.days.map(\.net)
      return Pooled(
        name: candidate.name, grossReturn: candidate.days.reduce(0) { $0 + $1.gross }, netReturn: net.reduce(0, +),
        sharpe: RiskRatios.sharpe(daily: net, daysPerYear: execution.calendar.daysPerYear), comparison: comparison,
        verdict: comparison.map { Verdict($0, originalHasSkill: hasSkill) }, days: DayTable(candidate.days))
    }
    stability = Stability(windows)
  }
}

extension WalkForwardResult.Stability {
  init(_ windows: [WalkForwardResult.Window]) {
    chosen = Dictionary(windows.compactMap { window in window.chosen.map { ($0, 1) } }, uniquingKeysWith: +)
    share = windows.isEmpty ? 0 : Double(chosen.values.max() ?? 0) / Double(windows.count)
    let correlations = windows.compactMap { window in
      InformationCoefficient.rank(
        scores: window.candidates.map(\.validation.money.metrics.netReturn),
        returns: window.candidates.map(\.test.money.metrics.netReturn))
    }
    rankCorrelation = correlations.isEmpty ? nil : correlations.reduce(0, +) / Double(correlations.count)
    netOfChoices = windows.reduce(0) { sum, window in
      sum + (window.candidates.first { $0.name == window.chosen }?.test.money.metrics.netReturn ?? 0)
    }
    netInHindsight = windows.reduce(0) { sum, window in
      sum + (window.candidates.map(\.test.money.metrics.netReturn).max() ?? 0)
    }
  }
}
