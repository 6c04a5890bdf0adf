/// How scores order the symbols of each day, beside the returns that followed.
///
/// A symbol takes part on the days on which it has a score and a return. A day with fewer than 3 such pairs, or on which scores or
/// returns are all equal, has no coefficient and no spread, and stays in its place as nil, so that the days of two models pair up.
public struct CrossSectionMetrics: Codable, Sendable, Hashable {
  /// Pearson's correlation across the symbols of each day.
  public let ic: DailyFigures
  /// Spearman's, equal values sharing the mean of their ranks.
  public let rankIC: DailyFigures
  /// Mean return of the `quantile` of highest scores less that of the lowest, each day, in equal weights and without costs or limits.
  public let spread: DailyFigures
  /// Share of each day's directions that were right.
  public let directions: DailyFigures
  /// The same over all pairs at once.
  public let direction: DirectionAccuracy
  /// The share of a day's symbols on each side of `spread`.
  public let quantile: Double
  /// Days of the panel.
  public let days: Int
  /// Scores that have a return, over all days.
  public let pairs: Int

  private enum CodingKeys: String, CodingKey {
    case ic, spread, directions, direction, quantile, days, pairs
    case rankIC = "rankIc"
  }

  /// - Parameters:
  ///   - scores: of the model; NaN where it has none.
  ///   - returns: what followed, of the same days and symbols; NaN where there is no outcome.
  ///   - quantile: above 0, at most 0.5. The spread takes `quantile · n` of a day's n symbols, a fraction of the last one if need be;
  ///     equal scores at the cut share what is left of it.
  /// - Throws: `backtest.panel` for panels that do not fit each other, `backtest.quantile`.
  public init(scores: DailyPanel, returns: DailyPanel, quantile: Double = 0.1) throws(BacktestError) {
    try scores.check(returns, "returns")
    guard quantile > 0, quantile <= 0.5 else {
      throw BacktestError(
        "quantile", subject: "quantile", expected: "a share above 0, at most 0.5", found: "\(quantile)", category: .usage)
    }
    var (ics, rankICs, spreads, shares) = ([Double?](), [Double?](), [Double?](), [Double?]())
    var (direction, pairs) = (DirectionAccuracy(), 0)
    for day in 0..<scores.days {
      let (score, gain) = Self.pairs(scores[day], returns[day])
      pairs += score.count
      guard score.count >= InformationCoefficient.fewestPairs else {
        ics.append(nil)
        rankICs.append(nil)
        spreads.append(nil)
        shares.append(nil)
        continue
      }
      let (scoreOrder, gainOrder) = (Ranks.order(score), Ranks.order(gain))
      let rank = InformationCoefficient.pearson(
        scores: Ranks.averaged(score, order: scoreOrder), returns: Ranks.averaged(gain, order: gainOrder))
      ics.append(InformationCoefficient.pearson(scores: score, returns: gain))
      rankICs.append(rank)
      spreads.append(rank.map { _ in Self.spread(score, gain, order: scoreOrder, quantile: quantile) })
      let today = DirectionAccuracy(
        scores: score, returns: gain, medians: (Self.median(score, order: scoreOrder), Self.median(gain, order: gainOrder)))
      shares.append(today.accuracy)
      direction.add(today)
    }
    (ic, rankIC, spread, directions) = (DailyFigures(ics), DailyFigures(rankICs), DailyFigures(spreads), DailyFigures(shares))
    (self.direction, self.quantile, days, self.pairs) = (direction, quantile, scores.days, pairs)
  }

  /// Spearman's correlation of two models' scores on each day, over the symbols that both score: how far a student orders the symbols
  /// as its teacher does, whatever the returns.
  ///
  /// - Throws: `backtest.panel` for panels that do not fit each other.
  public static func fidelity(of scores: DailyPanel, to others: DailyPanel) throws(BacktestError) -> DailyFigures {
    try scores.check(others, "scores of the other model")
    return DailyFigures((0..<scores.days).map { day in
      let (one, other) = pairs(scores[day], others[day])
      return InformationCoefficient.rank(scores: one, returns: other)
    })
  }

  /// What both have.
  private static func pairs(_ left: ArraySlice<Double>, _ right: ArraySlice<Double>) -> ([Double], [Double]) {
    var (one, other) = ([Double](), [Double]())
    one.reserveCapacity(left.count)
    other.reserveCapacity(left.count)
    for (x, y) in zip(left, right) where !x.isNaN && !y.isNaN {
      one.append(x)
      other.append(y)
    }
    return (one, other)
  }

  /// The middle value, or the mean of the two middle ones.
  private static func median(_ values: [Double], order: [Int]) -> Double {
    values[order[(order.count - 1) / 2]] / 2 + values[order[order.count / 2]] / 2
  }

  private static func spread(_ scores: [Double], _ returns: [Double], order: [Int], quantile: Double) -> Double {
    mean(of: returns, scores, best: order.reversed(), quantile) - mean(of: returns, scores, best: order, quantile)
  }

  /// Mean return of the first `quantile · n` symbols of an order.
  private static func mean(of returns: [Double], _ scores: [Double], best order: [Int], _ quantile: Double) -> Double {
    let wanted = quantile * Double(order.count)
    var (sum, left, first) = (0.0, wanted, 0)
    while left > 0, first < order.count {
      var end = first + 1
      while end < order.count, scores[order[end]] == scores[order[first]] { end += 1 }
      let weight = min(1, left / Double(end - first))
      for place in first..<end { sum += weight * returns[order[place]] }
      left -= Double(end - first)
      first = end
    }
    return sum / wanted
  }
}
