/// The place of a parameter in a recipe: `steps[1].weights.symmetry`.
public struct ParameterPath: Sendable, Hashable, CustomStringConvertible {
  public let description: String

  /// The root of a document.
  public init() {
    description = ""
  }

  private init(_ description: String) {
    self.description = description
  }

  public init(_ codingPath: [any CodingKey]) {
    self = codingPath.reduce(ParameterPath()) { path, key in
      key.intValue.map { path.index($0) } ?? path.key(key.stringValue)
    }
  }

  public func key(_ name: String) -> ParameterPath {
    ParameterPath(description.isEmpty ? name : "\(description).\(name)")
  }

  public func key(_ key: some CodingKey) -> ParameterPath {
    self.key(key.stringValue)
  }

  public func index(_ index: Int) -> ParameterPath {
    ParameterPath("\(description)[\(index)]")
  }

  /// Throws `compression.range` unless `holds`.
  public func require(_ holds: Bool, expected: String, found: some Any) throws {
    guard !holds else { return }
    throw CompressionError("range", subject: description, expected: expected, found: "\(found)")
  }
}
