import Foundation
import PareTensor
import Yams

/// Reads and writes configuration in YAML. JSON is read as the YAML that it is, so there is one reader.
package enum StrictYAML {
  /// Decodes a value whose `init(from:)` refuses unknown keys (`strictContainer(keyedBy:)`).
  ///
  /// - Parameter source: the file's name, for messages.
  /// - Throws: an error whose subject is file and path: `recipe.yaml: steps[1].sparsity: expected …, found …`.
  package static func decode<Value: Decodable>(_ text: String, source: String? = nil) throws -> Value {
    do {
      return try decode(text)
    } catch let error as CompressionError {
      throw source.map { error.within($0) } ?? error
    } catch let error as any PareError {
      // A mistake in a file is bad data, whatever it would be on the command line.
      throw CompressionError(
        "value", subject: source.map { "\($0): \(error.subject)" } ?? error.subject, expected: error.expected,
        found: error.found, category: error.category == .usage ? .badData : error.category, cause: error.cause)
    }
  }

  private static func decode<Value: Decodable>(_ text: String) throws -> Value {
    let document: Node?
    do {
      document = try Yams.compose(yaml: text)
    } catch {
      throw CompressionError(
        "syntax", subject: "document", expected: "YAML or JSON", found: (error as? YamlError)?.words ?? "\(error)")
    }
    guard let document else {
      throw CompressionError("syntax", subject: "document", expected: "keys with values", found: "an empty document")
    }
    do {
      return try YAMLDecoder().decode(Value.self, from: document)
    } catch let error as DecodingError {
      throw CompressionError(error, in: document)
    }
  }

  /// Compact JSON with sorted keys: the same text for the same value.
  package static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// YAML of a value.
  ///
  /// Made from the JSON, whose numbers are the shortest that read back the same.
  package static func encode(_ value: some Encodable) throws -> String {
    guard let document = try Yams.compose(yaml: try json(value)) else { return "" }
    return try Yams.serialize(node: document.readable(depth: 0))
  }
}

extension Node {
  /// The keys that a reader looks for come first; words lose their quotes; from a step's parameters on in one line.
  fileprivate func readable(depth: Int) -> Node {
    switch self {
    case .scalar(let scalar):
      let isWord = Resolver.default.resolveTag(of: Node(scalar.string)) == .str && scalar.string.allSatisfy {
        $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" || $0 == "."
      }
      return .scalar(Node.Scalar(scalar.string, .implicit, isWord || scalar.style == .plain ? .plain : .doubleQuoted))
    case .sequence(let sequence):
      return Node(sequence.map { $0.readable(depth: depth + 1) }, .implicit, depth < 2 ? .block : .flow)
    case .mapping(let mapping):
      let leading = ["schema", "name", "technique"]
      let pairs = mapping.enumerated().sorted { left, right in
        let a = leading.firstIndex(of: left.element.key.string ?? "") ?? leading.count + left.offset
        let b = leading.firstIndex(of: right.element.key.string ?? "") ?? leading.count + right.offset
        return a < b
      }
      return Node(
        pairs.map { ($0.element.key.readable(depth: depth), $0.element.value.readable(depth: depth + 1)) },
        .implicit, depth < 2 ? .block : .flow)
    case .alias:
      return self
    }
  }
}

extension CompressionError {
  /// What a decoder could not read, as a path into the document and what stands there.
  fileprivate init(_ error: DecodingError, in document: Node) {
    switch error {
    case .keyNotFound(let key, let context):
      self.init(
        "missing-key", subject: ParameterPath(context.codingPath).key(key).description, expected: "a value", found: "none")
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      self.init(
        "wrong-type", subject: context.codingPath.isEmpty ? "document" : ParameterPath(context.codingPath).description,
        expected: Self.words(for: type),
        found: document.description(at: context.codingPath))
    case .dataCorrupted(let context):
      self.init(
        "wrong-type", subject: ParameterPath(context.codingPath).description,
        expected: "a value that can be read", found: document.description(at: context.codingPath))
    @unknown default:
      self.init("wrong-type", subject: "document", expected: "a value that can be read", found: "\(error)")
    }
  }

  private static func words(for type: any Any.Type) -> String {
    switch type {
    case is any BinaryInteger.Type: "an integer"
    case is any BinaryFloatingPoint.Type: "a number"
    case is String.Type: "a text"
    case is Bool.Type: "true or false"
    case is Node.Mapping.Type: "keys with values"
    case is Node.Scalar.Type: "a single value"
    case is any Sequence.Type: "a list"
    default: "keys with values"
    }
  }
}

extension Node {
  fileprivate func description(at codingPath: [any CodingKey]) -> String {
    var node = self
    for key in codingPath {
      switch node {
      case .sequence(let sequence):
        guard let index = key.intValue, sequence.indices.contains(index) else { return "nothing" }
        node = sequence[index]
      default:
        guard let value = node.mapping?[key.stringValue] else { return "nothing" }
        node = value
      }
    }
    return switch node {
    case .scalar(let scalar): scalar.string.isEmpty ? "nothing" : "'\(scalar.string)'"
    case .sequence: "a list"
    case .mapping: "keys with values"
    case .alias: "an alias"
    }
  }
}

extension YamlError {
  /// What is wrong and where, without the excerpt that the description draws over several lines.
  fileprivate var words: String {
    switch self {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
      "\(problem) in line \(mark.line), column \(mark.column)"
    case .reader(let problem, _, _, _): problem
    default: "\(self)"
    }
  }
}
