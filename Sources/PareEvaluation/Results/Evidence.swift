import PareBacktest

/// Whether a candidate keeps what the original earns.
public enum Verdict: String, Codable, Sendable, CaseIterable {
  /// The whole 95 % interval of the daily difference lies above −margin.
  case kept
  /// The whole interval lies below −margin.
  case lost
  case undetermined
  /// The original's own gross return cannot be told from zero: there is nothing to keep or to lose.
  case noSkillToKeep = "no-skill-to-keep"
}

/// What backs a candidate's figures on one part: how sure they are, and what they mean beside the original's.
public struct Evidence: Codable, Sendable {
  /// 95 % intervals, by the key of the figure.
  public var intervals: [String: ConfidenceInterval]
  /// Those of the differences to the original, on the same days; null for the original itself.
  @ExplicitNull public var differences: [String: ConfidenceInterval]?
  /// Against the original on the same days; null for the original itself.
  @ExplicitNull public var comparison: PairedComparison?
  /// Null for the original itself.
  @ExplicitNull public var verdict: Verdict?
  /// The probability that the true Sharpe ratio is above zero.
  @ExplicitNull public var probabilisticSharpe: Double?
  /// The probability that it is above what the best of as many models without skill would show.
  @ExplicitNull public var deflatedSharpe: Double?
  /// How often the model is right, by how sure it is.
  public var calibration: [CalibrationBin]
  /// What each day earned.
  public var days: DayTable
  /// What the same decisions earn when they reach the market later.
  public var delays: DelayCurve
  /// Against the original at its threshold and before stops; null for the original itself, and where there are several symbols:
  /// what each kind of changed position costs, and the difference by regime.
  @ExplicitNull public var changes: ChangeAttribution?
  @ExplicitNull public var regimes: RegimeChanges?
  /// Under planted shocks and on the most volatile days, against the original at its threshold; test part only.
  public var stress: [StressOutcome]
  /// How near to its threshold the original was where decisions changed; null for the original itself.
  @ExplicitNull public var distances: ThresholdDistances?

  public init(
    intervals: [String: ConfidenceInterval], differences: [String: ConfidenceInterval]? = nil, comparison: PairedComparison?, verdict: Verdict?, probabilisticSharpe: Double?,
    calibration: [CalibrationBin], days: DayTable, delays: DelayCurve, changes: ChangeAttribution? = nil,
    distances: ThresholdDistances? = nil, regimes: RegimeChanges? = nil
  ) {
    self.intervals = intervals
    self.differences = differences
    self.comparison = comparison
    self.verdict = verdict
    self.probabilisticSharpe = probabilisticSharpe
    self.calibration = calibration
    self.days = days
    self.delays = delays
    self.changes = changes
    self.distances = distances
    stress = []
    self.regimes = regimes
  }

  /// An interval of the gross return that lies above zero.
  public var hasSkill: Bool { (intervals[ReturnFigure.grossReturn.rawValue]?.lower ?? 0) > 0 }
}

/// Daily returns as columns of equal length.
public struct DayTable: Codable, Sendable, Equatable {
  /// Midnight UTC, Unix milliseconds.
  public var days: [Int64]
  public var gross: [Double]
  public var net: [Double]

  public init(_ days: [DailyReturn]) {
    self.days = days.map(\.day)
    gross = days.map(\.gross)
    net = days.map(\.net)
  }

  /// What comparisons need of the days.
  public var returns: [DailyReturn] {
    days.indices.map { DailyReturn(day: days[$0], gross: gross[$0], net: net[$0]) }
  }
}

/// Evidence of both parts that are judged.
public struct EvidenceParts: Codable, Sendable {
  public var validation: Evidence
  public var test: Evidence

  public init(validation: Evidence, test: Evidence) {
    self.validation = validation
    self.test = test
  }
}
