import PareTensor

/// What can go wrong with boosted trees: no library, settings or rows that are none, a file that is damaged or asks for
/// more than there is.
public struct BoostedTreesError: PareError {
  public let code: String
  /// The setting, the tensor, or the file with the place in it: `model.json: learner.gradient_booster.model.trees[3]`.
  public let subject: String
  public let expected: String?
  public let found: String?
  public let category: ErrorCategory
  public let cause: (any Error)?

  public init(
    _ code: String, subject: String, expected: String? = nil, found: String? = nil, category: ErrorCategory = .badData,
    cause: (any Error)? = nil
  ) {
    self.code = "boosted-trees." + code
    self.subject = subject
    self.expected = expected
    self.found = found
    self.category = category
    self.cause = cause
  }
}
