/// The share of its teacher's mean coefficient that a student keeps, `R = mean of the student / mean of the teacher`, with an interval.
///
/// By the delta method: the error of R is that of the mean of `(student − R · teacher) / mean of the teacher`, over days and seeds as
/// in `MeanEstimate`. Student and teacher are paired in it, so what both owe to an easy day cancels. Resampling three or five seeds
/// would draw the same few again and again and find too little variance between them; Student's t with few degrees of freedom says
/// how little so few seeds show.
///
/// - Source: Cochran 1977, Sampling Techniques, §6.4.
public struct KeptShare: Codable, Sendable, Hashable {
  /// The estimate is nil with fewer than 20 days, or where the teacher's mean is 0 or less. Bounds are nil where the teacher's own
  /// interval does not lie wholly above zero: then there is nothing to keep that could be told from nothing.
  public let share: ConfidenceInterval
  /// As in `0.97 ± 0.02`; nil where the bounds are.
  public let halfWidth: Double?
  /// The teacher's mean; nil with fewer than 20 days.
  public let teacher: MeanEstimate?
  public let seeds: Int
  public let days: Int

  /// - Parameters: as of `CoefficientComparison`.
  /// - Throws: `backtest.seeds`, `backtest.days`, `backtest.horizon`, `backtest.level`.
  public init(student: [DailyFigures], teacher: [DailyFigures], horizon: Int, level: Double = 0.95) throws(BacktestError) {
    guard level > 0, level < 1 else {
      throw BacktestError("level", subject: "level", expected: "a share between 0 and 1", found: "\(level)", category: .usage)
    }
    let paired = try PairedFigures(student: student, teacher: teacher, horizon: horizon)
    let lag = LongRunVariance.lag(days: paired.days, horizon: horizon)
    (seeds, days, self.teacher) = (teacher.count, paired.days, MeanEstimate(seeds: paired.teacher, lag: lag))
    guard let original = self.teacher, original.mean > 0, let kept = MeanEstimate(seeds: paired.student, lag: lag) else {
      (share, halfWidth) = (ConfidenceInterval(estimate: nil, lower: nil, upper: nil, level: level), nil)
      return
    }
    let ratio = kept.mean / original.mean
    let residuals = zip(paired.student, paired.teacher).map { student, teacher in
      zip(student, teacher).map { ($0 - ratio * $1) / original.mean }
    }
    let hasSkill = original.mean > original.halfWidth(level: level)
    halfWidth = hasSkill ? MeanEstimate(seeds: residuals, lag: lag)?.halfWidth(level: level) : nil
    share = ConfidenceInterval(
      estimate: ratio, lower: halfWidth.map { ratio - $0 }, upper: halfWidth.map { ratio + $0 }, level: level)
  }

  private enum CodingKeys: String, CodingKey {
    case share, halfWidth, teacher, seeds, days
  }

  /// Writes what does not exist as null, so that every key is there.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(share, forKey: .share)
    try container.encode(halfWidth, forKey: .halfWidth)
    try container.encode(teacher, forKey: .teacher)
    try container.encode(seeds, forKey: .seeds)
    try container.encode(days, forKey: .days)
  }
}
