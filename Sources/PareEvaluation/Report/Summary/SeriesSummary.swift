/// An experiment on several markets or seeds, on a page of Markdown.
struct SeriesSummary {
  let results: SeriesResults

  init(_ results: SeriesResults) {
    self.results = results
  }

  func markdown() -> String {
    var models: [String] = []
    for model in results.markets.flatMap(\.models) where !models.contains(model.name) { models.append(model.name) }
    let matrix = Markdown.table(
      ["model"] + results.markets.map { Markdown.plain($0.market) },
      models.map { name in
        [name]
          + results.markets.map { market in
            guard let model = market.models.first(where: { $0.name == name }) else { return "" }
            guard let verdict = model.verdict else { return "original" }
            let difference = model.comparison?.difference
            return "\(verdict.words); \(Markdown.basisPoints(difference?.estimate, difference?.lower, difference?.upper))"
          }
      })
    let originals = results.markets.map { market in
      let gross = market.originalGross
      let interval = gross.lower.flatMap { lower in gross.upper.map { ", 95 % interval \(Markdown.share(lower)) to \(Markdown.share($0))" } }
      return "- " + Markdown.plain("\(market.market): \(market.testDays) test days of \(market.source); original gross \(gross.estimate.map(Markdown.share) ?? "undefined")")
        + (interval ?? ", too few days for an interval")
    }
    let cases = results.cases.map { one in
      "- [\(Markdown.plain(one.folder))](<\(one.folder)/\(RunSummary.file)>): " + Markdown.plain(one.chosen ?? "nothing chosen") + ". " + Markdown.plain(one.reason)
    }
    return [
      "# " + Markdown.plain(results.experiment), "Seeds \(results.seeds.map(String.init).joined(separator: ", ")), pooled; test parts.", "## Verdicts",
      matrix,
      "Basis points a day more than the original, with the 95 % interval. Kept: wholly above −\(figure(100 * results.margin)) % of the original's gross return.",
      "## Originals", originals.joined(separator: "\n"), "## Cases", cases.joined(separator: "\n"),
    ].joined(separator: "\n\n") + "\n"
  }
}
