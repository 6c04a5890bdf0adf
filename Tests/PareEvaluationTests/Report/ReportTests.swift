import Foundation
import PareEvaluation
import Testing

@Suite struct ReportTests {
  /// A report of a run whose every text is `text`.
  private func page(saying text: String) throws -> String {
    let part = DataSummary.Part(rows: 1, first: text, last: text)
    var candidate = Small.candidate(text)
    candidate.made = text
    candidate.from = text
    candidate.precision = text
    candidate.steps = [
      StepResult(
        technique: text, bytes: .init(before: 2, after: 1), parameters: .init(before: 2, after: 1),
        layers: [.init(layer: text, outcome: text, weightError: nil, figures: [text: 1])], weightError: nil,
        before: [text: 1], figures: [text: 1], flips: Flips(missed: 1, false: 2, reversed: 3, rate: 0.5))
    ]
    let results = Results(
      experiment: text, seed: 1,
      data: DataSummary(
        source: text, digest: text, symbols: [text], interval: text, candles: 3, missingCandles: 0, features: [text],
        classes: [text], horizon: 1, rows: 3, train: part, validation: part, test: part, clipped: [text: 0]),
      configuration: text, candidates: [candidate, Small.candidate("second")], baselines: [], truth: nil,
      objectives: [text], budget: Budget(),
      decision: Decision(chosen: text, reason: text, alternatives: [text], hypervolume: 0))
    return try Report(results, layers: [CandidateLayers(candidate: text, layers: [])]).html()
  }

  @Test(arguments: ["</script><script>alert(1)</script>", "<!--<script>", "</title><img src=x onerror=alert(1)>", "\" onload=\"x", "&lt;b&gt; & 'q'"])
  func noTextOfARunCanActOnThePage(_ text: String) throws {
    let (page, plain) = (try page(saying: text), try page(saying: "plain"))
    // The same tags open and close, whatever the words are.
    for tag in ["<script", "</script", "<title", "</title", "<img", "<!--"] {
      #expect(page.components(separatedBy: tag).count == plain.components(separatedBy: tag).count, "\(tag)")
    }
    let title = try #require(page.components(separatedBy: "<title>").last?.components(separatedBy: "</title>").first)
    #expect(!title.contains("<") && title.hasPrefix("Pare: "))
  }

  @Test func nothingIsFetched() throws {
    // Licence notices name where a library comes from; nothing else may name an address.
    let parts = try page(saying: "plain").components(separatedBy: "/*!")
    #expect(parts.count == 3, "Chart.js and the colour library within it")
    let rest = parts[0] + parts.dropFirst().map { $0.components(separatedBy: "*/").dropFirst().joined(separator: "*/") }.joined()
    for word in [
      "http://", "https://", " src=", "<link", "@import", "url(", "fetch(", "XMLHttpRequest", "WebSocket", "EventSource",
      "sendBeacon", "import(",
    ] {
      #expect(!rest.contains(word), "\(word)")
    }
  }

  @Test func everyCandidateIsInIt() throws {
    let page = try page(saying: "first")
    for name in ["first", "second"] { #expect(page.contains("\"name\":\"\(name)\"")) }
  }

  @Test func precisionsStepsAndLayersAreInIt() throws {
    let page = try page(saying: "first")
    for id in ["precision", "steps", "layers", "layer-data"] { #expect(page.contains("id=\"\(id)\""), "\(id)") }
    for name in ["drawPrecisions", "layerFigures"] { #expect(page.contains("function \(name)("), "\(name)") }
    #expect(page.contains("[{\"candidate\":\"first\""))
  }

  @Test func everyPlotSaysWhatItIsAndEveryDataBlockHasAName() throws {
    let page = try page(saying: "first")
    let plots = page.components(separatedBy: "<canvas ").dropFirst().map { $0.components(separatedBy: ">")[0] }
    #expect(plots.count >= 12 && plots.allSatisfy { $0.contains("role=\"img\"") && $0.contains("aria-label=\"") })
    let names = page.components(separatedBy: " id=\"").dropFirst().map { $0.components(separatedBy: "\"")[0] }
    #expect(Set(names).count == names.count, "a name is used once")
  }
}
