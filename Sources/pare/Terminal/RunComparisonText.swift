import PareEvaluation

/// Two runs side by side, for a terminal.
struct RunComparisonText {
  /// What candidates are compared by first, in this order, by part and name.
  private static let important = [
    ["", "bytes"], ["", "compression_ratio"], ["", "plan_bytes"], ["", "latency_ns.p50"], ["", "latency_ns.p99"],
    ["validation", "net_return"], ["test", "accuracy"], ["test", "log_loss"], ["test", "flips.rate"], ["test", "gross_return"],
    ["test", "net_return"], ["test", "sharpe"], ["test", "max_drawdown"], ["test", "trades"],
  ]

  private let comparison: RunComparison

  init(_ comparison: RunComparison) {
    self.comparison = comparison
  }

  /// The figures that most are asked for, whether they differ or not, or all of them.
  func sideBySide(all: Bool) -> String {
    var figures = comparison.figures
    if !all {
      func rank(_ row: FigureComparison) -> Int? { Self.important.firstIndex(of: [row.part, row.name]) }
      var subjects: [[String]] = []
      for row in figures where !row.subject.isEmpty && !subjects.contains([row.list, row.subject]) {
        subjects.append([row.list, row.subject])
      }
      figures = subjects.flatMap { subject in
        figures.filter { [$0.list, $0.subject] == subject && rank($0) != nil }.sorted { (rank($0) ?? 0) < (rank($1) ?? 0) }
      }
    }
    return ([heads()] + (figures.isEmpty ? ["No figures."] : [table(figures)])).joined(separator: "\n\n")
  }

  /// What differs, and nothing else.
  func differences() -> String {
    var blocks = [heads()]
    let lines = comparison.configuration.map { ($0.side == .a ? "- " : "+ ") + $0.line }
    blocks.append(lines.isEmpty ? "The configuration is the same." : "Configuration:\n" + lines.joined(separator: "\n"))
    let differing = comparison.figures.differing
    blocks.append(differing.isEmpty ? "All \(comparison.figures.count) figures are equal." : table(differing))
    let equal = comparison.figures.count - differing.count
    if !differing.isEmpty { blocks.append("\(equal) other figures are equal.") }
    return blocks.joined(separator: "\n\n")
  }

  private func table(_ figures: [FigureComparison]) -> String {
    ComparisonTable(figures, sides: (Self.name(comparison.a), Self.name(comparison.b))).rendered()
  }

  private func heads() -> String {
    let (a, b) = (comparison.a, comparison.b)
    var table = TextTable(["", Self.name(a), Self.name(b)], words: [0, 1, 2])
    func add(_ name: String, _ value: (RunHead) -> String) { table.add([name, value(a), value(b)]) }
    add("experiment") { $0.experiment }
    add("seed") { "\($0.seed)" }
    add("started") { $0.started }
    add("data") { $0.dataSource }
    add("digest of the data") { $0.dataDigest }
    add("version") { $0.version ?? "–" }
    add("kernels") { $0.kernels ?? "–" }
    add("cost table") { $0.costs ?? "–" }
    add("chosen") { $0.chosen ?? "none" }
    return table.rendered() + "\n\n" + (comparison.sameData ? "The data are the same." : "The data differ.")
  }

  /// `run 3`, or the folder.
  private static func name(_ run: RunHead) -> String { run.id.map { "run \($0)" } ?? run.folder }
}
