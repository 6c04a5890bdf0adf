import PareTensor

/// What can be wrong with a file: not there, not writable, damaged, or not what it says it is.
public struct ArtifactError: PareError {
  public let code: String
  /// The file, and the place in it where there is one: `model.pare: graph.nodes[3]`.
  public let subject: String
  public let expected: String?
  public let found: String?
  public let category: ErrorCategory
  public let cause: (any Error)?

  public init(
    _ code: String, subject: String, expected: String? = nil, found: String? = nil,
    category: ErrorCategory = .badData, cause: (any Error)? = nil
  ) {
    self.code = "artifact." + code
    self.subject = subject
    self.expected = expected
    self.found = found
    self.category = category
    self.cause = cause
  }
}

/// A text from a file as messages show it: in quotes, of bounded length, without control characters.
package func quoted(_ text: String) -> String {
  let shown = text.unicodeScalars.prefix(64).map { scalar in
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
      "\\u{" + String(scalar.value, radix: 16) + "}"
    default: String(scalar)
    }
  }
  return "'" + shown.joined() + (text.unicodeScalars.count > 64 ? "…'" : "'")
}
