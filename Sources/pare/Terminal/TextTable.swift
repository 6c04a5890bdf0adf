/// A table whose columns line up: the first to the left, the others to the right.
struct TextTable {
  private let headings: [String]
  private var rows: [[String]] = []

  init(_ headings: [String]) {
    self.headings = headings
  }

  /// - Precondition: as many cells as there are headings.
  mutating func add(_ cells: [String]) {
    precondition(cells.count == headings.count)
    rows.append(cells)
  }

  func rendered() -> String {
    let widths = headings.indices.map { column in
      ([headings] + rows).map { $0[column].count }.max() ?? 0
    }
    func line(_ cells: [String]) -> String {
      zip(cells, widths).enumerated().map { index, pair in
        let padding = String(repeating: " ", count: pair.1 - pair.0.count)
        return index == 0 ? pair.0 + padding : padding + pair.0
      }.joined(separator: "  ")
    }
    let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
    return ([line(headings), rule] + rows.map(line)).joined(separator: "\n")
  }
}
