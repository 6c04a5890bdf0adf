import Foundation

/// What standard error is drawn on.
enum Terminal {
  static let isAttached = isatty(STDERR_FILENO) == 1

  /// Goes back to the beginning of the line and empties it; nothing where there is no terminal.
  static let erasesLine = isAttached ? "\r\u{1B}[2K" : ""

  /// Characters in a line, as it is now.
  static var columns: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}
