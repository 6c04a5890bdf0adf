import PareTensor

/// What can go wrong when signals are turned into money.
public struct BacktestError: PareError {
  public let code: String
  public let subject: String
  public let expected: String?
  public let found: String?
  public let category: ErrorCategory

  public init(
    _ code: String, subject: String, expected: String? = nil, found: String? = nil, category: ErrorCategory = .badData
  ) {
    self.code = "backtest." + code
    self.subject = subject
    self.expected = expected
    self.found = found
    self.category = category
  }
}
