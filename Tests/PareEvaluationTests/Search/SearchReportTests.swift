import Foundation
import PareEvaluation
import Testing

@Suite struct SearchReportTests {
  /// A report of a search whose every text is `text`.
  private func page(saying text: String) throws -> String {
    let search = try Small.search("")
    let identity = SearchIdentity(specification: text, experiment: text, data: text, teacher: text, costs: text, kernels: text)
    let trials = [
      Small.teacher,
      SearchTrial(
        ordinal: 1, point: 4, made: text, recipe: text, artifact: text, figures: Small.figures(logLoss: 0.6, bytes: 7)),
      SearchTrial(ordinal: 2, point: 3, made: text, recipe: text, error: text),
    ]
    let stored = StoredSearch(identity: identity, text: text, source: text, uninformedLogLoss: 0.7, planned: 2)
    return try SearchReport(SearchResults(search, stored: stored, trials: trials)).html()
  }

  @Test(arguments: ["</script><script>alert(1)</script>", "<!--<script>", "</title><img src=x onerror=alert(1)>", "\" onload=\"x"])
  func noTextOfASearchCanActOnThePage(_ text: String) throws {
    let (page, plain) = (try page(saying: text), try page(saying: "plain"))
    for tag in ["<script", "</script", "<title", "</title", "<img", "<!--"] {
      #expect(page.components(separatedBy: tag).count == plain.components(separatedBy: tag).count, "\(tag)")
    }
  }

  @Test func nothingIsFetched() throws {
    // Licence notices name where a library comes from; nothing else may name an address.
    let parts = try page(saying: "plain").components(separatedBy: "/*!")
    let rest = parts[0] + parts.dropFirst().map { $0.components(separatedBy: "*/").dropFirst().joined(separator: "*/") }.joined()
    for word in ["http://", "https://", " src=", "<link", "@import", "url(", "fetch(", "XMLHttpRequest", "WebSocket", "import("] {
      #expect(!rest.contains(word), "\(word)")
    }
  }

  @Test(.enabled(if: Browser.path != nil, Browser.absent)) func theFrontierIsDrawnWithoutAnError() throws {
    let outcome = try Browser.run(
      """
      const data = byId('frontier').getContext('2d').getImageData(0, 0, byId('frontier').width, byId('frontier').height).data;
      return { drawn: data.some((value, index) => index % 4 === 3 && value), errors: byId('errors') ? byId('errors').textContent : '',
        points: w.Chart.getChart(byId('frontier')).data.datasets.reduce((sum, set) => sum + set.data.length, 0), failed: d.querySelectorAll('#failed tbody tr').length };
      """, on: try page(saying: "plain"))
    #expect(outcome.console.isEmpty && outcome.value["errors"] as? String == "", "\(outcome)")
    #expect(outcome.value["drawn"] as? Bool == true && outcome.value["points"] as? Int ?? 0 >= 2 && outcome.value["failed"] as? Int == 1, "\(outcome)")
  }

  @Test func everyObjectiveCanBeDrawn() throws {
    let page = try page(saying: "plain")
    for objective in Objective.allCases { #expect(page.contains("'\(objective.rawValue)': { title: "), "\(objective)") }
  }
}
