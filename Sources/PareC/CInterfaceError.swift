import CPareInterface
import PareTensor

/// What can be wrong with a call from C.
struct CInterfaceError: PareError {
  let code: String
  let subject: String
  let expected: String?
  let found: String?
  let category: ErrorCategory

  init(_ code: String, subject: String, expected: String, found: String? = nil, category: ErrorCategory = .usage) {
    self.code = "c." + code
    self.subject = subject
    self.expected = expected
    self.found = found
    self.category = category
  }

  /// A pointer that may not be NULL.
  static func null(_ argument: String) -> CInterfaceError {
    CInterfaceError("null", subject: argument, expected: "a pointer", found: "NULL")
  }
}

/// Writes what went wrong into the caller's memory, if it gave any.
///
/// - Returns: the error's category as a status.
@inline(never)
func report(_ error: any Error, to target: UnsafeMutablePointer<pare_error>?) -> pare_status {
  let known = error as? any PareError
  let status = pare_status((known?.category ?? .internalFailure).rawValue)
  guard let target else { return status }
  target.pointee.status = status
  withUnsafeMutableBytes(of: &target.pointee.code) { write(known?.code ?? "c.internal", into: $0) }
  withUnsafeMutableBytes(of: &target.pointee.message) { write(known?.description ?? "\(error)", into: $0) }
  return status
}

/// As many whole characters of `text` as fit with a NUL behind them.
private func write(_ text: String, into buffer: UnsafeMutableRawBufferPointer) {
  var count = 0
  for scalar in text.unicodeScalars {
    let bytes = UTF8.encode(scalar.value == 0 ? "?" : scalar) ?? UTF8.encodedReplacementCharacter
    guard count + bytes.count < buffer.count else { break }
    for byte in bytes {
      buffer[count] = byte
      count += 1
    }
  }
  buffer[count] = 0
}
