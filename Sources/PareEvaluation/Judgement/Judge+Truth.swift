import Foundation
import PareBacktest
import PareMarket

/// Against the truth, where the market is simulated.
extension Judge {
  /// The rows of a part whose truth is known, with the true probability of each class: by the exact filter, and with
  /// the hidden state known.
  private func truths(on part: DatasetPart) -> [(row: Int, bayes: [Double], oracle: [Double])] {
    guard truths.contains(where: { $0 != nil }) else { return [] }
    return dataset.parts[part].compactMap { row in
      guard let truth = truths[Int(dataset.symbolIDs[row])] else { return nil }
      let candle = dataset.candleIndices[row]
      let bayes = truth.bayes.classProbabilities(at: candle, of: dataset.label)
      let oracle = truth.oracle.classProbabilities(at: candle, of: dataset.label)
      return (bayes + oracle).contains { $0.isNaN } ? nil : (row, bayes, oracle)
    }
  }

  /// What the truth allows, where the market is simulated and the truth knows the label.
  package func truthSummary(market: [String]) -> TruthSummary? {
    guard let validation = truthPart(.validation), let test = truthPart(.test) else { return nil }
    return TruthSummary(validation: validation, test: test, market: market)
  }

  /// Expected accuracy of a model above that of always saying the majority class, under the exact filter's
  /// probabilities.
  func expectedSkill(of probabilities: ClassProbabilities, on part: DatasetPart) -> Double? {
    let truths = truths(on: part)
    guard !truths.isEmpty else { return nil }
    let first = dataset.parts[part].lowerBound
    let total = truths.reduce(0) { sum, truth in
      sum + truth.bayes[probabilities.predictedClass(truth.row - first)] - base(truth.bayes)
    }
    return total / Double(truths.count)
  }

  private func truthPart(_ part: DatasetPart) -> TruthSummary.Part? {
    let truths = truths(on: part)
    guard !truths.isEmpty else { return nil }
    let count = Double(truths.count)
    func best(_ probabilities: [Double]) -> Double { (probabilities.max() ?? 0) - base(probabilities) }
    return TruthSummary.Part(
      bayesSkill: truths.reduce(0) { $0 + best($1.bayes) } / count,
      oracleSkill: truths.reduce(0) { $0 + best($1.oracle) } / count,
      bayesLogLoss: truths.reduce(0) { $0 + entropy($1.bayes) } / count)
  }

  /// Expected log loss of the true probabilities themselves, in nats.
  private func entropy(_ probabilities: [Double]) -> Double {
    probabilities.reduce(0) { $1 > 0 ? $0 - $1 * log($1) : $0 }
  }

  private func base(_ probabilities: [Double]) -> Double { probabilities[Int(majority)] }
}
