import Foundation
import PareEvaluation
import PareTensor
import Testing

@Suite struct RunComparisonTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  /// A run by hand, read as any other.
  private func record(_ name: String, candidates: String, configuration: String = "a: 1", digest: String = "00") throws -> RunRecord {
    try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: true)
    _ = try folder.write(
      """
      {"schema": 3, "experiment": "x", "seed": 7, "configuration": "\(configuration)", "reason": "none", "chosen": null,
       "data": {"source": "s", "digest": "\(digest)", "rows": 9}, "candidates": [\(candidates)],
       "folds": [{"name": "first", "rows": 4}, {"rows": 5}, 6], "baselines": []}
      """, to: name + "/results.json")
    return try RunRecord.read(from: folder.file(name))
  }

  @Test func figuresAreTheNumbersByKeyPathAndNothingOfArrays() throws {
    let record = try record(
      "a",
      candidates: """
        {"name": "m", "bytes": 10, "pareto": true, "equity": [{"time": 1, "net": 2}], "steps": [{"figures": {"bytes": 3}}],
         "latency_ns": {"p99": 1.5e2, "clock": null}, "test": {"flips": {"rate": 0.5, "missed": 1}, "per_class": [1, 2], "best": "m"},
         "validation": 3, "train": {"loss": -0}}
        """)
    #expect(
      record.figures == [
        RunFigure(list: "candidates", subject: "m", name: "bytes", value: 10),
        RunFigure(list: "candidates", subject: "m", name: "latency_ns.p99", value: 150),
        RunFigure(list: "candidates", subject: "m", name: "validation", value: 3),
        RunFigure(list: "candidates", subject: "m", part: "test", name: "flips.missed", value: 1),
        RunFigure(list: "candidates", subject: "m", part: "test", name: "flips.rate", value: 0.5),
        RunFigure(list: "candidates", subject: "m", part: "train", name: "loss", value: 0),
        RunFigure(list: "folds", subject: "first", name: "rows", value: 4),
        RunFigure(name: "data.rows", value: 9),
      ])
    #expect(record.run.chosenFigures.isEmpty && record.run.seed == 7)
  }

  @Test func twoRunsDifferByWhatTheHandFinds() throws {
    let a = try record(
      "a", candidates: #"{"name": "m", "bytes": 10, "test": {"net": 0.5, "zero": 0}}, {"name": "gone", "bytes": 1}"#,
      configuration: #"a: 1\nb:\n  c: 2\n  d: 3"#)
    let b = try record(
      "b", candidates: #"{"name": "m", "bytes": 11, "test": {"net": -0.5, "zero": 4}}, {"name": "new", "bytes": 2}"#,
      configuration: #"a: 1\nb:\n  c: 5\n  d: 3\ne: 6"#, digest: "01")
    let found = RunComparison(a, b)
    #expect(!found.sameData)
    #expect(
      found.configuration == [
        LineChange(side: .a, line: "  c: 2"), LineChange(side: .b, line: "  c: 5"), LineChange(side: .b, line: "e: 6"),
      ])
    func row(_ subject: String, _ part: String, _ name: String, _ a: Double?, _ b: Double?) -> FigureComparison {
      FigureComparison(RunFigure(list: "candidates", subject: subject, part: part, name: name, value: 0), a: a, b: b)
    }
    // A change of sign is 2 of the larger, one from zero 1, one from 10 to 11 is 1/11.
    #expect(
      found.figures.differing == [
        row("m", "test", "net", 0.5, -0.5), row("m", "test", "zero", 0, 4), row("m", "", "bytes", 10, 11),
        row("gone", "", "bytes", 1, nil), row("new", "", "bytes", nil, 2),
      ])
    let bytes = try #require(found.figures.first { $0.name == "bytes" && $0.subject == "m" })
    #expect(bytes.difference == 1 && bytes.ratio == 1.1)
    let zero = try #require(found.figures.first { $0.name == "zero" })
    #expect(zero.difference == 4 && zero.ratio == nil)
    let gone = try #require(found.figures.first { $0.subject == "gone" })
    #expect(gone.b == nil && gone.difference == nil && gone.ratio == nil)
    #expect(found.figures.count == 7 && RunComparison(a, a).figures.differing.isEmpty && RunComparison(a, a).configuration.isEmpty)
  }

  /// Random texts: taking the lines of the one out of their order and putting in the other's gives the other text.
  @Test func changesOfLinesMakeTheOneTextTheOther() {
    var generator = SeededGenerator(seed: 11)
    func text() -> String {
      let lines = (0..<Int.random(in: 1...12, using: &generator)).map { _ in ["a", "b", "c", ""].randomElement(using: &generator) ?? "" }
      return lines.joined(separator: "\n")
    }
    for _ in 0..<500 {
      let (a, b) = (text(), text())
      let changes = LineChange.between(a, b)
      func lines(_ text: String) -> [String] { text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }
      // What stays is the same on both sides.
      #expect(lines(a).count - changes.count { $0.side == .a } == lines(b).count - changes.count { $0.side == .b })
      #expect(LineChange.between(a, a).isEmpty && (a == b) == changes.isEmpty)
      func counts(_ lines: [String]) -> [String: Int] { lines.reduce(into: [:]) { $0[$1, default: 0] += 1 } }
      var kept = counts(lines(a))
      for change in changes { kept[change.line, default: 0] += change.side == .a ? -1 : 1 }
      #expect(kept.filter { $0.value != 0 } == counts(lines(b)))
    }
  }

  @Test(arguments: [
    ("", "none with the key"), ("\"seed\": -1", "'seed'"), ("\"seed\": 1, \"seed\": 2", "a second time"), ("\"seed\": 1", "'experiment'"),
    ("\"seed\": 1, \"experiment\": \"x\"", "'data.source'"),
    ("\"seed\": 1, \"experiment\": \"x\", \"data\": {\"source\": \"s\"}", "'data.digest'"),
  ])
  func resultsThatAreNoneAreRefusedByWhatTheyLack(_ members: String, _ words: String) throws {
    _ = try folder.write("{\(members)}", to: "results.json")
    #expect { try RunRecord.read(from: folder.path) } throws: {
      ($0 as? any PareError)?.category == .badData && "\($0)".contains("expected a results.json of Pare") && "\($0)".contains(words)
    }
  }
}
