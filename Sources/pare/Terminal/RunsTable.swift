import Foundation
import PareEvaluation

/// Kept runs, a line each, for a terminal.
struct RunsTable {
  private let runs: [RunHead]

  init(_ runs: [RunHead]) {
    self.runs = runs
  }

  func rendered() -> String {
    var table = TextTable(
      ["run", "started (UTC)", "experiment", "seed", "data", "chosen", "test net", "bytes", "p99 ns"], words: [1, 2, 4, 5])
    for run in runs {
      let figures = run.chosenFigures
      table.add([
        run.id.map(String.init) ?? "–", Self.time(run.started), run.experiment, "\(run.seed)", run.dataSource, run.chosen ?? "none",
        figures["test.net_return"].map { String(format: "%.2f%%", 100 * $0) } ?? "–", FigureWords.value(figures["bytes"]),
        figures["latency_ns.p99"].map { String(format: "%.0f", $0) } ?? "–",
      ])
    }
    return table.rendered()
  }

  /// `2025-01-31 08:00` of an ISO 8601 time.
  static func time(_ started: String) -> String { started.prefix(16).replacingOccurrences(of: "T", with: " ") }
}
