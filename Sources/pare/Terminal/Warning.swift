import Foundation

/// What went wrong beside a command's own work, which is done all the same.
enum Warning {
  /// Prints one line to standard error, in place of a bar that is being drawn there.
  static func print(_ message: String) {
    let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
    FileHandle.standardError.write(Data("\(Terminal.erasesLine)warning: \(line)\n".utf8))
  }
}
