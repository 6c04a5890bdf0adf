import Foundation

/// The report of a run: one HTML file that opens offline and fetches nothing.
public struct Report: Sendable {
  private let results: Results

  public init(_ results: Results) {
    self.results = results
  }

  /// The page. Everything that varies enters as one JSON block, which cannot end its element early or run as code.
  public func html() throws -> String {
    let json = try results.json(pretty: false).replacingOccurrences(of: "<", with: "\\u003c")
    let title = Self.escaped(results.experiment)
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>Pare: \(title)</title>
      <style>\(ReportPage.style)</style>
      </head>
      <body>
      \(ReportPage.body)
      <script type="application/json" id="results">\(json)</script>
      <script>\(ChartLibrary.script)</script>
      <script>\(ReportPage.script)</script>
      </body>
      </html>
      """
  }

  private static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
  }
}

extension Results {
  /// The results as `results.json` has them: sorted keys, so that equal results are equal bytes.
  public func json(pretty: Bool = true) throws -> String {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = pretty ? [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes] : [.sortedKeys]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  public init(json: String) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    self = try decoder.decode(Results.self, from: Data(json.utf8))
  }
}
