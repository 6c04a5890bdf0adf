/// A table whose columns line up: words to the left, numbers to the right.
struct TextTable {
  private let headings: [String]
  private let words: Set<Int>
  private var rows: [[String]] = []

  /// - Parameter words: the columns that hold words; the others hold numbers.
  init(_ headings: [String], words: Set<Int> = [0]) {
    self.headings = headings
    self.words = words
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
        return words.contains(index) ? pair.0 + padding : padding + pair.0
      }.joined(separator: "  ").trimmingTrailingSpaces
    }
    let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
    return ([line(headings), rule] + rows.map(line)).joined(separator: "\n")
  }
}

extension String {
  fileprivate var trimmingTrailingSpaces: String {
    String(self[..<(lastIndex { $0 != " " }.map(index(after:)) ?? startIndex)])
  }
}
