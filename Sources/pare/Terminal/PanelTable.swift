import Foundation
import PareBacktest
import PareEvaluation

/// What a run on a panel found, for a terminal: what models weigh and what they keep of the teacher, and then what their scores are
/// worth.
struct PanelTable {
  private let results: PanelResults

  init(_ results: PanelResults) {
    self.results = results
  }

  private func lines() -> [String] {
    let rows = results.summary.rows
    var scores = TextTable(
      ["model", "bytes", "ratio", "IC", "kept", "rank IC", "kept", "fidelity", "IC less teacher's", "verdict"], words: [0, 9])
    var money = TextTable(
      ["model", "ICIR", "rank ICIR", "direction", "excess", "IR", "long-short", "Sharpe", "turnover"], words: [0])
    for row in rows {
      scores.add([
        row.name, String(format: "%.0f", row.bytes), row.ratio.map { String(format: "%.1f×", $0) } ?? "–", text(row.ic, 4), share(row.kept),
        text(row.rankIC, 4), share(row.keptRank), text(row.fidelity, 3), interval(row.comparison),
        row.comparison?.equivalence.verdict.rawValue ?? "",
      ])
      money.add([
        row.name, text(row.icRatio, 2), text(row.rankICRatio, 2), text(row.direction, 4), percent(row.excess), text(row.informationRatio, 2),
        percent(row.longShort), text(row.sharpe, 2), text(row.turnover, 2),
      ])
    }
    return [
      "\(results.name), \(results.seedWords): \(results.sourceWords)", "", scores.rendered(), "", money.rendered(), "",
    ] + (results.walkForward.map { windows($0) + [""] } ?? []) + [
      "Test days; sizes and weights saw the days before them. Excess is over all symbols in equal parts; who was chosen for a panel with",
      "knowledge of its end has survived it, so that absolute profits are not to be read off.",
    ]
  }

  func rendered() -> String { lines().joined(separator: "\n") }

  /// ICs of each window's test days, and of all together.
  private func windows(_ walk: PanelWalkForwardResult) -> [String] {
    let names = walk.windows.map { day($0.first) + " …" }
    var table = TextTable(["model"] + names + ["all", "kept", "fidelity", "IC less teacher's", "verdict"], words: [0, names.count + 5])
    for row in walk.summary.rows {
      let own = walk.windows.map { window in text(window.summary.rows.first { $0.name == row.name }?.ic, 4) }
      table.add(
        [row.name] + own + [
          text(row.ic, 4), share(row.kept), text(row.fidelity, 3), interval(row.comparison), row.comparison?.equivalence.verdict.rawValue ?? "",
        ])
    }
    let until = walk.windows.last.map { day($0.last) } ?? ""
    return ["Walk-forward, IC by window until \(until); in each everything is made anew from the days before:", "", table.rendered()]
  }

  private func day(_ time: Int64) -> String {
    Date(timeIntervalSince1970: Double(time - 1) / 1000).formatted(.iso8601.year().month().day())
  }

  /// A mean over seeds and, where there are several, their deviation.
  private func text(_ summary: SeedSummary?, _ digits: Int) -> String {
    guard let summary else { return "–" }
    let mean = String(format: "%.\(digits)f", summary.mean)
    return summary.deviation.map { "\(mean) ± " + String(format: "%.\(digits)f", $0) } ?? mean
  }

  /// The share of the teacher's mean that is kept, and half of its interval.
  private func share(_ kept: KeptShare?) -> String {
    guard let estimate = kept?.share.estimate else { return "–" }
    return String(format: "%.1f%%", 100 * estimate) + (kept?.halfWidth.map { String(format: " ± %.1f%%", 100 * $0) } ?? "")
  }

  private func percent(_ summary: SeedSummary?) -> String { summary.map { String(format: "%.1f%%", 100 * $0.mean) } ?? "–" }

  private func interval(_ comparison: CoefficientComparison?) -> String {
    guard let difference = comparison?.difference, let mean = difference.estimate, let lower = difference.lower, let upper = difference.upper
    else { return "–" }
    return String(format: "%+.4f [%+.4f, %+.4f]", mean, lower, upper)
  }
}
