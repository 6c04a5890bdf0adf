import PareBacktest
import PareMarket

extension Judge {
  /// What backs a judgement.
  ///
  /// - Parameters:
  ///   - reference: the original's of the same part, and whether it has skill; nil where the judgement is the original's.
  ///   - margin: of the original's gross return, the share that a candidate may earn less and still keep it.
  package func evidence(of judgement: Judgement, against reference: (judgement: Judgement, hasSkill: Bool)?, margin: Double) throws -> Evidence {
    let original = reference?.judgement
    let part = judgement.part
    let labelled = dataset.labelled(part)
    let execution = trader.plan.execution
    let probabilities = try picked(judgement.opinion.probabilities, labelled, part)
    let market = judgement.market
    let days = judgement.result.daily
    let benchmark = market.map(\.day) == days.map(\.day) ? market.map(\.net) : nil
    let returns = ReturnIntervals(of: days, benchmark: benchmark, execution: execution)
    let scores = try ScoreIntervals(
      of: probabilities, labels: labelled.labels, forwardReturns: labelled.forwardReturns,
      days: labelled.rows.map { dataset.times[$0] / 86_400_000 })
    let trades = TradeIntervals(of: judgement.result.trades.map(\.netReturn))
    var intervals: [String: ConfidenceInterval] = [:]
    for figure in ReturnFigure.allCases { intervals[figure.rawValue] = returns[figure] }
    for figure in ScoreFigure.allCases { intervals[figure.rawValue] = scores[figure] }
    for figure in TradeFigure.allCases { intervals[figure.rawValue] = trades[figure] }

    let differences = try original.map {
      try self.differences(days, probabilities, labelled, to: $0, part, benchmark: benchmark)
    }
    let comparison = try original.map { try compare(days, $0.result.daily, margin: margin) }
    let compared = try original.flatMap { try trader.compared($0.atTeacher.targets, judgement.atTeacher.targets) }
    return Evidence(
      intervals: intervals, differences: differences, comparison: comparison,
      verdict: comparison.map { Verdict($0, originalHasSkill: reference?.hasSkill ?? false) },
      probabilisticSharpe: SharpeSignificance.probabilistic(daily: days.map(\.net)),
      calibration: try CalibrationBin.bins(of: probabilities, labels: labelled.labels), days: DayTable(days),
      delays: try trader.delays(of: judgement.targets), changes: compared.map { ChangeAttribution($0.positions) },
      distances: try original.map {
        try ThresholdDistances(
          original: $0.opinion.probabilities, candidate: judgement.atTeacher.sides, threshold: $0.opinion.threshold)
      },
      regimes: try compared.flatMap { compared in
        try regimes.map { try RegimeChanges(compared.positions, regimes: $0, from: compared.first) }
      })
  }

  /// The paired intervals of every figure of days and scores.
  private func differences(
    _ days: [DailyReturn], _ probabilities: ClassProbabilities, _ labelled: LabelledRows, to original: Judgement, _ part: DatasetPart,
    benchmark: [Double]?
  ) throws -> [String: ConfidenceInterval] {
    let returns = ReturnIntervals(
      of: days, against: original.result.daily, benchmark: benchmark, execution: trader.plan.execution)
    let scores = try ScoreIntervals(
      of: probabilities, against: try picked(original.opinion.probabilities, labelled, part), labels: labelled.labels,
      forwardReturns: labelled.forwardReturns, days: labelled.rows.map { dataset.times[$0] / 86_400_000 })
    var intervals: [String: ConfidenceInterval] = [:]
    for figure in ReturnFigure.allCases { intervals[figure.rawValue] = returns[figure] }
    for figure in ScoreFigure.allCases { intervals[figure.rawValue] = scores[figure] }
    return intervals
  }

  private func compare(_ days: [DailyReturn], _ original: [DailyReturn], margin: Double) throws -> PairedComparison {
    try PairedComparison(
      original: original, candidate: days, margin: Self.margin(of: original, share: margin),
      daysPerYear: trader.plan.execution.calendar.daysPerYear)
  }

  /// A share of the original's gross return a day, as the loss a day that still counts as kept; 0 where it earned nothing.
  package static func margin(of original: [DailyReturn], share: Double) -> Double {
    max(original.reduce(0) { $0 + $1.gross } * share / Double(max(original.count, 1)), 0)
  }

  /// Whether the 95 % interval of the gross return lies above zero.
  package static func hasSkill(_ days: [DailyReturn], _ execution: Execution) -> Bool {
    (ReturnIntervals(of: days, execution: execution)[.grossReturn].lower ?? 0) > 0
  }
}

extension Verdict {
  init(_ comparison: PairedComparison, originalHasSkill: Bool) {
    guard originalHasSkill else {
      self = .noSkillToKeep
      return
    }
    switch comparison.verdict {
    case .kept: self = .kept
    case .lost: self = .lost
    case .undetermined: self = .undetermined
    }
  }
}
