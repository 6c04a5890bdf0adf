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
      "candidate", "bytes", "ratio", "p50 ns", "p99 ns", "accuracy", "log loss", "changed", "gross", "net", "Sharpe", "trades", "verdict", "frontier",
    ], words: [0, 12, 13])
    for candidate in results.candidates {
      let test = candidate.test
      let money = test.money.metrics
      table.add([
        candidate.name == results.chosen ? "▶ " + candidate.name : "  " + candidate.name,
        candidate.hasArtifact ? "\(candidate.bytes)" : "–", candidate.compressionRatio.map { Self.decimal($0, 1) + "×" } ?? "–",
        candidate.latencyNs.map { Self.decimal($0.p50, 0) } ?? "–", candidate.latencyNs.map { Self.decimal($0.p99, 0) } ?? "–",
        Self.percent(test.scores.accuracy), Self.decimal(test.scores.logLoss, 4), Self.percent(test.flips.rate),
        Self.percent(money.grossReturn), Self.percent(money.netReturn), money.sharpe.map { Self.decimal($0, 2) } ?? "–",
        "\(money.trades)", candidate.evidence?.test.verdict?.rawValue ?? "", (candidate.pareto ? "yes" : "") + (candidate.withinBudget ? "" : " over budget"),
      ])
    }
    for baseline in results.baselines {
      let money = baseline.test.metrics
      table.add([
        "  " + baseline.name, "", "", "", "", "", "", "", Self.percent(money.grossReturn), Self.percent(money.netReturn),
        money.sharpe.map { Self.decimal($0, 2) } ?? "–", "\(money.trades)", "", "",
      ])
    }
    lines.append(table.rendered())
    if let truth = results.truth, let teacher = results.candidates.first(where: { $0.role == .teacher }) {
      lines.append("")
      lines.append(
        "Skill on the test part, expected under the true probabilities: Bayes \(Self.percent(truth.test.bayesSkill)), "
          + "teacher \(Self.percent(teacher.test.skill)) (\(Self.percent(teacher.test.skill / truth.test.bayesSkill)) of it).")
    }
    if let walk = results.walkForward { lines += ["", Self.words(walk)] }
    lines.append("")
    lines.append("Test part; the choice saw the validation part only. " + results.reason)
    lines += results.alternatives
    return lines.joined(separator: "\n")
  }

  /// What the windows say of each model.
  private static func words(_ walk: WalkForwardResult) -> String {
    var table = TextTable(["all \(walk.windows.count) windows", "gross", "net", "Sharpe", "chosen in", "verdict"], words: [0, 5])
    for model in walk.pooled {
      table.add([
        "  " + model.name, percent(model.grossReturn), percent(model.netReturn), model.sharpe.map { decimal($0, 2) } ?? "–",
        "\(walk.stability.chosen[model.name] ?? 0)", model.verdict?.rawValue ?? "",
      ])
    }
    return table.rendered() + "\n\nFollowing each window's choice earns \(percent(walk.stability.netOfChoices)) net; the best of each "
      + "in hindsight \(percent(walk.stability.netInHindsight))."
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
