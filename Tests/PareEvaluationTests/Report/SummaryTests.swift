import Foundation
import PareEvaluation
import Testing

@Suite struct SummaryTests {
  @Test func aSummaryHasChoiceReasonVerdictsAndCard() async throws {
    let run = try await SmallRun.shared.value
    let text = RunSummary(run.results).markdown()
    #expect(text == (try String(contentsOfFile: run.folder + "/summary.md", encoding: .utf8)))
    for words in [run.results.chosen.map { "Chosen: \($0)" } ?? "Nothing was chosen", "## Verdicts", "## Walk-forward", "## Deployment card", "### Losses", "**simulated**"] {
      #expect(text.contains(words), "\(words)")
    }
    for candidate in run.results.candidates { #expect(text.contains("\(candidate.name) | \(candidate.bytes) |"), "\(candidate.name)") }
  }

  @Test(arguments: ["a | b", "a\n\n# b", "[x](y) <script> `c` *d*", "\\"])
  func noTextOfARunBreaksTheMarkdown(_ text: String) async throws {
    var results = try await SmallRun.shared.value.results
    let plain = RunSummary(results).markdown().split(separator: "\n")
    results.candidates[1].name = text
    results.data.source = text
    results.reason = text
    let lines = RunSummary(results).markdown().split(separator: "\n")
    #expect(lines.filter { $0.hasPrefix("#") } == plain.filter { $0.hasPrefix("#") })
    func bars(_ line: Substring) -> Int { line.replacing("\\|", with: "").count { $0 == "|" } }
    #expect(lines.filter { $0.hasPrefix("| ") }.map(bars) == plain.filter { $0.hasPrefix("| ") }.map(bars))
    #expect(!lines.contains { $0.contains("<script>") })
  }

  @Test func aSeriesNamesEveryCaseAndVerdict() async throws {
    let series = try await SmallRun.series.value
    let text = try String(contentsOfFile: series.folder + "/summary.md", encoding: .utf8)
    for one in series.results.cases { #expect(text.contains("(<\(one.folder)/summary.md>)"), "\(one.folder)") }
    for model in series.results.markets[0].models where model.verdict != nil {
      #expect(text.contains("| \(model.name) | \(model.verdict?.rawValue.replacing("-", with: " ") ?? "");"), "\(model.name)")
    }
  }
}
