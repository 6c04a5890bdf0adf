import PareGraph
import PareTensor

/// The `.pare` file: a model as a valid safetensors file, whose metadata hold the graph and the model's sections.
///
/// The same model gives the same bytes on every machine, and a file gives its model back exactly, but for the order of
/// the sections, which is that of their names. See docs/artifact-format.md.
public enum Artifact {
  /// The version of the format that this program writes and reads.
  public static let schemaVersion = 1

  private static let schemaKey = "pare"
  private static let graphKey = "graph"
  private static let checksumKey = "checksum"

  /// - Throws: `ArtifactError`: `no-input`, or what `decode` throws.
  public static func read(_ path: String) throws -> Model {
    try decode(WholeFile.read(path), name: path)
  }

  /// Writes the file under its name once it is complete; what stood there before stays whole until then.
  ///
  /// - Throws: `artifact.cannot-write`, or what `encode` throws.
  public static func write(_ model: Model, to path: String) throws {
    try WholeFile.write(encode(model, name: path), to: path)
  }

  /// The file's bytes.
  ///
  /// - Parameter name: what messages call the file.
  /// - Throws: `GraphError` where the graph is not valid; `artifact.section-name` for a section that bears a name of the
  ///   format's own; `artifact.tensor-name`.
  public static func encode(_ model: Model, name: String = "artifact") throws -> [UInt8] {
    let graph = try GraphEncoding(model.graph)
    var file = Safetensors(tensors: graph.tensors)
    for (section, text) in model.sections {
      guard ![schemaKey, graphKey, checksumKey].contains(section) else {
        throw ArtifactError(
          "section-name", subject: name, expected: "a section name other than \(schemaKey), \(graphKey), \(checksumKey)",
          found: quoted(section))
      }
      file.metadata[section] = text
    }
    file.metadata[schemaKey] = String(schemaVersion)
    file.metadata[graphKey] = graph.text
    if model.isPacked { return try PackedFile.encode(file, graphKey: graphKey, forms: graph.forms, name: name) }
    file.metadata[checksumKey] = checksum(of: file)
    return try file.encoded(name: name)
  }

  /// Reads a file's bytes, trusting none of them: a truncated, damaged or hostile file is an error that says what is
  /// wrong with it.
  ///
  /// - Parameter name: what messages call the file.
  /// - Throws: `ArtifactError`: `not-an-artifact`, `schema`, `checksum`, `content`, `unused-tensor`, `graph`, or what
  ///   `Safetensors.init(bytes:name:)` throws.
  public static func decode(_ bytes: [UInt8], name: String = "artifact") throws -> Model {
    let outer = try Safetensors(bytes: bytes, name: name)
    let packed = try PackedFile.decode(outer, graphKey: graphKey, name: name)
    let file = packed ?? outer
    guard let schema = file.metadata[schemaKey], let graph = file.metadata[graphKey] else {
      throw ArtifactError(
        "not-an-artifact", subject: name, expected: "a .pare artifact",
        found: "a safetensors file without '\(schemaKey)' and '\(graphKey)' in its metadata")
    }
    guard schema == String(schemaVersion) else {
      throw ArtifactError("schema", subject: name, expected: "schema version \(schemaVersion)", found: quoted(schema))
    }
    let computed = checksum(of: file)
    guard packed != nil || file.metadata[checksumKey] == computed else {
      throw ArtifactError(
        "checksum", subject: name, expected: "content with the checksum \(quoted(file.metadata[checksumKey] ?? ""))",
        found: "a damaged or edited file, whose checksum is '\(computed)'")
    }
    var model = Model(graph: try GraphDecoding.graph(graph, tensors: file.tensors, file: name))
    model.isPacked = packed != nil
    for (section, text) in file.metadata.sorted(by: { $0.key.precedesByBytes($1.key) })
    where ![schemaKey, graphKey, checksumKey].contains(section) {
      model.sections[section] = text
    }
    return model
  }

  /// A fingerprint of names, types, shapes and contents, in the order of the names: damage shows, where
  /// the data lie in the file does not matter.
  package static func checksum(of file: Safetensors) -> String {
    var checksum = Fingerprint()
    for (key, text) in file.metadata.sorted(by: { $0.key.precedesByBytes($1.key) }) where key != checksumKey {
      checksum.addPart(key)
      checksum.addPart(text)
    }
    for (name, tensor) in file.tensors.sorted(by: { $0.key.precedesByBytes($1.key) }) {
      checksum.addPart(name)
      checksum.addPart(tensor.elementType.artifactName + tensor.shape.description)
      tensor.withUnsafeBytes { checksum.addPart($0) }
    }
    return checksum.digits
  }
}

extension Fingerprint {
  /// A part with its length in front, so that the borders between parts count.
  fileprivate mutating func addPart(_ bytes: UnsafeRawBufferPointer) {
    add(UInt64(bytes.count))
    add(bytes)
  }

  fileprivate mutating func addPart(_ text: String) {
    let bytes = Array(text.utf8)
    bytes.withUnsafeBytes { addPart($0) }
  }
}
