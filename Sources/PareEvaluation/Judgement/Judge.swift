import Foundation
import PareBacktest
import PareMarket

/// Judges a model's probabilities on one symbol: against labels, against the teacher, and in money.
///
/// The judge knows nothing of how probabilities came about. It reads a part when asked for it; that the test part is
/// only reported is the caller's promise, kept by `Choice` seeing validation figures alone.
package struct Judge: Sendable {
  let dataset: MarketDataset
  let series: CandleSeries
  let costs: TradingCosts
  let execution: Execution
  let holding: Holding
  let truth: SimulatedTruth?
  /// The most frequent class of the training part: the base that skill is counted from.
  private let majority: Int32

  package init(
    dataset: MarketDataset, series: CandleSeries, costs: TradingCosts, execution: Execution, holding: Holding,
    truth: SimulatedTruth?
  ) {
    self.dataset = dataset
    self.series = series
    self.costs = costs
    self.execution = execution
    self.holding = holding
    self.truth = truth.flatMap { $0.knows(dataset.label) ? $0 : nil }
    majority = ClassificationMetrics.majorityClass(of: dataset.labelled(.train).labels) ?? 0
  }

  /// What is known of a model on one part: the probabilities of every row, labelled or not, and the thresholds that
  /// its decisions use.
  package struct Opinion: Sendable {
    package let probabilities: ClassProbabilities
    package let threshold: DecisionThreshold

    package init(probabilities: ClassProbabilities, threshold: DecisionThreshold) {
      self.probabilities = probabilities
      self.threshold = threshold
    }

    package var decisions: [Int8] { threshold.decisions(for: probabilities) }
  }

  /// - Parameters:
  ///   - opinion: the candidate's, with its own threshold.
  ///   - teacher: the teacher's on the same part.
  package func measures(
    of opinion: Opinion, against teacher: Opinion, on part: DatasetPart
  ) throws -> (measures: Measures, equity: [EquityPoint]) {
    let labelled = dataset.labelled(part)
    let first = dataset.parts[part].lowerBound
    let classes = opinion.probabilities.classCount
    var picked: [Float] = []
    picked.reserveCapacity(labelled.count * classes)
    for row in labelled.rows {
      for index in 0..<classes { picked.append(opinion.probabilities[row - first, class: index]) }
    }
    let scores = try ClassificationMetrics(
      of: ClassProbabilities(picked, classCount: classes), labels: labelled.labels)
    let base = ClassificationMetrics.accuracy(ofAlways: majority, on: labelled.labels) ?? 0
    let skill = expectedSkill(of: opinion.probabilities, on: part) ?? (scores.accuracy - base)

    // Decisions are compared where both use the teacher's thresholds, so that they differ by the model alone.
    let atTeacher = teacher.threshold.decisions(for: opinion.probabilities)
    let flips = try Flips(from: teacher.decisions, to: atTeacher)

    let own = try backtest(opinion.decisions, on: part)
    let borrowed = try backtest(atTeacher, on: part).metrics
    let measures = Measures(
      accuracy: scores.accuracy, balancedAccuracy: scores.balancedAccuracy, logLoss: scores.logLoss, skill: skill,
      agreement: ClassificationMetrics.agreement(opinion.probabilities, teacher.probabilities) ?? 0, flips: flips,
      money: Money(own),
      atTeacherThresholds: FillOneLater(netReturn: borrowed.netReturn, sharpe: borrowed.sharpe))
    return (measures, own.equityPoints)
  }

  /// A position that needs no model.
  package func money(of source: some SignalSource, on part: DatasetPart) throws -> (money: Money, equity: [EquityPoint]) {
    guard let candles = dataset.candles(of: part, symbol: 0) else {
      throw EvaluationError("part-empty", subject: "split.\(part.rawValue)", expected: "rows to judge", found: "none")
    }
    let result = try Backtest(series, costs: costs, execution: execution)
      .run(source, over: candles)
    return (Money(result), result.equityPoints)
  }

  /// The threshold that trades a share of the validation part's decisions.
  package func threshold(
    _ policy: ThresholdPolicy, of probabilities: ClassProbabilities
  ) throws -> DecisionThreshold {
    switch policy {
    case .coverage(let share): return try .coverage(share, of: probabilities)
    case .fixed(let threshold): return try DecisionThreshold(Float(threshold))
    case .tuned:
      return try .tuned(on: probabilities) { try backtest($0, on: .validation).metrics.netReturn }
    }
  }

  /// Log loss of saying the training part's class frequencies to every row.
  package func uninformedLogLoss(on part: DatasetPart) -> Double {
    let training = dataset.labelled(.train).labels
    let labels = dataset.labelled(part).labels
    let shares = Dictionary(grouping: training) { $0 }.mapValues { Double($0.count) / Double(training.count) }
    let loss = labels.reduce(0) { sum, label in
      let share = shares[label] ?? 0
      return sum - log(max(share, 0x1p-24))
    }
    return loss / Double(labels.count)
  }

  /// What the truth allows, where the market is simulated and the truth knows the label.
  package func truthSummary(market: [String]) -> TruthSummary? {
    guard let validation = truthPart(.validation), let test = truthPart(.test) else { return nil }
    return TruthSummary(validation: validation, test: test, market: market)
  }

  private func backtest(_ decisions: [Int8], on part: DatasetPart) throws -> BacktestResult {
    let rows = dataset.rows(of: part, symbol: 0)
    let source = try DecidedPositions(
      decisions: decisions, at: rows.map { dataset.candleIndices[$0] }, holding: holding)
    guard let candles = dataset.candles(of: part, symbol: 0) else {
      throw EvaluationError("part-empty", subject: "split.\(part.rawValue)", expected: "rows to judge", found: "none")
    }
    return try Backtest(series, costs: costs, execution: execution)
      .run(source, over: candles)
  }
}

// MARK: - Against the truth

extension Judge {
  /// The rows of a part whose truth is known, with the true probability of each class: by the exact filter, and with
  /// the hidden state known.
  private func truths(on part: DatasetPart) -> [(row: Int, bayes: [Double], oracle: [Double])] {
    guard let truth else { return [] }
    return dataset.parts[part].compactMap { row in
      let candle = dataset.candleIndices[row]
      let bayes = truth.bayes.classProbabilities(at: candle, of: dataset.label)
      let oracle = truth.oracle.classProbabilities(at: candle, of: dataset.label)
      return (bayes + oracle).contains { $0.isNaN } ? nil : (row, bayes, oracle)
    }
  }

  /// Expected accuracy of a model above that of always saying the majority class, under the exact filter's
  /// probabilities.
  private func expectedSkill(of probabilities: ClassProbabilities, on part: DatasetPart) -> Double? {
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

extension Flips {
  init(from original: [Int8], to candidate: [Int8]) throws {
    let changes = try DecisionChanges(from: original, to: candidate)
    self.init(
      missed: changes.missed, false: changes.false, reversed: changes.reversed, rate: changes.changedRate,
      equalPositions: changes.equalPositions)
  }
}

extension Money {
  init(_ result: BacktestResult) {
    let metrics = result.metrics
    self.init(
      grossReturn: metrics.grossReturn, netReturn: metrics.netReturn, breakEvenBp: metrics.breakEvenBasisPoints,
      sharpe: metrics.sharpe, sortino: metrics.sortino, maxDrawdown: metrics.maxDrawdown, turnover: metrics.turnover,
      trades: metrics.trades, hitRate: metrics.hitRate, costs: metrics.costs,
      fillOneLater: FillOneLater(netReturn: result.fillOneLater.netReturn, sharpe: result.fillOneLater.sharpe))
  }
}

extension BacktestResult {
  /// The equity curve as the results hold it.
  var equityPoints: [EquityPoint] {
    equity.times.indices.map { EquityPoint(time: equity.times[$0], net: equity.net[$0], gross: equity.gross[$0]) }
  }
}
