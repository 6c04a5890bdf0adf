/// A student's daily coefficients less its teacher's, over the days and seeds that both have.
///
/// Days on which one of them has none are left out, and what is left stands next to each other. `MeanEstimate` says how days and seeds
/// make the error.
public struct CoefficientComparison: Codable, Sendable, Hashable {
  public let seeds: Int
  /// Days that count.
  public let days: Int
  /// Up to which days are taken to hang together.
  public let lag: Int
  /// Mean of (student − teacher); nil with fewer than 20 days.
  public let estimate: MeanEstimate?
  public let difference: ConfidenceInterval
  public let equivalence: EquivalenceTest

  /// - Parameters:
  ///   - student: by seed; one is enough, but says nothing of other seeds.
  ///   - teacher: the same seeds and days.
  ///   - horizon: days that a label reaches over; `LongRunVariance.lag` makes the lag of it.
  ///   - margin: of the equivalence, above 0.
  /// - Throws: `backtest.seeds`, `backtest.days`, `backtest.horizon`, `backtest.margin`, `backtest.level`.
  public init(
    student: [DailyFigures], teacher: [DailyFigures], horizon: Int, margin: Double = 0.005, level: Double = 0.95
  ) throws(BacktestError) {
    let paired = try PairedFigures(student: student, teacher: teacher, horizon: horizon)
    (seeds, days, lag) = (teacher.count, paired.days, LongRunVariance.lag(days: paired.days, horizon: horizon))
    estimate = MeanEstimate(
      seeds: zip(paired.student, paired.teacher).map { student, teacher in zip(student, teacher).map { $0 - $1 } }, lag: lag)
    equivalence = try EquivalenceTest(estimate, margin: margin, level: level)
    difference = estimate?.interval(level: level) ?? ConfidenceInterval(estimate: nil, lower: nil, upper: nil, level: level)
  }

  private enum CodingKeys: String, CodingKey {
    case seeds, days, lag, estimate, difference, equivalence
  }

  /// Writes an estimate that does not exist as null, so that every key is there.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(seeds, forKey: .seeds)
    try container.encode(days, forKey: .days)
    try container.encode(lag, forKey: .lag)
    try container.encode(estimate, forKey: .estimate)
    try container.encode(difference, forKey: .difference)
    try container.encode(equivalence, forKey: .equivalence)
  }
}
