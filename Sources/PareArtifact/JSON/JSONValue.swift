/// A JSON text as it stands. Numbers keep their digits, so that the reader decides what they are exactly.
package enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// What messages call it.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number(let digits): "the number \(digits.prefix(32))"
    case .string(let text): "the text \(quoted(text))"
    case .array(let elements): "an array of \(elements.count)"
    case .object: "an object"
    }
  }
}

/// A value together with where it stands, so that what is wrong with it can be said.
package struct JSONElement {
  package let value: JSONValue
  /// `model.pare: graph.nodes[3]`.
  package let path: String

  package init(value: JSONValue, path: String) {
    (self.value, self.path) = (value, path)
  }

  package func mismatch(_ expected: String) -> ArtifactError {
    ArtifactError("content", subject: path, expected: expected, found: value.kind)
  }

  package func string() throws(ArtifactError) -> String {
    guard case .string(let text) = value else { throw mismatch("a text") }
    return text
  }

  package func integer(in range: ClosedRange<Int>, _ expected: String) throws(ArtifactError) -> Int {
    guard case .number(let digits) = value, let number = Int(digits), range.contains(number) else {
      throw mismatch(expected)
    }
    return number
  }

  package func index(below count: Int, _ expected: String) throws(ArtifactError) -> Int {
    guard case .number(let digits) = value, let number = Int(digits), (0..<count).contains(number) else {
      throw mismatch(expected)
    }
    return number
  }

  package func elements() throws(ArtifactError) -> [JSONElement] {
    guard case .array(let values) = value else { throw mismatch("an array") }
    return values.enumerated().map { JSONElement(value: $1, path: "\(path)[\($0)]") }
  }

  /// The members of an object that has these keys and no others.
  package func members(_ keys: [String]) throws(ArtifactError) -> [String: JSONElement] {
    guard case .object(let values) = value else { throw mismatch("an object") }
    for key in keys where values[key] == nil {
      throw ArtifactError("content", subject: path, expected: "the key '\(key)'", found: "none")
    }
    guard values.count == keys.count else {
      let unknown = values.keys.filter { !keys.contains($0) }.min() ?? ""
      throw ArtifactError(
        "content", subject: path, expected: "no keys but \(keys.joined(separator: ", "))", found: quoted(unknown))
    }
    return Dictionary(uniqueKeysWithValues: values.map { ($0, JSONElement(value: $1, path: "\(path).\($0)")) })
  }
}
