import PareTensor

/// What can be wrong with a plan or with how one is asked for.
public struct InferenceError: PareError {
  public let code: String
  public let subject: String
  public let expected: String?
  public let found: String?
  public let category: ErrorCategory

  public init(
    _ code: String, subject: String, expected: String? = nil, found: String? = nil, category: ErrorCategory = .badData
  ) {
    self.code = "inference." + code
    self.subject = subject
    self.expected = expected
    self.found = found
    self.category = category
  }
}
