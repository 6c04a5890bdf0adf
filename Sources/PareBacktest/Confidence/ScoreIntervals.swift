/// A figure of scores, by the key that results know it by.
public enum ScoreFigure: String, Codable, Sendable, CaseIterable {
  case accuracy
  case balancedAccuracy = "balanced_accuracy"
  case f1, auc
  case logLoss = "log_loss"
  case brier
  case calibrationError = "calibration_error"
  case correlation = "ic"
  case rankCorrelation = "rank_ic"
}

/// The figures of probabilities, each with its interval.
///
/// Days are resampled in blocks, all rows of a day together, and a resample's figure is worked out from what its days add up to:
/// exactly, but for two figures. Areas under the curve come from 256 bins of scores with equally many rows, those of one
/// bin counting half, so that a resample is off by less than 1/256. Ranks are those of all rows.
public struct ScoreIntervals: Sendable, Hashable {
  private let intervals: [ScoreFigure: ConfidenceInterval]

  public subscript(figure: ScoreFigure) -> ConfidenceInterval {
    intervals[figure] ?? ConfidenceInterval(nil, resamples: [])
  }

  /// - Parameters:
  ///   - original: another's probabilities of the same rows; intervals are then of the differences to it, both resampled by the same
  ///     days.
  ///   - labels: one class index per row.
  ///   - forwardReturns: what followed each row; NaN where that is not known.
  ///   - days: the day of each row, ascending.
  ///   - bootstrap: nil takes the one that suits the log loss of the days.
  /// - Throws: `backtest.labels` as `ClassificationMetrics` does; `backtest.days` for columns of other lengths or days in
  ///   disorder.
  public init(
    of probabilities: ClassProbabilities, against original: ClassProbabilities? = nil, labels: [Int32],
    forwardReturns: [Double], days: [Int64], level: Double = 0.95, bootstrap: StationaryBootstrap? = nil
  ) throws(BacktestError) {
    guard forwardReturns.count == labels.count, days.count == labels.count else {
      throw BacktestError(
        "days", subject: "rows", expected: "a return and a day for each of \(labels.count) labels",
        found: "\(forwardReturns.count) and \(days.count)")
    }
    guard zip(days, days.dropFirst()).allSatisfy({ $0 <= $1 }) else {
      throw BacktestError("days", subject: "rows", expected: "ascending days", found: "disorder")
    }
    var sides: [(area: Double?, sums: ScoreSums)] = []
    for one in [probabilities, original].compactMap({ $0 }) {
      let area = try ClassificationMetrics(of: one, labels: labels).areaUnderCurve
      sides.append((area, ScoreSums(one, labels: labels, forwardReturns: forwardReturns, days: days)))
    }
    func difference(_ value: (_ side: Int) -> Double?) -> Double? {
      guard let own = value(0) else { return nil }
      return sides.count == 1 ? own : value(1).map { own - $0 }
    }
    let bootstrap = bootstrap ?? .suited(to: sides[0].sums.dailyLoss)
    let dayCount = sides[0].sums.days.count
    var resamples = [[Double]](repeating: [], count: ScoreFigure.allCases.count)
    if dayCount >= RiskRatios.fewestDays {
      var totals = sides.map(\.sums.zero)
      bootstrap.forEachResample(of: dayCount) { places in
        for side in sides.indices { sides[side].sums.add(places, into: &totals[side]) }
        for (index, figure) in ScoreFigure.allCases.enumerated() {
          resamples[index].append(difference { sides[$0].sums.value(of: figure, totals[$0]) } ?? .nan)
        }
      }
    }
    let wholes = sides.map(\.sums.whole)
    var intervals: [ScoreFigure: ConfidenceInterval] = [:]
    for (index, figure) in ScoreFigure.allCases.enumerated() {
      // The area of all rows is known exactly.
      let estimate = difference { figure == .auc ? sides[$0].area : sides[$0].sums.value(of: figure, wholes[$0]) }
      intervals[figure] = ConfidenceInterval(estimate, resamples: resamples[index], level: level)
    }
    self.intervals = intervals
  }
}
