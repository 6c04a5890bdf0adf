import Foundation

/// The lines of a text file, plain or gzip, without ever holding the whole of it.
enum TextLines {
  /// The longest line that is read, in bytes; more than that is no table of candles.
  static let longestLine = 1 << 18

  /// Calls `body` with every line and its number from 1, without its line end (LF or CRLF) and without a byte-order
  /// mark before the first.
  static func forEach(
    in path: String, _ body: (_ number: Int, _ line: UnsafeBufferPointer<UInt8>) throws -> Void
  ) throws {
    let file = try InputFile(path: path)
    let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: longestLine)
    defer { buffer.deallocate() }
    var filled = 0
    var number = 0

    func deliver(_ bytes: Slice<UnsafeMutableBufferPointer<UInt8>>) throws {
      var bytes = bytes
      number += 1
      if number == 1, bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes = bytes.dropFirst(3) }
      if bytes.last == UInt8(ascii: "\r") { bytes = bytes.dropLast() }
      try body(number, UnsafeBufferPointer(UnsafeMutableBufferPointer(rebasing: bytes)))
    }

    while true {
      guard filled < buffer.count else {
        throw MarketError(
          "line-too-long", subject: "\(path):\(number + 1)", expected: "lines of at most \(longestLine) bytes",
          found: "a longer one")
      }
      let count = try file.read(into: UnsafeMutableBufferPointer(rebasing: buffer[filled...]))
      if count == 0 { break }
      filled += count
      var start = 0
      while start < filled, let base = buffer.baseAddress,
        let end = memchr(base + start, Int32(UInt8(ascii: "\n")), filled - start)
      {
        let stop = UnsafeRawPointer(end) - UnsafeRawPointer(base)
        try deliver(buffer[start..<stop])
        start = stop + 1
      }
      if start > 0, let base = buffer.baseAddress {
        memmove(base, base + start, filled - start)
        filled -= start
      }
    }
    if filled > 0 { try deliver(buffer[..<filled]) }
  }
}
