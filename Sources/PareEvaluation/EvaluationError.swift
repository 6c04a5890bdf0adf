import PareTensor

/// What can go wrong with an experiment: its file, its data, what it asks for, where its results go.
public struct EvaluationError: PareError {
  public let code: String
  public let subject: String
  public let expected: String?
  public let found: String?
  public let category: ErrorCategory
  public let cause: (any Error)?

  public init(
    _ code: String, subject: String, expected: String? = nil, found: String? = nil,
    category: ErrorCategory = .badData, cause: (any Error)? = nil
  ) {
    self.code = "evaluation." + code
    self.subject = subject
    self.expected = expected
    self.found = found
    self.category = category
    self.cause = cause
  }
}
