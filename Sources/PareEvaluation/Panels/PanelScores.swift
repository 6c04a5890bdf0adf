import PareBacktest
import PareGraph
import PareMarket
import PareTensor
import PareTraining

/// What a model says of a panel.
package struct PanelScores: Sendable {
  /// NaN where a symbol is absent.
  package let values: DailyPanel

  /// Asks a model about some days, each with the days before it that the experiment's rows hold.
  ///
  /// - Throws: `training.…` where the panel does not fit the model.
  package init(of graph: Graph, on data: PanelData, days: PanelDays, range: Range<Int>) throws {
    let rows = PanelRows(data: data, days: days)
    let scorer = Scorer(graph, outputs: ["scores"], chunkSize: 1, threads: 1)
    var said: [Float] = []
    var first = 0
    let total = rows.count(range)
    // So many at a time that copies of the features stay small.
    while first < total {
      let count = min(8, total - first)
      let scores = try scorer.run(rows.rows(range, from: first, count: count))["scores"]?.values(as: Float.self) ?? []
      said += rows.days(scores, of: range, from: first, count: count)
      first += count
    }
    let cells = range.lowerBound * data.symbolCount..<range.upperBound * data.symbolCount
    values = try DailyPanel(symbols: data.symbolCount, values: said, mask: Array(data.mask[cells]))
  }
}
