import PareGraph
import PareTensor

/// What can be wrong with an ONNX file, or with a model that is to become one.
public struct ONNXError: PareError {
  public let code: String
  /// The file, and the place in it where there is one: `model.onnx: node 'conv_1' (Conv)`.
  public let subject: String
  public let expected: String?
  public let found: String?
  public let category: ErrorCategory

  public init(
    _ code: String, subject: String, expected: String? = nil, found: String? = nil, category: ErrorCategory = .badData
  ) {
    self.code = "onnx." + code
    self.subject = subject
    self.expected = expected
    self.found = found
    self.category = category
  }

  /// What is wrong with the graph of a file, with the code that it has there.
  init(_ error: GraphError, file: String) {
    code = error.code
    subject = "\(file): \(error.subject)"
    expected = error.expected
    found = error.found
    category = error.category
  }
}

/// A text from a file as messages show it: in quotes, of bounded length.
func quoted(_ text: String) -> String {
  "'" + String(text.unicodeScalars.prefix(64).map { $0.isASCII && $0.value < 0x20 ? " " : Character($0) })
    + (text.unicodeScalars.count > 64 ? "…'" : "'")
}
