/// What a candidate earns against the original on the same days, and what may be said of it.
public struct PairedComparison: Codable, Sendable, Hashable {
  /// What an interval of the difference says beside a margin.
  public enum Verdict: String, Codable, Sendable, CaseIterable {
    /// The whole interval lies at −margin or above: the candidate earns no less than the margin allows.
    case kept
    /// The whole interval lies below −margin.
    case lost
    /// Neither, or there is no interval.
    case undetermined
  }

  /// Mean of (candidate − original) per day.
  public let difference: ConfidenceInterval
  /// Sharpe ratio of the candidate less that of the original.
  public let sharpeDifference: ConfidenceInterval
  /// The loss a day that still counts as kept.
  public let margin: Double
  public let verdict: Verdict
  /// How the days were resampled: both series by the same places.
  public let bootstrap: StationaryBootstrap

  /// - Parameters:
  ///   - original: net return per day.
  ///   - candidate: the same days.
  ///   - margin: 0 or more, as a return a day.
  ///   - bootstrap: nil takes the one that suits the differences.
  /// - Throws: `backtest.days` where the two have not the same days; `backtest.margin`.
  public init(
    original: [DailyReturn], candidate: [DailyReturn], margin: Double, daysPerYear: Double, level: Double = 0.95,
    bootstrap: StationaryBootstrap? = nil
  ) throws(BacktestError) {
    guard margin >= 0, margin.isFinite else {
      throw BacktestError(
        "margin", subject: "margin", expected: "0 or more, as a return a day", found: "\(margin)", category: .usage)
    }
    guard original.count == candidate.count, zip(original, candidate).allSatisfy({ $0.day == $1.day }) else {
      throw BacktestError(
        "days", subject: "candidate", expected: "the \(original.count) days of the original",
        found: original.count == candidate.count ? "other days" : "\(candidate.count) days")
    }
    let (old, new) = (original.map(\.net), candidate.map(\.net))
    let differences = zip(new, old).map { $0 - $1 }
    let bootstrap = bootstrap ?? .suited(to: differences)
    let mean: ([Double]) -> Double? = {
      $0.count >= RiskRatios.fewestDays ? $0.reduce(0, +) / Double($0.count) : nil
    }
    let sharpe: ([Double], [Double]) -> Double? = { new, old in
      guard let new = RiskRatios.sharpe(daily: new, daysPerYear: daysPerYear),
        let old = RiskRatios.sharpe(daily: old, daysPerYear: daysPerYear)
      else { return nil }
      return new - old
    }
    difference = ConfidenceInterval(
      mean(differences), resamples: bootstrap.distribution(of: differences, mean), level: level)
    sharpeDifference = ConfidenceInterval(
      sharpe(new, old), resamples: bootstrap.distribution(of: new, with: old, sharpe), level: level)
    self.margin = margin
    self.bootstrap = bootstrap
    switch (difference.lower, difference.upper) {
    case (let lower?, _) where lower >= -margin: verdict = .kept
    case (_, let upper?) where upper < -margin: verdict = .lost
    default: verdict = .undetermined
    }
  }
}
