import Foundation

/// How sure a Sharpe ratio is, given how long, how skewed and how heavy-tailed its days are, and how many were tried.
public enum SharpeSignificance {
  /// The probabilistic Sharpe ratio: the probability that the true ratio exceeds `threshold`.
  ///
  /// `Φ((s − threshold) √(n − 1) / √(1 − γ₃ s + (γ₄ − 1) s² / 4))`, ratios per day and not annualized.
  ///
  /// - Parameters:
  ///   - sharpe: mean over sample deviation of the days.
  ///   - skewness: γ₃; 0 for normal days.
  ///   - kurtosis: γ₄; 3 for normal days.
  /// - Returns: nil with fewer than 20 days, or where the square root has no real value.
  /// - Source: Bailey and López de Prado 2012, "The Sharpe ratio efficient frontier", eq. 11.
  public static func probabilistic(
    sharpe: Double, threshold: Double, days: Int, skewness: Double, kurtosis: Double
  ) -> Double? {
    guard days >= RiskRatios.fewestDays else { return nil }
    let spread = 1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe * sharpe
    guard spread > 0 else { return nil }
    return NormalDistribution.cumulative((sharpe - threshold) * Double(days - 1).squareRoot() / spread.squareRoot())
  }

  /// The greatest Sharpe ratio to be expected of `trials` without skill whose ratios have a variance.
  ///
  /// `√variance · ((1 − γ) Φ⁻¹(1 − 1/N) + γ Φ⁻¹(1 − 1/(N e)))` with Euler's and Mascheroni's γ; 0 for one trial.
  ///
  /// - Parameters:
  ///   - trials: N, everything that was evaluated: each recipe and seed, searches included. 1 or more.
  ///   - variance: of the trials' ratios, 0 or more, in the same unit squared.
  /// - Source: Bailey and López de Prado 2014, "The deflated Sharpe ratio", eq. 1.
  public static func greatestExpected(trials: Int, variance: Double) -> Double {
    precondition(trials >= 1 && variance >= 0, "a trial or more, and no negative variance")
    guard trials > 1 else { return 0 }
    let count = Double(trials)
    let gamma = 0.577_215_664_901_532_9
    return variance.squareRoot()
      * ((1 - gamma) * NormalDistribution.quantile(1 - 1 / count)
        + gamma * NormalDistribution.quantile(1 - 1 / (count * M_E)))
  }

  /// The deflated Sharpe ratio of the chosen one among several: the probability that its true ratio exceeds what
  /// the best of as many without skill would show.
  ///
  /// - Parameters:
  ///   - daily: net returns of the chosen one.
  ///   - trials: the Sharpe ratio per day (not annualized) of everything that was evaluated, the chosen one included.
  ///   - evaluated: how many were; more than `trials` where not every ratio was kept.
  /// - Returns: nil with fewer than 20 days, without variance, or without trials.
  /// - Source: Bailey and López de Prado 2014, "The deflated Sharpe ratio", eq. 2.
  public static func deflated(daily: [Double], trials: [Double], evaluated: Int? = nil) -> Double? {
    guard !trials.isEmpty, let sharpe = RiskRatios.sharpe(daily: daily, daysPerYear: 1) else { return nil }
    let moments = StandardizedMoments(daily)
    let mean = trials.reduce(0, +) / Double(trials.count)
    let squares = trials.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let variance = trials.count > 1 ? squares / Double(trials.count - 1) : 0
    return probabilistic(
      sharpe: sharpe, threshold: greatestExpected(trials: max(evaluated ?? 0, trials.count), variance: variance),
      days: daily.count, skewness: moments.skewness, kurtosis: moments.kurtosis)
  }

  /// As `probabilistic(sharpe:threshold:days:skewness:kurtosis:)`, all of it from the days.
  public static func probabilistic(daily: [Double], threshold: Double = 0) -> Double? {
    guard let sharpe = RiskRatios.sharpe(daily: daily, daysPerYear: 1) else { return nil }
    let moments = StandardizedMoments(daily)
    return probabilistic(
      sharpe: sharpe, threshold: threshold, days: daily.count, skewness: moments.skewness, kurtosis: moments.kurtosis)
  }
}

/// Third and fourth moments about the mean, in units of the deviation (dividing by n).
struct StandardizedMoments {
  let skewness: Double
  /// 3 for a normal distribution.
  let kurtosis: Double

  init(_ values: [Double]) {
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    var (second, third, fourth) = (0.0, 0.0, 0.0)
    for value in values {
      let distance = value - mean
      second += distance * distance
      third += distance * distance * distance
      fourth += distance * distance * distance * distance
    }
    let variance = second / count
    skewness = third / count / (variance * variance.squareRoot())
    kurtosis = fourth / count / (variance * variance)
  }
}
