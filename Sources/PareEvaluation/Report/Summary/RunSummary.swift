/// A run on a page of Markdown: what was chosen and why, the verdicts, the deployment card.
public struct RunSummary: Sendable {
  /// Beside `report.html`.
  public static let file = "summary.md"

  private let results: Results

  public init(_ results: Results) {
    self.results = results
  }

  public func markdown() -> String {
    var blocks = ["# " + Markdown.plain(results.experiment), span]
    if results.data.source.hasPrefix("simulated") {
      blocks.append("The market is **simulated**: nothing here is a statement about a real one.")
    }
    blocks.append("**" + (results.chosen.map { "Chosen: \(Markdown.plain($0))" } ?? "Nothing was chosen") + "**. " + Markdown.plain(results.reason))
    if !results.alternatives.isEmpty {
      blocks.append(results.alternatives.map { "- " + Markdown.plain($0) }.joined(separator: "\n"))
    }
    blocks += ["## Verdicts", verdicts, note]
    if let walk = results.walkForward { blocks += ["## Walk-forward", words(of: walk)] }
    blocks += DeploymentCard(results).blocks
    blocks += ["## Say it again", "`pare run EXPERIMENT.yaml --seed \(results.seed)`; the experiment is `configuration` in `results.json`."]
    return blocks.joined(separator: "\n\n") + "\n"
  }

  private var span: String {
    let data = results.data
    return Markdown.plain(
      "\(data.source); \(data.symbols.joined(separator: ", ")), \(data.interval); seed \(results.seed); "
        + "validation part \(data.validation.first) to \(data.validation.last), test part \(data.test.first) to \(data.test.last), UTC.")
  }

  private var verdicts: String {
    Markdown.table(
      [
        "model", "bytes", "p50 / p99 ns", "net, test", "Sharpe, test", "changed, test", "difference a day, bp (95 %), test", "verdict, validation",
        "verdict, test", "deflated Sharpe",
      ],
      results.candidates.map { candidate in
        let (test, money) = (candidate.test, candidate.test.money.metrics)
        let (own, difference) = (candidate.evidence?.test, candidate.evidence?.test.comparison?.difference)
        return [
          (candidate.name == results.chosen ? "▶ " : "") + candidate.name, "\(candidate.bytes)",
          candidate.latencyNs.map { "\(figure($0.p50)) / \(figure($0.p99))" } ?? "–", Markdown.share(money.netReturn), money.sharpe.map(figure) ?? "–",
          Markdown.share(test.flips.rate), Markdown.basisPoints(difference?.estimate, difference?.lower, difference?.upper),
          candidate.evidence?.validation.verdict?.words ?? "", own?.verdict?.words ?? "", own?.deflatedSharpe.map(Markdown.share) ?? "–",
        ]
      })
  }

  private var note: String {
    "Kept: the whole interval lies above −\(figure(100 * results.margin)) % of the original's gross return; lost: wholly below; no skill to keep: "
      + "that gross return cannot be told from zero. Deflated by \(results.evaluated) models and steps that were tried."
  }

  private func words(of walk: WalkForwardResult) -> String {
    let stability = walk.stability
    let chosen = stability.chosen.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
    return Markdown.table(
      ["model", "net", "Sharpe", "difference a day, bp (95 %)", "verdict", "chosen in"],
      walk.pooled.map { model in
        let difference = model.comparison?.difference
        return [
          model.name, Markdown.share(model.netReturn), model.sharpe.map(figure) ?? "–",
          Markdown.basisPoints(difference?.estimate, difference?.lower, difference?.upper), model.verdict?.words ?? "",
          "\(stability.chosen[model.name] ?? 0) of \(walk.windows.count)",
        ]
      })
      + "\n\n\(walk.windows.count) \(walk.kind.rawValue) windows; chosen: " + Markdown.plain(chosen.joined(separator: ", "))
      + ". Following each choice earns \(Markdown.share(stability.netOfChoices)) net, the best of each in hindsight \(Markdown.share(stability.netInHindsight))."
  }
}

extension DeploymentCard {
  /// The card in Markdown.
  var blocks: [String] {
    ["## Deployment card", Markdown.plain(subject)]
      + sections.flatMap { section in
        ["### " + section.title, section.entries.map { "- **\(Markdown.plain($0.term))**: \(Markdown.plain($0.text))" }.joined(separator: "\n")]
      }
  }
}
