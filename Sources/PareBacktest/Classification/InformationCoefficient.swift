/// How scores go with the returns that followed them.
public enum InformationCoefficient {
  /// Fewer pairs say nothing.
  public static let fewestPairs = 3

  /// Pearson's correlation of scores and returns.
  ///
  /// Over the symbols of one date this is the information coefficient (IC); over the rows of one symbol it is a
  /// correlation in time and no IC.
  ///
  /// - Returns: nil with fewer than 3 pairs, or where scores or returns are all equal to within rounding.
  /// - Precondition: as many scores as returns, all finite.
  public static func pearson(scores: [Double], returns: [Double]) -> Double? {
    precondition(scores.count == returns.count, "a return for each score")
    guard scores.count >= fewestPairs else { return nil }
    let count = Double(scores.count)
    let means = (scores.reduce(0, +) / count, returns.reduce(0, +) / count)
    var (cross, left, right) = (0.0, 0.0, 0.0)
    for (score, gain) in zip(scores, returns) {
      cross += (score - means.0) * (gain - means.1)
      left += (score - means.0) * (score - means.0)
      right += (gain - means.1) * (gain - means.1)
    }
    let rounding = 1e-24 * count
    guard left > rounding * means.0 * means.0, right > rounding * means.1 * means.1 else { return nil }
    return cross / (left.squareRoot() * right.squareRoot())
  }

  /// Spearman's correlation: Pearson's of the ranks, equal values sharing the mean of theirs (Rank IC).
  ///
  /// - Returns: nil with fewer than 3 pairs, or where scores or returns are all equal.
  /// - Precondition: as many scores as returns, none NaN.
  public static func rank(scores: [Double], returns: [Double]) -> Double? {
    pearson(scores: Ranks.averaged(scores), returns: Ranks.averaged(returns))
  }
}

/// Information coefficients date by date on a panel, and what they come to.
public struct PanelCoefficients: Codable, Sendable, Hashable {
  /// The dates with at least 3 symbols whose scores and returns both vary; one for each coefficient.
  public let dates: [Int64]
  /// Pearson's, across the symbols of each date.
  public let ic: [Double]
  /// Spearman's, across the symbols of each date.
  public let rankIC: [Double]

  private enum CodingKeys: String, CodingKey {
    case dates, ic
    case rankIC = "rankIc"
  }

  /// - Parameters:
  ///   - scores: one per row, finite.
  ///   - returns: what followed, one per row, finite.
  ///   - dates: the date of each row, rows of one date next to each other, dates ascending.
  /// - Throws: `backtest.panel` for different lengths, dates in disorder, or a number that is not finite.
  public init(scores: [Double], returns: [Double], dates: [Int64]) throws(BacktestError) {
    guard scores.count == returns.count, scores.count == dates.count else {
      throw BacktestError(
        "panel", subject: "panel", expected: "a return and a date for each of \(scores.count) scores",
        found: "\(returns.count) and \(dates.count)")
    }
    guard zip(dates, dates.dropFirst()).allSatisfy({ $0 <= $1 }) else {
      throw BacktestError("panel", subject: "panel", expected: "ascending dates", found: "disorder")
    }
    if let row = scores.indices.first(where: { !(scores[$0].isFinite && returns[$0].isFinite) }) {
      throw BacktestError(
        "panel", subject: "row \(row)", expected: "a finite score and return", found: "\(scores[row]), \(returns[row])")
    }
    var (kept, pearson, spearman) = ([Int64](), [Double](), [Double]())
    var first = 0
    while first < dates.count {
      let end = dates[first...].firstIndex { $0 != dates[first] } ?? dates.count
      let (score, gain) = (Array(scores[first..<end]), Array(returns[first..<end]))
      if let ic = InformationCoefficient.pearson(scores: score, returns: gain),
        let rank = InformationCoefficient.rank(scores: score, returns: gain)
      {
        kept.append(dates[first])
        pearson.append(ic)
        spearman.append(rank)
      }
      first = end
    }
    self.dates = kept
    ic = pearson
    rankIC = spearman
  }

  /// Mean over the dates; nil without any.
  public var meanIC: Double? { Self.mean(ic) }
  public var meanRankIC: Double? { Self.mean(rankIC) }
  /// Mean over the sample deviation, per date and not annualized; nil with fewer than 2 dates or without variance.
  public var ratio: Double? { Self.ratio(ic) }
  public var rankRatio: Double? { Self.ratio(rankIC) }

  private static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  private static func ratio(_ values: [Double]) -> Double? {
    guard values.count > 1, let mean = mean(values) else { return nil }
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
    return variance > 0 ? mean / variance.squareRoot() : nil
  }
}
