import Foundation
import PareCompression

/// The report of a run: one HTML file that opens offline and fetches nothing.
public struct Report: Sendable {
  private let results: Results
  private let layers: LayerData

  /// - Parameter layers: of candidates that were quantized.
  public init(_ results: Results, layers: [CandidateLayers] = []) throws {
    self.init(results, layers: try LayerData(layers))
  }

  init(_ results: Results, layers: LayerData) {
    self.results = results
    self.layers = layers
  }

  /// The page.
  public func html() throws -> String {
    let context = PageContext(
      compounding: CardSource(results)?.experiment?.execution.sizing == .compounding, latencyLimit: results.budget.effectiveLatencyNs)
    return HTMLPage(
      title: results.experiment, sections: ReportPage.sections,
      data: [
        ("results", PageData.escaped(try results.json(pretty: false))), ("layer-data", PageData.escaped(layers.json)),
        ("card-data", try PageData.json(DeploymentCard(results))), ("context", try PageData.json(context)),
      ], scripts: [ObjectiveScript.script, FrontierScript.script]
    ).html
  }

  /// What belongs beside `results.json`: the page, the summary, and the layers that the page could not be made again without.
  func files() throws -> [(name: String, text: String)] {
    [
      ("report.html", try html()), (RunSummary.file, RunSummary(results).markdown()), (LayerData.file, layers.json + "\n"),
    ]
  }
}

/// What a page needs of the experiment.
private struct PageContext: Encodable {
  /// Whether returns multiply.
  let compounding: Bool
  /// Nanoseconds that the budget allows one decision, whether it names them or a tier.
  let latencyLimit: Double?

  private enum CodingKeys: String, CodingKey {
    case compounding
    case latencyLimit = "latency_limit_ns"
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
