import Foundation
import PareCompression

/// What a model is worth as it was and after each step, for a terminal; a column for each figure that there is.
struct FiguresTable {
  private let rows: [(name: String, figures: [String: Double])]

  /// Figures by name, what heads their column, and how they are printed.
  private static let columns: [(name: String, heading: String, words: @Sendable (Double) -> String)] = [
    ("bytes", "bytes", { String(format: "%.0f", $0) }),
    ("non_zeros", "non-zeros", { String(format: "%.0f", $0) }),
    ("multiply_adds", "multiply-adds", { String(format: "%.0f", $0) }),
    ("estimate_ns", "ns by the table", { String(format: "%.1f", $0) }),
    ("accuracy", "accuracy", { String(format: "%.2f%%", 100 * $0) }),
    ("decisions_changed", "changed", { String(format: "%.2f%%", 100 * $0) }),
    ("output_snr_db", "output dB", { $0.isFinite ? String(format: "%.1f", $0) : "equal" }),
  ]

  init(before: [String: Double], steps: [StepReport]) {
    rows = [("as it was", before)] + steps.map { ($0.technique, $0.figures) }
  }

  func rendered() -> String {
    let columns = Self.columns.filter { column in rows.contains { $0.figures[column.name] != nil } }
    var table = TextTable(["after"] + columns.map(\.heading))
    for row in rows {
      table.add([row.name] + columns.map { column in row.figures[column.name].map(column.words) ?? "–" })
    }
    return table.rendered()
  }
}
