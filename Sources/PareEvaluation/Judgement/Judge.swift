import Foundation
import PareBacktest
import PareMarket

/// Judges a model's probabilities: against labels, against the teacher, and in money.
///
/// The judge knows nothing of how probabilities came about. It reads a part when asked for it; that the test part is
/// only reported is the caller's promise, kept by `Choice` seeing validation figures alone.
package struct Judge: Sendable {
  let dataset: MarketDataset
  let trader: Trader
  /// One per symbol.
  let truths: [SimulatedTruth?]
  /// The most frequent class of the training part: the base that skill is counted from.
  let majority: Int32
  /// What each kind of changed decision counts.
  let weights: DecisionCostWeights
  /// At each candle of the first symbol.
  let regimes: Regimes?

  /// - Parameters:
  ///   - series: those of the dataset, in its order.
  ///   - truths: what could be known of each; those that do not know the label count as none.
  ///   - spreadMultiples: of half the spread, per series and candle; nil leaves it as the plan says.
  package init(
    dataset: MarketDataset, series: [CandleSeries], plan: TradingPlan, truths: [SimulatedTruth?] = [],
    weights: DecisionCostWeights = .standard, spreadMultiples: [[Double]]? = nil
  ) throws {
    self.dataset = dataset
    trader = try Trader(dataset, series: series, plan: plan, spreadMultiples: spreadMultiples)
    self.truths = series.indices.map { symbol in
      truths.indices.contains(symbol) ? truths[symbol].flatMap { $0.knows(dataset.label) ? $0 : nil } : nil
    }
    self.weights = weights
    regimes = trader.regimes()
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

    /// What it would decide at another's threshold.
    func decisions(at threshold: DecisionThreshold) -> Trader.Decisions {
      Trader.Decisions(
        sides: threshold.decisions(for: probabilities),
        confidences: (0..<probabilities.rowCount).map(probabilities.confidence), threshold: threshold.threshold,
        alphas: (0..<probabilities.rowCount).map { probabilities[$0, class: probabilities.classCount - 1] - probabilities[$0, class: 0] })
    }
  }

  /// - Parameters:
  ///   - opinion: the candidate's, with its own threshold.
  ///   - teacher: the teacher's on the same part.
  ///   - delay: from a decision's close until it is at the market, in place of the plan's.
  package func judgement(
    of opinion: Opinion, against teacher: Opinion, on part: DatasetPart, delay: FillDelay? = nil
  ) throws -> Judgement {
    let labelled = dataset.labelled(part)
    let scores = try ClassificationMetrics(of: picked(opinion.probabilities, labelled, part), labels: labelled.labels)
    let base = ClassificationMetrics.accuracy(ofAlways: majority, on: labelled.labels) ?? 0
    let skill = expectedSkill(of: opinion.probabilities, on: part) ?? (scores.accuracy - base)

    // Decisions are compared where both use the teacher's thresholds, so that they differ by the model alone.
    let atTeacher = opinion.decisions(at: teacher.threshold)
    let changes = try DecisionChanges(from: teacher.decisions, to: atTeacher.sides)

    let targets = try trader.targets(of: opinion.decisions(at: opinion.threshold), on: part)
    let result = try trader.money(of: targets, delay: delay)
    let borrowedTargets = try trader.targets(of: atTeacher, on: part)
    let borrowed = try trader.money(of: borrowedTargets, delay: delay).metrics
    var money = Money(result, later: try trader.money(of: targets, lag: 1, delay: delay).metrics)
    let market = try trader.money(of: try trader.constant(1, on: part), rules: TradingRules.none).daily
    money.informationRatio = information(result.daily, market)
    let coefficients = try coefficients(of: opinion.probabilities, labelled, part)
    return Judgement(
      part: part, opinion: opinion, result: result, market: market, targets: targets, atTeacher: (atTeacher.sides, borrowedTargets),
      measures: Measures(
        scores: scores, skill: skill,
        agreement: ClassificationMetrics.agreement(opinion.probabilities, teacher.probabilities) ?? 0,
        coefficients: coefficients, flips: Flips(changes, weights: weights), money: money,
        atTeacherThresholds: FillOneLater(netReturn: borrowed.netReturn, sharpe: borrowed.sharpe)))
  }

  /// The same position in every symbol, which needs no model and knows no rules.
  package func money(ofAlways position: Double, on part: DatasetPart) throws -> (money: Money, result: PortfolioResult) {
    let targets = try trader.constant(position, on: part)
    let result = try trader.money(of: targets, rules: TradingRules.none)
    return (Money(result, later: try trader.money(of: targets, lag: 1, rules: TradingRules.none).metrics), result)
  }

  /// The threshold that trades a share of the validation part's decisions.
  package func threshold(
    _ policy: ThresholdPolicy, of probabilities: ClassProbabilities
  ) throws -> DecisionThreshold {
    switch policy {
    case .coverage(let share): return try .coverage(share, of: probabilities)
    case .fixed(let threshold): return try DecisionThreshold(Float(threshold))
    case .tuned:
      let confidences = (0..<probabilities.rowCount).map(probabilities.confidence)
      return try .tuned(on: probabilities) { sides in
        let decisions = Trader.Decisions(sides: sides, confidences: confidences, threshold: 0.5)
        return try trader.money(of: try trader.targets(of: decisions, on: .validation)).metrics.netReturn
      }
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

  /// The probabilities of labelled rows.
  func picked(
    _ probabilities: ClassProbabilities, _ labelled: LabelledRows, _ part: DatasetPart
  ) throws -> ClassProbabilities {
    let first = dataset.parts[part].lowerBound
    var picked: [Float] = []
    picked.reserveCapacity(labelled.count * probabilities.classCount)
    for row in labelled.rows {
      for index in 0..<probabilities.classCount { picked.append(probabilities[row - first, class: index]) }
    }
    return try ClassProbabilities(picked, classCount: probabilities.classCount)
  }

  private func information(_ days: [DailyReturn], _ market: [DailyReturn]) -> Double? {
    guard days.map(\.day) == market.map(\.day) else { return nil }
    return RiskRatios.information(
      daily: days.map(\.net), benchmark: market.map(\.net), daysPerYear: trader.plan.execution.calendar.daysPerYear)
  }

  /// How p(up) − p(down) goes with the returns that followed: across symbols, or along time where there is one.
  private func coefficients(
    of probabilities: ClassProbabilities, _ labelled: LabelledRows, _ part: DatasetPart
  ) throws -> Measures.Coefficients {
    let first = dataset.parts[part].lowerBound
    let rows = dataset.parts[part].filter { dataset.forwardReturns[$0].isFinite }
    let top = probabilities.classCount - 1
    let scores = rows.map { Double(probabilities[$0 - first, class: top] - probabilities[$0 - first, class: 0]) }
    let returns = rows.map { dataset.forwardReturns[$0] }
    guard dataset.keys.count > 1 else {
      return Measures.Coefficients(
        ic: InformationCoefficient.pearson(scores: scores, returns: returns),
        rankIc: InformationCoefficient.rank(scores: scores, returns: returns), icir: nil)
    }
    let panel = try PanelCoefficients(scores: scores, returns: returns, dates: rows.map { dataset.times[$0] })
    return Measures.Coefficients(ic: panel.meanIC, rankIc: panel.meanRankIC, icir: panel.ratio)
  }
}

/// What came of judging one model on one part.
package struct Judgement: Sendable {
  package let part: DatasetPart
  package let opinion: Judge.Opinion
  /// At the model's own threshold.
  package let result: PortfolioResult
  /// What holding every symbol all the time earned each day.
  package let market: [DailyReturn]
  package let targets: [Trader.Targets]
  /// At the original's threshold: decisions row by row, and what they want.
  package let atTeacher: (sides: [Int8], targets: [Trader.Targets])
  package let measures: Measures
}

extension Flips {
  init(_ changes: DecisionChanges, weights: DecisionCostWeights = .standard) {
    self.init(
      missed: changes.missed, false: changes.false, reversed: changes.reversed, rate: changes.changedRate,
      equalPositions: changes.equalPositions,
      cost: weights.cost(of: changes))
  }
}

extension Money {
  init(_ result: PortfolioResult, later: BacktestMetrics) {
    self.init(
      metrics: result.metrics, financing: result.financing,
      fillOneLater: FillOneLater(netReturn: later.netReturn, sharpe: later.sharpe))
  }
}

extension PortfolioResult {
  /// The equity curve as the results hold it.
  var equityPoints: [EquityPoint] {
    equity.times.indices.map { EquityPoint(time: equity.times[$0], net: equity.net[$0], gross: equity.gross[$0]) }
  }
}
