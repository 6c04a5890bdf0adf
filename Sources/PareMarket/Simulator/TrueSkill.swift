import Foundation

/// A forecaster's skill against true probabilities, which no luck of the labels touches.
public struct TrueSkill: Sendable, Codable, Hashable {
  /// Expected share of right answers over the rows.
  public var accuracy: Double
  /// The same for always saying the majority class of the training part.
  public var baseAccuracy: Double
  /// The same for the Bayes forecast: the most that can be had.
  public var bayesAccuracy: Double
  /// Expected cross-entropy, in nats.
  public var logLoss: Double
  public var bayesLogLoss: Double

  /// `(accuracy − base) / (Bayes accuracy − base)`; nil where there is nothing to keep.
  public var kept: Double? {
    bayesAccuracy > baseAccuracy ? (accuracy - baseAccuracy) / (bayesAccuracy - baseAccuracy) : nil
  }

  /// `(ln 2 − log loss) / (ln 2 − Bayes log loss)`; nil where there is nothing to keep.
  public var informationKept: Double? {
    bayesLogLoss < log(2) ? (log(2) - logLoss) / (log(2) - bayesLogLoss) : nil
  }
}

extension SimulatedTruth {
  /// Scores forecasts of `P(up)` against the Bayes probabilities.
  ///
  /// The Bayes probability carries a standard error that does not depend on the forecast, so accuracy and log loss of
  /// the forecast are unbiased; the Bayes accuracy is biased up by about the squared standard error times the density
  /// of probabilities at one half, below 0.001 at the default number of paths.
  ///
  /// - Parameters:
  ///   - probabilitiesUp: one per row; bounded to 10⁻⁶ … 1 − 10⁻⁶ in the log loss.
  ///   - candles: the candle at whose close each row is decided.
  ///   - majorityUp: whether `up` is the majority class of the training part.
  /// - Throws: `market.true-skill` for counts that differ, no row, or a candle that does not exist.
  public func skill(ofProbabilities probabilitiesUp: [Double], at candles: [Int], majorityUp: Bool)
    throws(MarketError) -> TrueSkill
  {
    guard probabilitiesUp.count == candles.count, !candles.isEmpty else {
      throw MarketError(
        "true-skill", subject: "forecasts of " + symbol, expected: "as many probabilities as candles, and at least one",
        found: "\(probabilitiesUp.count) and \(candles.count)", category: .usage)
    }
    if let outside = candles.first(where: { !bayes.probabilityUp.indices.contains($0) }) {
      throw MarketError(
        "true-skill", subject: "forecasts of " + symbol, expected: "candles 0 to \(bayes.probabilityUp.count - 1)",
        found: "\(outside)", category: .usage)
    }
    var skill = TrueSkill(accuracy: 0, baseAccuracy: 0, bayesAccuracy: 0, logLoss: 0, bayesLogLoss: 0)
    for (forecast, candle) in zip(probabilitiesUp, candles) {
      let truth = bayes.probabilityUp[candle]
      skill.accuracy += forecast > 0.5 ? truth : 1 - truth
      skill.baseAccuracy += majorityUp ? truth : 1 - truth
      skill.bayesAccuracy += max(truth, 1 - truth)
      skill.logLoss += Self.crossEntropy(truth, forecast)
      skill.bayesLogLoss += Self.crossEntropy(truth, truth)
    }
    let count = Double(candles.count)
    return TrueSkill(
      accuracy: skill.accuracy / count, baseAccuracy: skill.baseAccuracy / count,
      bayesAccuracy: skill.bayesAccuracy / count, logLoss: skill.logLoss / count,
      bayesLogLoss: skill.bayesLogLoss / count)
  }

  private static func crossEntropy(_ truth: Double, _ forecast: Double) -> Double {
    let bounded = min(max(forecast, 1e-6), 1 - 1e-6)
    return -truth * log(bounded) - (1 - truth) * log(1 - bounded)
  }
}
