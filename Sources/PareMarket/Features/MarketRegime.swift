/// What kind of market the newest candles were, by what is known at their close. Every moment is of exactly one, so that its three features
/// say which, and a student that sees them, or one student for each, can act on it.
public enum MarketRegime: String, Hashable, Sendable, CaseIterable {
  /// Not volatile, and the variance of returns over several candles above that of as many independent ones: moves go on.
  case trending
  /// Not volatile, and that variance no larger: moves are undone.
  case meanReverting = "mean-reverting"
  /// The standard deviation of the newest `n` returns more than `agitation` times that of the newest `longer · n`.
  case volatile

  /// Against how many times as many candles volatility is measured.
  public static let longer = 4
  /// The ratio of deviations beyond which a market is volatile.
  public static let agitation = 1.3
  /// The fewest candles that say anything.
  static let shortest = 8

  /// Candles `q` of the returns whose variance is compared with that of one candle's, about the mean of zero, all of them that lie within
  /// the window, overlapping: the variance ratio of Lo and MacKinlay 1988 (Review of Financial Studies 1(1), eq. 12) without its
  /// corrections for the mean.
  static func span(of n: Int) -> Int { max(2, n / 8) }
}
