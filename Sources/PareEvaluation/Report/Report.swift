import Foundation
import PareCompression

/// The report of a run: one HTML file that opens offline and fetches nothing.
public struct Report: Sendable {
  private let results: Results
  private let layers: [CandidateLayers]

  /// - Parameter layers: of candidates that were quantized.
  public init(_ results: Results, layers: [CandidateLayers] = []) {
    self.results = results
    self.layers = layers
  }

  /// The page. Everything that varies enters as JSON blocks, which cannot end their element early or run as code.
  public func html() throws -> String {
    let json = PageData.escaped(try results.json(pretty: false))
    let title = Self.escaped(results.experiment)
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>Pare: \(title)</title>
      <style>\(ReportPage.style)\(StepSection.style)\(LayerSection.style)</style>
      </head>
      <body>
      \(ReportPage.body)
      <script type="application/json" id="results">\(json)</script>
      <script type="application/json" id="layer-data">\(try PageData.json(layers))</script>
      <script>\(ChartLibrary.script)</script>
      <script>\([PageScript.common, ObjectiveScript.script, LayerSection.script, ReportPage.reading, StepSection.script, ReportPage.script].joined(separator: "\n"))</script>
      </body>
      </html>
      """
  }

  private static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
  }
}

/// The layers of a candidate that were quantized.
public struct CandidateLayers: Sendable, Encodable {
  public var candidate: String
  public var layers: [QuantizationAnalysis]

  public init(candidate: String, layers: [QuantizationAnalysis]) {
    self.candidate = candidate
    self.layers = layers
  }
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
