/// The fields of a comma-separated line, quoted where they hold commas.
enum DelimitedFields {
  /// Fields without blanks around them; `"a, b"` is one field, `""` within quotes is one quote (RFC 4180, but a field ends
  /// with its line).
  static func split(_ line: UnsafeBufferPointer<UInt8>) -> [String] {
    let (comma, quote) = (UInt8(ascii: ","), UInt8(ascii: "\""))
    guard line.contains(quote) else {
      return line.split(separator: comma, omittingEmptySubsequences: false).map {
        String(decoding: UnsafeBufferPointer(rebasing: $0).trimmed, as: UTF8.self)
      }
    }
    var fields: [String] = []
    var start = 0
    var isQuoted = false
    func finish(at end: Int) {
      let field = UnsafeBufferPointer(rebasing: line[start..<end]).trimmed
      fields.append(String(decoding: field, as: UTF8.self).replacing("\"\"", with: "\""))
      start = end + 1
    }
    for (index, byte) in line.enumerated() {
      if byte == quote {
        isQuoted.toggle()
      } else if byte == comma, !isQuoted {
        finish(at: index)
      }
    }
    finish(at: line.count)
    return fields
  }
}
