import PareTensor

/// What can be wrong with a recipe, or with a model or data that a technique is given.
public struct CompressionError: PareError {
  public let code: String
  public let subject: String
  public let expected: String?
  public let found: String?
  public let category: ErrorCategory
  public let cause: (any Error)?

  public init(
    _ code: String, subject: String, expected: String? = nil, found: String? = nil, category: ErrorCategory = .badData,
    cause: (any Error)? = nil
  ) {
    self.code = "compression." + code
    self.subject = subject
    self.expected = expected
    self.found = found
    self.category = category
    self.cause = cause
  }

  /// The same error with a file's name in front of the subject.
  func within(_ source: String) -> CompressionError {
    CompressionError(
      String(code.dropFirst("compression.".count)), subject: "\(source): \(subject)", expected: expected, found: found,
      category: category, cause: cause)
  }
}
