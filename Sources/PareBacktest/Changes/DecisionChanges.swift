/// How the decisions of a candidate differ from the original's, as target positions before stops.
public struct DecisionChanges: Codable, Sendable, Hashable {
  /// Decisions compared.
  public let decisions: Int
  /// The original trades, the candidate does not.
  public let missed: Int
  /// The candidate trades, the original does not.
  public let `false`: Int
  /// Both trade, on opposite sides.
  public let reversed: Int
  /// Either trades.
  public let trading: Int

  /// - Throws: `backtest.decisions` for different lengths; `backtest.position`.
  public init(from original: [Int8], to candidate: [Int8]) throws(BacktestError) {
    guard original.count == candidate.count else {
      throw BacktestError(
        "decisions", subject: "candidate", expected: "\(original.count) decisions", found: "\(candidate.count)")
    }
    try checkPositions(original)
    try checkPositions(candidate)
    var counts = (missed: 0, false: 0, reversed: 0)
    for (old, new) in zip(original, candidate) where old != new {
      if new == 0 { counts.missed += 1 } else if old == 0 { counts.false += 1 } else { counts.reversed += 1 }
    }
    decisions = original.count
    trading = zip(original, candidate).count { $0 != 0 || $1 != 0 }
    (missed, `false`, reversed) = counts
  }

  /// All three together.
  public var changed: Int { missed + `false` + reversed }
  /// Of the decisions in which either trades, the share in which both take the same position; nil where neither ever does. 0 for
  /// a candidate that never trades.
  public var equalPositions: Double? { trading == 0 ? nil : 1 - Double(changed) / Double(trading) }
  /// As shares of all decisions compared; 0 without any.
  public var missedRate: Double { rate(missed) }
  public var falseRate: Double { rate(`false`) }
  public var reversedRate: Double { rate(reversed) }
  public var changedRate: Double { rate(changed) }

  private func rate(_ count: Int) -> Double { decisions == 0 ? 0 : Double(count) / Double(decisions) }
}
