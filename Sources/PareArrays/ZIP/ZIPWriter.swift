import PareArtifact

/// Writes a ZIP archive of stored files.
///
/// - Source: PKWARE's APPNOTE.TXT, sections 4.3 and 4.4.
struct ZIPWriter {
  private let name: String
  private var bytes: [UInt8] = []
  private var list: [UInt8] = []
  private var count = 0

  init(name: String) {
    self.name = name
  }

  /// - Throws: `artifact.archive` where the archive gets too large or holds too many files.
  mutating func add(_ file: String, _ content: [UInt8]) throws(ArtifactError) {
    let path = Array(file.utf8)
    guard bytes.count + content.count < Int(UInt32.max) - 1 << 20, count < Int(UInt16.max), path.count < 1 << 12 else {
      throw ArtifactError("archive", subject: name, expected: "an archive below 4 GiB, with short names", found: quoted(file))
    }
    let offset = bytes.count
    // Version 2.0, names in UTF-8, stored, the first of January 1980: the same bytes for the same files.
    let common =
      half(20) + half(1 << 11) + half(0) + half(0) + half(0x21) + word(Int(ZIPChecksum.of(content))) + word(content.count)
      + word(content.count) + half(path.count) + half(0)
    bytes += word(0x0403_4b50) + common + path + content
    list += word(0x0201_4b50) + half(20) + common + half(0) + half(0) + half(0) + word(0) + word(offset) + path
    count += 1
  }

  /// - Throws: `artifact.archive` where the archive gets too large.
  func finished() throws(ArtifactError) -> [UInt8] {
    guard bytes.count + list.count < Int(UInt32.max) else {
      throw ArtifactError("archive", subject: name, expected: "an archive below 4 GiB", found: "\(bytes.count + list.count) bytes")
    }
    let end =
      word(0x0605_4b50) + half(0) + half(0) + half(count) + half(count) + word(list.count) + word(bytes.count) + half(0)
    return bytes + list + end
  }

  private func half(_ value: Int) -> [UInt8] { [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)] }
  private func word(_ value: Int) -> [UInt8] { half(value) + half(value >> 16) }
}
