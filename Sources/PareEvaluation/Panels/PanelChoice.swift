import PareBacktest

/// Which of several sizes a teacher has.
package enum PanelChoice {
  /// The smallest whose mean IC on the validation days is within a standard error of the best one's; nil where none has any.
  ///
  /// - Parameter sizes: from the smallest to the largest.
  package static func teacher(of sizes: [(name: String, ic: DailyFigures)]) -> String? {
    let known = sizes.compactMap { size in size.ic.mean.map { (name: size.name, mean: $0, error: size.ic.standardError ?? 0) } }
    guard let best = known.max(by: { $0.mean < $1.mean }) else { return nil }
    return known.first { $0.mean >= best.mean - best.error }?.name
  }
}

extension DailyFigures {
  /// Of the mean, as if days were independent; nil below two days.
  var standardError: Double? { deviation.map { $0 / Double(days).squareRoot() } }
}
