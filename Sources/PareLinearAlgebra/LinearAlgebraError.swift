import PareTensor

/// What can go wrong in linear algebra: no library, a matrix that is none, numbers that are none.
public struct LinearAlgebraError: PareError {
  public let code: String
  public let subject: String
  public let expected: String?
  public let found: String?
  public let category: ErrorCategory

  public init(
    _ code: String, subject: String, expected: String? = nil, found: String? = nil, category: ErrorCategory = .badData
  ) {
    self.code = "linear-algebra." + code
    self.subject = subject
    self.expected = expected
    self.found = found
    self.category = category
  }
}
