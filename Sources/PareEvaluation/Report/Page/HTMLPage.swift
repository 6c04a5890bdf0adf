import Foundation

/// An HTML page that opens offline and fetches nothing.
///
/// Everything that varies enters as JSON blocks, which cannot end their element early or run as code.
struct HTMLPage {
  var title: String
  var sections: [PageSection]
  /// JSON without `<`, by the identifier of the element that holds it.
  var data: [(id: String, json: String)]
  /// What the sections' scripts need, besides what all pages share.
  var scripts: [String] = []
  var hasCharts = true

  /// Every script is an element of its own: one that fails stops no other.
  var html: String {
    let shared = [PageScript.common] + (hasCharts ? [ChartLibrary.script, ChartScript.script] : [])
    let code = (shared + scripts + sections.map(\.script)).filter { !$0.isEmpty }
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>Pare: \(Self.escaped(title))</title>
      <style>\(([PageStyle.common] + sections.map(\.style)).joined(separator: "\n"))</style>
      </head>
      <body>
      \(sections.map(\.body).joined(separator: "\n"))
      \(data.map { "<script type=\"application/json\" id=\"\($0.id)\">\($0.json)</script>" }.joined(separator: "\n"))
      \(code.map { "<script>\($0)</script>" }.joined(separator: "\n"))
      </body>
      </html>
      """
  }

  private static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
  }
}

/// A part of a page: its look, its elements and what fills them.
struct PageSection {
  var style = ""
  var body = ""
  var script = ""
}

/// Values as JSON within a page.
enum PageData {
  /// What is infinite or no number becomes a word: a page says it.
  static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "∞", negativeInfinity: "−∞", nan: "–")
    return escaped(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  /// Without what could end the element that holds it.
  static func escaped(_ json: String) -> String { json.replacingOccurrences(of: "<", with: "\\u003c") }
}
