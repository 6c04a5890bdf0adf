import Foundation
import OrderedCollections

/// What an ONNX file says beside its graph, and what of it no graph holds: a model's section `onnx`.
struct ONNXSource: Codable {
  var irVersion: Int
  var opsets: [String: Int]
  var producer: String
  var producerVersion: String
  var domain: String?
  var modelVersion: Int?
  var documentation: String?
  /// The file's own entries.
  var metadata: [String: String]
  /// What conversions kept as texts: the class names of a classifier under `classes`.
  var values: [String: [String]]
  /// Outputs that no graph has, each with what it is.
  var droppedOutputs: [String]

  /// Keys of the entries in which Pare writes what belongs to a model.
  static let sectionPrefix = "pare.section."
  static let trainableKey = "pare.trainable"
  static let valuesKey = "pare.values"
  /// The section's name.
  static let section = "onnx"

  /// Sections that Pare wrote, by name.
  private(set) var sections: OrderedDictionary<String, String> = [:]
  /// Names of the parameters that training changes, where Pare wrote the file.
  private(set) var trainable: Set<String>?

  private enum CodingKeys: String, CodingKey {
    case irVersion, opsets, producer, producerVersion, domain, modelVersion, documentation, metadata, values, droppedOutputs
  }

  init(_ file: WireModel, opsets: [String: Int], dropped: [String], metadata values: [String: [String]]) {
    irVersion = Int(file.irVersion)
    self.opsets = Dictionary(uniqueKeysWithValues: opsets.map { ($0.isEmpty ? "ai.onnx" : $0, $1) })
    producer = file.producerName
    producerVersion = file.producerVersion
    domain = file.domain.isEmpty ? nil : file.domain
    modelVersion = file.modelVersion == 0 ? nil : Int(file.modelVersion)
    documentation = file.docString.isEmpty ? nil : file.docString
    metadata = [:]
    self.values = values
    droppedOutputs = dropped
    for entry in file.metadata {
      if entry.key.hasPrefix(Self.sectionPrefix) {
        sections[String(entry.key.dropFirst(Self.sectionPrefix.count))] = entry.value
      } else if entry.key == Self.trainableKey {
        trainable = (try? JSONDecoder().decode([String].self, from: Data(entry.value.utf8))).map { Set($0) }
      } else if entry.key == Self.valuesKey {
        let kept = try? JSONDecoder().decode([String: [String]].self, from: Data(entry.value.utf8))
        self.values.merge(kept ?? [:]) { new, _ in new }
      } else {
        metadata[entry.key] = entry.value
      }
    }
  }

  /// The section.
  var text: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}
