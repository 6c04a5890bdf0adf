/// Text that Markdown shows as it is, and tables of it.
enum Markdown {
  /// Without what would be a mark, a tag, or the end of a cell or line.
  static func plain(_ text: String) -> String {
    var plain = ""
    for character in text {
      switch character {
      case "|", "*", "`", "[", "]", "<", ">", "#", "\\": plain += "\\" + String(character)
      case _ where character.isNewline: plain += " "
      default: plain.append(character)
      }
    }
    return plain
  }

  /// - Parameter rows: as many cells as there are headings.
  static func table(_ headings: [String], _ rows: [[String]]) -> String {
    let lines = [headings, headings.map { _ in "---" }] + rows.map { $0.map { plain($0) } }
    return lines.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
  }

  /// An interval of a daily difference in basis points: `1.23 (-0.5 to 2.9)`.
  static func basisPoints(_ estimate: Double?, _ lower: Double?, _ upper: Double?) -> String {
    guard let estimate else { return "–" }
    guard let lower, let upper else { return figure(1e4 * estimate) }
    return "\(figure(1e4 * estimate)) (\(figure(1e4 * lower)) to \(figure(1e4 * upper)))"
  }

  static func share(_ value: Double) -> String { "\(figure(100 * value)) %" }
}
