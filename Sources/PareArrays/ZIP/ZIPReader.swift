import CZlib
import PareArtifact

/// A ZIP archive in memory, without encryption, of at most 2 GiB. Nothing that the file says of its sizes is taken
/// before it is checked against what is there.
///
/// - Source: PKWARE's APPNOTE.TXT, sections 4.3 and 4.4.
struct ZIPReader {
  struct Entry {
    let name: String
    fileprivate let method: Int
    fileprivate let checksum: UInt32
    fileprivate let storedByteCount: Int
    fileprivate let byteCount: Int
    fileprivate let headerOffset: Int
  }

  let entries: [Entry]
  private let bytes: [UInt8]
  private let name: String

  private static let endLength = 22
  private static let entryLength = 46
  private static let headerLength = 30
  /// Deflate stands for at most this many bytes by one.
  private static let largestRatio = 1032

  /// - Throws: `artifact.archive`, `artifact.truncated`.
  init(_ bytes: [UInt8], name: String) throws(ArtifactError) {
    self.bytes = bytes
    self.name = name
    func failure(_ expected: String, _ found: String) -> ArtifactError {
      ArtifactError("archive", subject: name, expected: expected, found: found)
    }
    // The end record is followed by a comment of at most 65,535 bytes.
    let first = max(0, bytes.count - Self.endLength - 65_535)
    guard bytes.count >= Self.endLength,
      let end = stride(from: bytes.count - Self.endLength, through: first, by: -1).first(where: {
        bytes.word($0) == 0x0605_4b50 && $0 + Self.endLength + bytes.half($0 + 20) == bytes.count
      })
    else { throw failure("a ZIP archive that is complete", "\(bytes.count) bytes without its end") }
    let count = bytes.half(end + 10)
    let start = bytes.word(end + 16)
    guard bytes.half(end + 4) == 0, bytes.half(end + 6) == 0, bytes.half(end + 8) == count, start <= end,
      bytes.word(end + 12) == end - start
    else { throw failure("one archive with its list of files at the end", "something else") }
    var entries: [Entry] = []
    var total = 0
    var position = start
    for _ in 0..<count {
      guard position + Self.entryLength <= end, bytes.word(position) == 0x0201_4b50 else {
        throw failure("\(count) files", "\(entries.count)")
      }
      let nameLength = bytes.half(position + 28)
      let next = position + Self.entryLength + nameLength + bytes.half(position + 30) + bytes.half(position + 32)
      guard next <= end, let text = String(validating: bytes[position + Self.entryLength..<position + Self.entryLength + nameLength], as: UTF8.self)
      else { throw failure("names of files in UTF-8", "something else") }
      let entry = Entry(
        name: text, method: bytes.half(position + 10), checksum: UInt32(bytes.word(position + 16)),
        storedByteCount: bytes.word(position + 20), byteCount: bytes.word(position + 24), headerOffset: bytes.word(position + 42))
      guard bytes.half(position + 8) & 1 == 0, entry.method == 0 || entry.method == 8 else {
        throw failure("files stored or deflated, and not encrypted", "\(quoted(text)) by method \(entry.method)")
      }
      // What is claimed may be asked for as memory: it has to be possible, one by one and together.
      total += entry.byteCount
      guard entry.byteCount <= max(entry.storedByteCount, 1) * Self.largestRatio, total <= WholeFile.maximumByteCount else {
        throw failure(
          "at most \(WholeFile.maximumByteCount) bytes, and no more than deflate can stand for",
          "\(quoted(text)) of \(entry.byteCount) bytes, packed into \(entry.storedByteCount)")
      }
      entries.append(entry)
      position = next
    }
    guard position == end else { throw failure("\(count) files", "more") }
    self.entries = entries
  }

  /// - Throws: `artifact.truncated`, `artifact.archive`, `artifact.checksum`.
  func content(of entry: Entry) throws(ArtifactError) -> [UInt8] {
    let subject = "\(name): \(quoted(entry.name))"
    let header = entry.headerOffset
    guard header + Self.headerLength <= bytes.count, bytes.word(header) == 0x0403_4b50 else {
      throw ArtifactError("truncated", subject: subject, expected: "a file at byte \(header)", found: "none")
    }
    let start = header + Self.headerLength + bytes.half(header + 26) + bytes.half(header + 28)
    guard start <= bytes.count, entry.storedByteCount <= bytes.count - start else {
      throw ArtifactError(
        "truncated", subject: subject, expected: "\(entry.storedByteCount) bytes from \(start)", found: "\(bytes.count)")
    }
    let stored = bytes[start..<start + entry.storedByteCount]
    let content: [UInt8]
    if entry.method == 0 {
      content = Array(stored)
    } else {
      content = try Self.inflated(stored, byteCount: entry.byteCount, subject: subject)
    }
    guard content.count == entry.byteCount else {
      throw ArtifactError("archive", subject: subject, expected: "\(entry.byteCount) bytes", found: "\(content.count)")
    }
    guard ZIPChecksum.of(content) == entry.checksum else {
      throw ArtifactError("checksum", subject: subject, expected: "content with its checksum", found: "a damaged file")
    }
    return content
  }

  /// What a deflated stream stands for, which has to be `byteCount` bytes exactly.
  private static func inflated(
    _ packed: ArraySlice<UInt8>, byteCount: Int, subject: String
  ) throws(ArtifactError) -> [UInt8] {
    var content = [UInt8](repeating: 0, count: byteCount)
    var packed = Array(packed)
    var stream = z_stream()
    // A negative width: deflate alone, without zlib's header.
    guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw ArtifactError("archive", subject: subject, expected: "memory to inflate", found: "none", category: .internalFailure)
    }
    defer { inflateEnd(&stream) }
    let (input, output) = (packed.count, content.count)
    let isComplete = packed.withUnsafeMutableBufferPointer { source in
      content.withUnsafeMutableBufferPointer { target in
        stream.next_in = source.baseAddress
        stream.avail_in = UInt32(input)
        var spare: UInt8 = 0
        return withUnsafeMutablePointer(to: &spare) { spare in
          stream.next_out = target.baseAddress ?? spare
          stream.avail_out = UInt32(output)
          return inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_out == 0 && stream.avail_in == 0
        }
      }
    }
    guard isComplete else {
      throw ArtifactError("archive", subject: subject, expected: "a deflated stream of \(byteCount) bytes", found: "another one")
    }
    return content
  }
}

/// The CRC-32 that archives hold.
enum ZIPChecksum {
  static func of(_ bytes: [UInt8]) -> UInt32 {
    bytes.withUnsafeBufferPointer { UInt32(truncatingIfNeeded: crc32(0, $0.baseAddress, UInt32($0.count))) }
  }
}

extension [UInt8] {
  /// Two bytes, little-endian.
  fileprivate func half(_ offset: Int) -> Int { Int(self[offset]) | Int(self[offset + 1]) << 8 }

  /// Four bytes, little-endian.
  fileprivate func word(_ offset: Int) -> Int { half(offset) | half(offset + 2) << 16 }
}
