import Foundation
import PareCompression
import PareEvaluation
import Testing

@Suite struct FinishedRunTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  /// A copy of some files of a run.
  private func copy(_ names: [String], of run: String) throws {
    for name in names { try FileManager.default.copyItem(atPath: run + "/" + name, toPath: folder.file(name)) }
  }

  @Test func aReportMadeAgainIsTheSameToTheByte() async throws {
    let run = try await SmallRun.shared.value.folder
    try copy(["results.json", "layers.json"], of: run)
    for path in [folder.path, folder.file("results.json")] {
      #expect(try FinishedRun(path: path).write() == [folder.file("report.html"), folder.file("summary.md")])
      for name in ["report.html", "summary.md"] {
        #expect(try text(folder.file(name)) == text(run + "/" + name), "\(name)")
        try FileManager.default.removeItem(atPath: folder.file(name))
      }
    }
  }

  @Test func withoutTheLayersOnlyTheirSectionIsMissing() async throws {
    let run = try await SmallRun.shared.value.folder
    try copy(["results.json"], of: run)
    _ = try FinishedRun(path: folder.path).write()
    let (whole, without) = (try text(run + "/report.html"), try text(folder.file("report.html")))
    #expect(whole.contains("id=\"layer-data\">[{\"candidate\":\"int8\""))
    #expect(without.contains("id=\"layer-data\">[]</script>"))
    #expect(try whole.replacing(PageText.layers(in: whole), with: "[]") == without)
  }

  @Test func theSummaryGoesBesideThePage() async throws {
    try copy(["results.json"], of: try await SmallRun.shared.value.folder)
    let run = try FinishedRun(path: folder.path)
    #expect(try run.write(to: folder.file("page.html")) == [folder.file("page.html"), folder.file("page.md")])
    #expect(try run.write(to: folder.file("bare")) == [folder.file("bare"), folder.file("bare.md")])
    #expect(throws: EvaluationError.self) { try run.write(to: folder.file("page.md")) }
    #expect(run.card?.model != nil)
  }

  @Test func aSeriesIsMadeAgainToo() async throws {
    let series = try await SmallRun.series.value
    try copy(["results.json"], of: series.folder)
    let run = try FinishedRun(path: folder.path)
    _ = try run.write()
    #expect(run.card == nil)
    for name in ["report.html", "summary.md"] { #expect(try text(folder.file(name)) == text(series.folder + "/" + name), "\(name)") }
    #expect(try SeriesResults(json: series.results.json()).json() == series.results.json())
  }

  @Test(arguments: ["{}", "[]", "no json", #"{"schema": 1, "experiment": "x"}"#])
  func whatIsNoRunIsRefusedWithItsPlace(_ content: String) throws {
    _ = try folder.write(content, to: "results.json")
    let error = #expect(throws: EvaluationError.self) { try FinishedRun(path: folder.path) }
    #expect(error?.subject == folder.file("results.json") && error?.category == .badData)
  }

  @Test func layersThatAreNoneAreRefused() async throws {
    try copy(["results.json"], of: try await SmallRun.shared.value.folder)
    for content in ["{}", "[1]", #"[{"candidate": "x"}]"#] {
      _ = try folder.write(content, to: "layers.json")
      let error = #expect(throws: EvaluationError.self) { try FinishedRun(path: folder.path) }
      #expect(error?.subject == folder.file("layers.json"))
    }
  }

  @Test func aRunThatIsNotThereIsNoInput() {
    let error = #expect(throws: EvaluationError.self) { try FinishedRun(path: folder.file("none")) }
    #expect(error?.category == .noInput)
  }
}

/// Pieces of a page.
enum PageText {
  /// The JSON of the quantized layers.
  static func layers(in page: String) throws -> String {
    let rest = try #require(page.components(separatedBy: "id=\"layer-data\">").dropFirst().first)
    return rest.components(separatedBy: "</script>")[0]
  }
}
