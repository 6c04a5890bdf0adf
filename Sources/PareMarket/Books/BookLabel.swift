/// What a model of a book is asked to foretell: whether the mid goes down (0), stays (1) or goes up (2).
public struct BookLabel: Sendable, Hashable, Codable {
  /// What is compared with what. `p` is the mid, `h` the horizon.
  public enum Move: String, Sendable, Hashable, Codable, CaseIterable {
    /// `p[t + h] − p[t]`.
    case mid
    /// `mean(p[t + 1 … t + h]) − p[t]`.
    ///
    /// - Source: Ntakaris et al. 2018, arXiv:1705.03233; Zhang et al. 2019, arXiv:1808.03668, eq. 3.
    case meanAhead = "mean-ahead"
    /// `mean(p[t + 1 … t + h]) − mean(p[t − h … t])`: smooth on both sides, so that labels flicker less. The base is not a
    /// price that can be had.
    ///
    /// - Source: Zhang et al. 2019, arXiv:1808.03668, eq. 4, with the earlier mean over `h + 1` mids, the newest among them.
    case bothMeans = "both-means"
  }

  /// What the move has to exceed, either way, to be no "same".
  public enum Threshold: Sendable, Hashable, Codable {
    case ticks(Double, size: Double)
    /// Of the mid, or the earlier mean.
    case basisPoints(Double)
  }

  /// In snapshots.
  public let horizon: Int
  public let move: Move
  public let threshold: Threshold

  public static let classNames = ["down", "same", "up"]

  /// - Throws: `market.book-label`: a horizon of 1 to 100,000 snapshots, a finite threshold of 0 or more, a positive tick.
  public init(horizon: Int, move: Move = .mid, threshold: Threshold) throws(MarketError) {
    func check(_ name: String, _ isGood: Bool, _ expected: String, _ found: some Any) throws(MarketError) {
      guard isGood else {
        throw MarketError("book-label", subject: "label.\(name)", expected: expected, found: "\(found)", category: .usage)
      }
    }
    try check("horizon", (1...100_000).contains(horizon), "1 to 100000 snapshots", horizon)
    switch threshold {
    case .ticks(let count, let size):
      try check("threshold", count >= 0 && count.isFinite, "0 or more ticks", count)
      try check("tick", size > 0 && size.isFinite, "a positive number", size)
    case .basisPoints(let value): try check("threshold", value >= 0 && value.isFinite, "0 or more basis points", value)
    }
    self.horizon = horizon
    self.move = move
    self.threshold = threshold
  }

  private enum CodingKeys: String, CodingKey { case horizon, move, threshold }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      horizon: container.decode(Int.self, forKey: .horizon), move: container.decode(Move.self, forKey: .move),
      threshold: container.decode(Threshold.self, forKey: .threshold))
  }

  /// Snapshots that must have been seen before the one that is decided at.
  var before: Int { move == .bothMeans ? horizon : 0 }

  /// The move from a snapshot, in units of the threshold's kind: ticks, or basis points.
  ///
  /// - Parameter sums: `sums[i]` the sum of the first `i` differences of the mids from the first one.
  /// - Precondition: `before` snapshots lie before, `horizon` behind.
  func change(at snapshot: Int, mids: [Double], sums: [Double]) -> Double {
    let (first, count) = (mids[0], Double(horizon))
    func mean(_ range: Range<Int>) -> Double { first + (sums[range.upperBound] - sums[range.lowerBound]) / Double(range.count) }
    let later = move == .mid ? mids[snapshot + horizon] : first + (sums[snapshot + horizon + 1] - sums[snapshot + 1]) / count
    let base = move == .bothMeans ? mean(snapshot - horizon..<snapshot + 1) : mids[snapshot]
    return switch threshold {
    case .ticks(_, let size): (later - base) / size
    case .basisPoints: (later / base - 1) * 10_000
    }
  }

  func classIndex(of change: Double) -> Int32 {
    let bound: Double =
      switch threshold {
      case .ticks(let count, _): count
      case .basisPoints(let value): value
      }
    return change > bound ? 2 : change < -bound ? 0 : 1
  }
}
