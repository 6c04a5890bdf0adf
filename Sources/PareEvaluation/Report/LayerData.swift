import Foundation
import PareCompression

/// The layers of a candidate that were quantized.
public struct CandidateLayers: Sendable, Encodable {
  public var candidate: String
  public var layers: [QuantizationAnalysis]

  public init(candidate: String, layers: [QuantizationAnalysis]) {
    self.candidate = candidate
    self.layers = layers
  }
}

/// The layers of all candidates, as a page reads them: a list of `{candidate, layers}`, words in place of infinities.
struct LayerData: Sendable {
  /// Beside `results.json`, which has none of it.
  static let file = "layers.json"
  static let none = LayerData(json: "[]")

  let json: String

  private init(json: String) {
    self.json = json
  }

  init(_ layers: [CandidateLayers]) throws {
    json = try PageData.json(layers)
  }

  /// - Throws: `.noInput` where the file cannot be read, `.badData` where it is no such list.
  init(path: String) throws {
    let text = try InputText.read(path)
    let list = try? JSONDecoder().decode([Entry].self, from: Data(text.utf8))
    guard list != nil else {
      throw EvaluationError("layers", subject: path, expected: "the layers.json of a run", found: "something else")
    }
    json = text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// What a page relies on before it reads a layer.
  private struct Entry: Decodable {
    struct Layer: Decodable {
      let layer: String
    }

    let candidate: String
    let layers: [Layer]
  }
}
