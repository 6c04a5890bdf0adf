import PareTensor

/// What can be wrong with a graph: unknown operators, shapes that do not meet, values that are missing.
public struct GraphError: PareError {
  public let code: String
  public let subject: String
  public let expected: String?
  public let found: String?
  public let category: ErrorCategory

  public init(
    _ code: String, subject: String, expected: String? = nil, found: String? = nil, category: ErrorCategory = .badData
  ) {
    self.code = "graph." + code
    self.subject = subject
    self.expected = expected
    self.found = found
    self.category = category
  }

  /// An error about a node: the subject reads `node 'name' (Type)`.
  public init(_ code: String, node: Node, expected: String? = nil, found: String? = nil) {
    self.init(code, subject: "node '\(node.name)' (\(node.operatorName))", expected: expected, found: found)
  }
}
