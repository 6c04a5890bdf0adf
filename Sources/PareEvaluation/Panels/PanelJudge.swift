import PareBacktest
import PareGraph
import PareMarket

/// What a model is worth on some days of a panel.
struct PanelJudgement: Codable, Sendable {
  var metrics: CrossSectionMetrics
  /// A portfolio of the best.
  var longOnly: CrossSectionFigures
  /// Of the best and the worst.
  var longShort: CrossSectionFigures
  /// Mean over the days of the rank correlation with the teacher's scores; nil for the teacher itself.
  var fidelity: Double?
}

/// Judges models on the days of a panel's parts.
struct PanelJudge: Sendable {
  let data: PanelData
  let experiment: PanelExperiment

  func scores(of graph: Graph, on data: PanelData, part: DatasetPart) throws -> PanelScores {
    try PanelScores(of: graph, on: data, days: experiment.days, range: data.range(part))
  }

  func judgement(of scores: PanelScores, teacher: PanelScores?, on part: DatasetPart) throws -> PanelJudgement {
    let range = data.range(part)
    let cells = range.lowerBound * data.symbolCount..<range.upperBound * data.symbolCount
    let returns = try DailyPanel(symbols: data.symbolCount, values: Array(data.returns.values[cells]))
    return PanelJudgement(
      metrics: try CrossSectionMetrics(scores: scores.values, returns: returns),
      longOnly: try portfolio(.longOnly, scores, range), longShort: try portfolio(.longShort, scores, range),
      fidelity: try teacher.flatMap { try CrossSectionMetrics.fidelity(of: scores.values, to: $0.values).mean })
  }

  private func portfolio(_ side: CrossSectionPortfolio.Side, _ scores: PanelScores, _ range: Range<Int>) throws -> CrossSectionFigures {
    let symbols = data.symbolCount
    let cells = range.lowerBound * symbols..<range.upperBound * symbols
    func part<Value>(_ values: [Value]) -> [Value] { Array(values[cells]) }
    let prices = try PanelPrices(
      symbols: symbols, open: part(data.prices.open.values), close: part(data.prices.close.values), canBuy: part(data.prices.canBuy),
      canSell: part(data.prices.canSell))
    let settings = experiment.portfolio
    let top = settings.top ?? max(symbols / 10, 1)
    let rule = CrossSectionPortfolio(
      top: top, drop: settings.drop ?? max(top / 10, 1), side: side, costs: try TradingCosts(fee: settings.cost, halfSpread: 0, slippage: 0),
      stampDuty: settings.stampDuty, largestMove: experiment.priceLimit.map { 2 * $0 + 0.01 },
      daysPerYear: data.daysPerYear)
    return try rule.run(scores: scores.values, prices: prices).figures
  }
}
