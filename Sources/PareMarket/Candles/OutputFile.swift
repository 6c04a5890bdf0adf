import CZlib
import Foundation

/// A file that appears under its name only when it is complete.
///
/// Bytes go to a temporary file beside it, gzip-compressed where the name ends in `.gz`; `commit` flushes that to the
/// disk and renames it. Dropped without `commit`, nothing is left behind. The gzip header carries no time, so equal
/// content gives equal files.
final class OutputFile {
  private let path: String
  private let temporary: String
  private let descriptor: Int32
  private var stream: UnsafeMutablePointer<z_stream>?
  private let packed = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 16)
  private var isCommitted = false

  /// - Throws: `.cannotCreate` where the folder is missing or may not be written.
  init(path: String) throws {
    self.path = path
    temporary = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max)).partial"
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw MarketError.unwritable(path, errno) }
    guard path.hasSuffix(".gz") else { return }
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    self.stream = stream
    let status = deflateInit2_(
      stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { throw MarketError("zlib", subject: path, found: "zlib status \(status)") }
  }

  deinit {
    if let stream {
      deflateEnd(stream)
      stream.deallocate()
    }
    packed.deallocate()
    guard descriptor >= 0 else { return }
    close(descriptor)
    if !isCommitted { unlink(temporary) }
  }

  /// - Throws: `.cannotCreate`, for example for a disk that is full.
  func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBufferPointer { bytes in
      if stream == nil { try put(bytes) } else { try compress(bytes, Z_NO_FLUSH) }
    }
  }

  /// Completes the file and gives it its name.
  func commit() throws {
    if stream != nil { try compress(UnsafeBufferPointer(start: nil, count: 0), Z_FINISH) }
    guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw MarketError.unwritable(path, errno) }
    isCommitted = true
  }

  private func compress(_ bytes: UnsafeBufferPointer<UInt8>, _ flush: Int32) throws {
    guard let stream else { return }
    stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress)
    stream.pointee.avail_in = UInt32(bytes.count)
    repeat {
      stream.pointee.next_out = packed.baseAddress
      stream.pointee.avail_out = UInt32(packed.count)
      _ = deflate(stream, flush)
      try put(UnsafeBufferPointer(rebasing: packed[..<(packed.count - Int(stream.pointee.avail_out))]))
    } while stream.pointee.avail_out == 0
  }

  private func put(_ bytes: UnsafeBufferPointer<UInt8>) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = Foundation.write(descriptor, UnsafeBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw MarketError.unwritable(path, errno)
      }
      rest = rest.dropFirst(count)
    }
  }
}
