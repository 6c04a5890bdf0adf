/// What kind of failure an error is; the command line turns it into an exit code.
///
/// The codes are those of BSD `sysexits.h`.
public enum ErrorCategory: Int32, Sendable {
  /// The person asked for something that does not exist or cannot be combined.
  case usage = 64
  /// A file or an answer holds something other than what was expected.
  case badData = 65
  /// A file that was named is not there or cannot be read.
  case noInput = 66
  /// A service could not be reached or refused.
  case serviceUnavailable = 69
  /// A defect of the program.
  case internalFailure = 70
  /// A file or folder cannot be written.
  case cannotCreate = 73
}

/// An error that says what, where, what was expected and what was found.
///
/// Every area has one type that conforms (`GraphError`, `MarketError`, …). The description is one line:
/// `subject: message` or `subject: expected …, found …`, without a leading "error:".
public protocol PareError: Error, CustomStringConvertible, Sendable {
  /// Stable, machine-readable: `graph.shape-mismatch`.
  var code: String { get }
  /// Where: a layer path, a key path, `file:line`.
  var subject: String { get }
  var expected: String? { get }
  var found: String? { get }
  var category: ErrorCategory { get }
  /// The error that led to this one, if any.
  var cause: (any Error)? { get }
}

extension PareError {
  public var cause: (any Error)? { nil }

  /// One line, ready to be printed after `error: `.
  public var description: String {
    var line = subject
    switch (expected, found) {
    case (let expected?, let found?): line += ": expected \(expected), found \(found)"
    case (let expected?, nil): line += ": expected \(expected)"
    case (nil, let found?): line += ": \(found)"
    case (nil, nil): line += ": \(code)"
    }
    if let cause { line += " (\(cause))" }
    return line.split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}
