/// How often a score and the return that followed lie on the same side of their medians of the day.
///
/// A direction is the sign of a value less the median of its day, so that the market's own direction is no skill. A pair of which
/// either lies exactly at its median counts for nothing. Scores that know nothing are right half of the time.
public struct DirectionAccuracy: Codable, Sendable, Hashable {
  /// Pairs on the same side.
  public private(set) var right = 0
  /// Pairs off both medians.
  public private(set) var counted = 0

  public init() {}

  /// - Parameter medians: of the scores and of the returns.
  init(scores: [Double], returns: [Double], medians: (Double, Double)) {
    for (score, gain) in zip(scores, returns) where score != medians.0 && gain != medians.1 {
      counted += 1
      if (score > medians.0) == (gain > medians.1) { right += 1 }
    }
  }

  mutating func add(_ other: DirectionAccuracy) {
    right += other.right
    counted += other.counted
  }

  /// Share of the counted pairs; nil without any.
  public var accuracy: Double? { counted > 0 ? Double(right) / Double(counted) : nil }
  /// What the accuracy is above a half, −0.5 to 0.5; nil where that is.
  public var skill: Double? { accuracy.map { $0 - 0.5 } }
}
