import Foundation
import PareEvaluation

/// What a search found, for a terminal.
struct SearchTable {
  /// More rows than this nobody reads; `search.json` has them all.
  private static let maximumRows = 40

  private let results: SearchResults

  init(_ results: SearchResults) {
    self.results = results
  }

  func rendered() -> String {
    var table = TextTable(
      ["trial"] + results.objectives + ["accuracy", "log loss", "changed", "test net", "test Sharpe", "", "made by"],
      words: [0, results.objectives.count + 6, results.objectives.count + 7])
    let frontier = results.frontier
    let dominated = results.trials.filter { !$0.pareto && $0.error == nil }
    let shown = (frontier + dominated.filter { $0.name == results.chosen } + dominated.filter { $0.name != results.chosen })
      .prefix(max(Self.maximumRows, frontier.count + 1))
    for trial in shown { table.add(cells(trial)) }
    var lines = [
      "\(results.search), \(results.method), seed \(results.seed): \(results.source)",
      "\(results.recipesEvaluated) of \(results.planned) trials, \(results.combinations) combinations, \(results.failed) failed; "
        + "\(frontier.count) on the frontier", "", table.rendered(),
    ]
    let left = frontier.count + dominated.count - shown.count
    if left > 0 { lines.append("… and \(left) dominated ones in search.json.") }
    lines += ["", "Validation part, but for the columns of the test part. " + results.reason]
    if let chosen = results.trials.first(where: { $0.name == results.chosen }) { lines.append("Made by: \(chosen.made).") }
    return lines.joined(separator: "\n")
  }

  private func cells(_ trial: SearchTrial) -> [String] {
    let figures = results.objectives.map { name in trial.figure(name).map { Self.words($0, of: name) } ?? "–" }
    let validation = trial.figures?.validation
    let marks = [trial.pareto ? "frontier" : "dominated"] + (trial.withinBudget ? [] : ["over budget"])
    return [(trial.name == results.chosen ? "▶ " : "  ") + trial.name] + figures
      + [
        validation.map { Self.words($0.scores.accuracy, of: "accuracy") } ?? "–",
        validation.map { Self.words($0.scores.logLoss, of: "log-loss") } ?? "–",
        validation.map { Self.words($0.flips.rate, of: "decisions-changed") } ?? "–",
        trial.test.map { Self.words($0.money.metrics.netReturn, of: "net-return") } ?? "", trial.test?.money.metrics.sharpe.map { Self.words($0, of: "sharpe") } ?? "",
        marks.joined(separator: ", "), trial.made,
      ]
  }

  /// A figure of an objective as people read it.
  static func words(_ value: Double, of objective: String) -> String {
    guard value.isFinite else { return "–" }
    return switch Objective(rawValue: objective) {
    case .bytes, .planBytes, .parameters, .multiplyAdds: String(format: "%.0f", value)
    case .latency, .tailLatency: String(format: "%.1f", value)
    case .logLoss, .brier, .calibrationError, .auc, .f1, .ic, .rankIC, .changeCost: String(format: "%.4f", value)
    case .sharpe, .sortino, .calmar, .informationRatio, .profitFactor, .breakEven, .turnover, nil: String(format: "%.2f", value)
    default: String(format: "%.2f%%", 100 * value)
    }
  }
}
