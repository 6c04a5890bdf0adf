import CZlib
import Foundation

/// The bytes of a file, in pieces; a gzip file is decompressed on the way.
///
/// Whether the file is gzip is read off its first two bytes, not off its name. A gzip file may have several members.
/// Memory does not grow with the file.
final class InputFile {
  private let path: String
  private let descriptor: Int32
  private let raw = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 16)
  /// What of `raw` was read from the file and not handed on; not used while inflating.
  private var pending: Range<Int> = 0..<0
  /// On the heap, because zlib keeps its address.
  private var stream: UnsafeMutablePointer<z_stream>?
  private var isBetweenMembers = false

  /// - Throws: `.noInput` where there is no such file, it is a folder, or it may not be read.
  init(path: String) throws {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw MarketError.unreadable(path, errno) }
    let count = try fill()
    if count >= 2, raw[0] == 0x1f, raw[1] == 0x8b {
      let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
      stream.initialize(to: z_stream())
      self.stream = stream
      stream.pointee.next_in = raw.baseAddress
      stream.pointee.avail_in = UInt32(count)
      // 15 is the largest window; 16 more asks for the gzip format.
      let status = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
      guard status == Z_OK else { throw corrupt("zlib status \(status)") }
    } else {
      pending = 0..<count
    }
  }

  deinit {
    if let stream {
      inflateEnd(stream)
      stream.deallocate()
    }
    raw.deallocate()
    if descriptor >= 0 { close(descriptor) }
  }

  /// Puts the next bytes into `buffer`, and says how many; 0 at the end.
  ///
  /// - Throws: `.badData` for gzip data that end early, fail their check sum or are followed by something else.
  func read(into buffer: UnsafeMutableBufferPointer<UInt8>) throws -> Int {
    if let stream { return try inflate(stream, into: buffer) }
    if pending.isEmpty { pending = 0..<(try fill()) }
    let count = min(pending.count, buffer.count)
    _ = buffer.update(fromContentsOf: raw[pending.prefix(count)])
    pending.removeFirst(count)
    return count
  }

  private func inflate(
    _ stream: UnsafeMutablePointer<z_stream>, into buffer: UnsafeMutableBufferPointer<UInt8>
  ) throws -> Int {
    stream.pointee.next_out = buffer.baseAddress
    stream.pointee.avail_out = UInt32(buffer.count)
    while stream.pointee.avail_out > 0 {
      if stream.pointee.avail_in == 0 {
        let count = try fill()
        if count == 0 {
          guard isBetweenMembers else {
            throw MarketError(
              "truncated-gzip", subject: path, expected: "a complete gzip file", found: "data that end early")
          }
          break
        }
        stream.pointee.next_in = raw.baseAddress
        stream.pointee.avail_in = UInt32(count)
      }
      if isBetweenMembers {
        guard try startNextMember(stream) else { continue }
      }
      switch CZlib.inflate(stream, Z_NO_FLUSH) {
      case Z_OK, Z_BUF_ERROR: break
      case Z_STREAM_END: isBetweenMembers = true
      case let status: throw corrupt(stream.pointee.msg.map { String(cString: $0) } ?? "zlib status \(status)")
      }
    }
    return buffer.count - Int(stream.pointee.avail_out)
  }

  /// Skips the zeros that pad a member; false where the input ran out before another member began.
  private func startNextMember(_ stream: UnsafeMutablePointer<z_stream>) throws -> Bool {
    while stream.pointee.avail_in > 0, let next = stream.pointee.next_in {
      if next.pointee == 0x1f {
        guard inflateReset(stream) == Z_OK else { throw corrupt("zlib cannot start another member") }
        isBetweenMembers = false
        return true
      }
      guard next.pointee == 0 else { throw corrupt("other bytes after its end") }
      stream.pointee.next_in = next + 1
      stream.pointee.avail_in -= 1
    }
    return false
  }

  private func fill() throws -> Int {
    while true {
      let count = Foundation.read(descriptor, raw.baseAddress, raw.count)
      if count >= 0 { return count }
      if errno != EINTR { throw MarketError.unreadable(path, errno) }
    }
  }

  private func corrupt(_ what: String) -> MarketError {
    MarketError("corrupt-gzip", subject: path, expected: "gzip data", found: what)
  }
}

extension MarketError {
  static func unreadable(_ path: String, _ code: Int32) -> MarketError {
    MarketError(
      "unreadable", subject: path, expected: "a file that can be read", found: String(cString: strerror(code)),
      category: .noInput)
  }

  static func unwritable(_ path: String, _ code: Int32) -> MarketError {
    MarketError(
      "unwritable", subject: path, expected: "a file that can be written", found: String(cString: strerror(code)),
      category: .cannotCreate)
  }
}
