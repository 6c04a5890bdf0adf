import PareArtifact

extension BoostedTrees {
  /// Trees from a model file: XGBoost's JSON or UBJSON (versions 1.3 and later) or LightGBM's text, told apart by how they
  /// begin.
  ///
  /// - Parameter name: the file's, for messages.
  /// - Throws: `boosted-trees.format` for other files and damaged ones; `boosted-trees.model` for content that does not fit
  ///   together; `boosted-trees.unsupported` for what has no form as trees here: linear models and leaves, DART, categories,
  ///   objectives with another link.
  public init(modelFile bytes: [UInt8], name: String) throws {
    switch ModelFormat(bytes) {
    case .json:
      let document: JSONValue
      do {
        document = try bytes.withUnsafeBufferPointer { try JSONParser.parse($0, maximumValueCount: ModelFormat.maximumValueCount) }
      } catch {
        throw BoostedTreesError("format", subject: name, expected: "JSON", found: "\(error)")
      }
      try self.init(xgboost: ModelField(value: document, path: name))
    case .ubjson: try self.init(xgboost: ModelField(value: try UBJSONParser.parse(bytes, name: name), path: name))
    case .lightGBM: try self.init(lightGBM: try LightGBMText(bytes, name: name))
    case nil:
      throw BoostedTreesError(
        "format", subject: name, expected: "a model of XGBoost (JSON, UBJSON) or LightGBM (text)", found: "something else")
    }
  }

  /// Reads a model file.
  ///
  /// - Throws: `artifact.no-input`; what reading its bytes throws.
  public init(contentsOf path: String) throws {
    try self.init(modelFile: try WholeFile.read(path), name: path)
  }

  /// Trees from a file in any format that XGBoost's library reads, such as the binary one of older versions. The library
  /// reads it first, so the file has to be one that is trusted.
  ///
  /// - Throws: `boosted-trees.no-library`; `boosted-trees.library` where it refuses the file.
  public init(throughXGBoost bytes: [UInt8], name: String) throws {
    let booster = try XGBoostBooster(in: try XGBoostLibrary.open())
    try booster.load(bytes)
    try self.init(modelFile: try booster.saved(), name: name)
  }
}

/// The formats of model files.
enum ModelFormat {
  case json, ubjson, lightGBM

  /// About a dozen to a node: an ensemble of two or three million nodes.
  static let maximumValueCount = 1 << 25

  /// - Returns: nil where the bytes begin like none of them.
  init?(_ bytes: [UInt8]) {
    if bytes.starts(with: "tree\n".utf8) || bytes.starts(with: "tree\r\n".utf8) {
      self = .lightGBM
      return
    }
    guard let start = bytes.firstIndex(where: { !ModelFormat.isSpace($0) }), bytes[start] == UInt8(ascii: "{") else { return nil }
    let next = bytes[(start + 1)...].first { !ModelFormat.isSpace($0) }
    switch next {
    case UInt8(ascii: "\""), UInt8(ascii: "}"), nil: self = .json
    default: self = .ubjson
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
}
