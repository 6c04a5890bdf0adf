import PareTensor

/// What can go wrong with an environment or while an agent learns.
public struct AgentError: PareError {
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
    self.code = "agent." + code
    self.subject = subject
    self.expected = expected
    self.found = found
    self.category = category
    self.cause = cause
  }

  /// - Throws: `agent.setting`, category usage, where a setting is out of range.
  static func check(_ name: String, _ value: some CustomStringConvertible, _ isValid: Bool, _ expected: String) throws {
    guard isValid else {
      throw AgentError("setting", subject: name, expected: expected, found: value.description, category: .usage)
    }
  }
}
