import PareEvaluation

/// Figures of two sides, a line each, for a terminal.
struct ComparisonTable {
  private let figures: [FigureComparison]
  private let sides: (a: String, b: String)

  /// - Parameter sides: what heads the columns of values.
  init(_ figures: [FigureComparison], sides: (a: String, b: String)) {
    self.figures = figures
    self.sides = sides
  }

  /// Columns that are empty throughout are left out.
  func rendered() -> String {
    let isNamed = figures.contains { !$0.subject.isEmpty }
    let isParted = figures.contains { !$0.part.isEmpty }
    let leading = (isNamed ? ["candidate"] : []) + (isParted ? ["part"] : []) + ["figure"]
    var table = TextTable(leading + [sides.a, sides.b, "difference", "ratio"], words: Set(leading.indices))
    var last: [String]?
    for row in figures {
      let subject = [row.list, row.subject]
      // A name stands once, above its figures.
      let name = subject == last ? "" : (row.subject.isEmpty ? "the run" : row.subject)
      last = subject
      table.add(
        (isNamed ? [name] : []) + (isParted ? [row.part] : []) + [
          row.name, FigureWords.value(row.a), FigureWords.value(row.b), FigureWords.difference(row.difference),
          FigureWords.ratio(row.ratio),
        ])
    }
    return table.rendered()
  }
}
