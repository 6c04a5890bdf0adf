import Foundation
import PareEvaluation

/// What a run found, for a terminal.
struct ResultsTable {
  private let results: Results

  init(_ results: Results) {
    self.results = results
  }

  func rendered() -> String {
    var lines: [String] = []
    let data = results.data
    lines.append("\(results.experiment), seed \(results.seed): \(data.source)")
    lines.append(
      "\(data.rows) rows of \(Self.words(data.features)): train \(data.train.rows), validation \(data.validation.rows), "
        + "test \(data.test.rows) (\(data.test.first) to \(data.test.last))")
    lines.append("")
    var table = TextTable([
      "candidate", "bytes", "ratio", "p50 ns", "p99 ns", "accuracy", "log loss", "changed", "gross", "net", "Sharpe", "trades", "frontier",
    ])
    for candidate in results.candidates {
      let test = candidate.test
      table.add([
        candidate.name == results.chosen ? "▶ " + candidate.name : "  " + candidate.name,
        "\(candidate.bytes)", Self.decimal(candidate.compressionRatio, 1) + "×",
        Self.decimal(candidate.latencyNs.p50, 0), Self.decimal(candidate.latencyNs.p99, 0),
        Self.percent(test.accuracy), Self.decimal(test.logLoss, 4), Self.percent(test.flips.rate),
        Self.percent(test.grossReturn), Self.percent(test.netReturn), test.sharpe.map { Self.decimal($0, 2) } ?? "–",
        "\(test.trades)", (candidate.pareto ? "yes" : "") + (candidate.withinBudget ? "" : " over budget"),
      ])
    }
    for baseline in results.baselines {
      let test = baseline.test
      table.add([
        "  " + baseline.name, "", "", "", "", "", "", "", Self.percent(test.grossReturn), Self.percent(test.netReturn),
        test.sharpe.map { Self.decimal($0, 2) } ?? "–", "\(test.trades)", "",
      ])
    }
    lines.append(table.rendered())
    if let truth = results.truth, let teacher = results.candidates.first(where: { $0.role == .teacher }) {
      lines.append("")
      lines.append(
        "Skill on the test part, expected under the true probabilities: Bayes \(Self.percent(truth.test.bayesSkill)), "
          + "teacher \(Self.percent(teacher.test.skill)) (\(Self.percent(teacher.test.skill / truth.test.bayesSkill)) of it).")
    }
    lines.append("")
    lines.append("Test part; the choice saw the validation part only. " + results.reason)
    return lines.joined(separator: "\n")
  }

  private static func decimal(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }

  private static func percent(_ share: Double) -> String {
    String(format: "%.2f%%", 100 * share)
  }

  /// `20 features`, or `windows of [30, 40]`.
  private static func words(_ features: [String]) -> String {
    guard features.count == 1, features[0].hasPrefix("windows") else { return "\(features.count) features" }
    return features[0]
  }
}
