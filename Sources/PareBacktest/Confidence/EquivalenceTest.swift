/// Whether a mean difference is shown to be too small to matter: two one-sided tests against a margin.
///
/// - Source: Schuirmann 1987, "A comparison of the two one-sided tests procedure and the power approach", J. Pharmacokinet.
///   Biopharm. 15.
public struct EquivalenceTest: Codable, Sendable, Hashable {
  public enum Verdict: String, Codable, Sendable, CaseIterable {
    /// The true difference lies within ±margin: both one-sided tests reject.
    case equivalent
    /// Not shown to be equivalent, and the true difference is not zero. It need not exceed the margin.
    case different
    /// Neither: there is too little to tell.
    case undecided
  }

  /// Two differences that are at most this far apart count as the same; in units of the mean.
  public let margin: Double
  /// The greater of the two one-sided p values, of a difference at −margin or below and at margin or above; nil without an estimate.
  public let pValue: Double?
  /// Two-sided, of a difference of zero; nil without an estimate.
  public let differencePValue: Double?
  public let verdict: Verdict
  /// Tests reject where p is below 1 − level.
  public let level: Double

  /// - Parameters:
  ///   - difference: nil is undecided.
  ///   - margin: above 0; the usual one for ICs is 0.005.
  /// - Throws: `backtest.margin`, `backtest.level`.
  public init(_ difference: MeanEstimate?, margin: Double = 0.005, level: Double = 0.95) throws(BacktestError) {
    guard margin > 0, margin.isFinite else {
      throw BacktestError("margin", subject: "margin", expected: "a number above 0", found: "\(margin)", category: .usage)
    }
    guard level > 0, level < 1 else {
      throw BacktestError("level", subject: "level", expected: "a share between 0 and 1", found: "\(level)", category: .usage)
    }
    let alpha = 1 - level
    pValue = difference.map { max($0.pValue(above: -margin), $0.pValue(below: margin)) }
    differencePValue = difference?.pValue()
    verdict =
      if let pValue, pValue < alpha { .equivalent } else if let differencePValue, differencePValue < alpha { .different } else { .undecided }
    (self.margin, self.level) = (margin, level)
  }

  private enum CodingKeys: String, CodingKey {
    case margin, pValue, differencePValue, verdict, level
  }

  /// Writes a p value that does not exist as null, so that every key is there.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(margin, forKey: .margin)
    try container.encode(pValue, forKey: .pValue)
    try container.encode(differencePValue, forKey: .differencePValue)
    try container.encode(verdict, forKey: .verdict)
    try container.encode(level, forKey: .level)
  }
}
