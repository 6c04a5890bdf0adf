import Foundation
import PareBacktest
import PareEvaluation

/// What an experiment found on several markets or with several seeds, for a terminal.
struct SeriesTable {
  private let results: SeriesResults

  init(_ results: SeriesResults) {
    self.results = results
  }

  func rendered() -> String {
    let seeds = results.seeds.map(String.init).joined(separator: ", ")
    var lines = ["\(results.experiment), \(results.seeds.count == 1 ? "seed" : "seeds") \(seeds): test parts, seeds pooled", ""]
    var table = TextTable(
      ["market", "model", "bytes", "ratio", "p50 ns", "agreement", "gross", "net", "Sharpe", "difference a day, bp (95 %)", "verdict", "chosen"],
      words: [0, 1, 10])
    for market in results.markets {
      for (index, model) in market.models.enumerated() {
        table.add([
          index == 0 ? market.market : "", model.name, "\(model.bytes)", model.compressionRatio.map { String(format: "%.1f×", $0) } ?? "–",
          model.latencyP50.map { String(format: "%.0f", $0) } ?? "–", String(format: "%.1f%%", 100 * model.agreement),
          String(format: "%.2f%%", 100 * model.grossReturn), String(format: "%.2f%%", 100 * model.netReturn),
          model.sharpe.map { String(format: "%.2f", $0) } ?? "–", Self.words(model.comparison?.difference),
          model.verdict?.rawValue ?? "", model.chosen > 0 ? "\(model.chosen) of \(results.seeds.count)" : "",
        ])
      }
    }
    lines.append(table.rendered())
    lines.append("")
    for market in results.markets {
      let gross = market.originalGross
      let interval = gross.lower.flatMap { lower in gross.upper.map { String(format: "%.1f%% to %.1f%%", 100 * lower, 100 * $0) } }
      lines.append(
        "\(market.market): gross return of the original on \(market.testDays) test days "
          + String(format: "%.1f%%", 100 * (gross.estimate ?? 0)) + (interval.map { ", 95 % interval \($0)" } ?? "") + ".")
    }
    lines.append(
      "kept: the whole interval of the daily difference lies above −\(Int((results.margin * 100).rounded())) % of the original's gross return; "
        + "lost: wholly below; no-skill-to-keep: that gross return cannot be told from zero.")
    return lines.joined(separator: "\n")
  }

  private static func words(_ difference: ConfidenceInterval?) -> String {
    guard let difference, let estimate = difference.estimate else { return "–" }
    guard let lower = difference.lower, let upper = difference.upper else { return String(format: "%+.2f", 1e4 * estimate) }
    return String(format: "%+.2f (%+.2f … %+.2f)", 1e4 * estimate, 1e4 * lower, 1e4 * upper)
  }
}
