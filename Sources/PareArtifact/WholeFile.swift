#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Files as a whole: read into memory that the program owns, and written so that a reader sees the old content or the
/// new one and never a part of it.
package enum WholeFile {
  /// A larger file is refused before memory is asked for.
  package static let maximumByteCount = 1 << 31

  /// - Throws: `artifact.no-input` where there is no regular file that can be read; `artifact.file-size`.
  package static func read(_ path: String) throws(ArtifactError) -> [UInt8] {
    // Without blocking, lest a pipe that nobody writes to holds the program up before it is seen to be one.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw unreadable(path, lastError()) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw unreadable(path, lastError()) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw unreadable(path, status.st_mode & S_IFMT == S_IFDIR ? "a folder" : "a device or pipe")
    }
    guard status.st_size <= maximumByteCount else {
      throw ArtifactError(
        "file-size", subject: path, expected: "at most \(maximumByteCount) bytes", found: "\(status.st_size)")
    }
    var failure: String?
    let bytes = [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, filled in
      while filled < buffer.count {
        let count = systemRead(descriptor, UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...]))
        if count < 0, errno == EINTR { continue }
        if count < 0 { failure = lastError() }
        guard count > 0 else { break }
        filled += count
      }
    }
    if let failure { throw unreadable(path, failure) }
    return bytes
  }

  /// Whether anything bears that name.
  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Writes a temporary file beside `path`, has it stored, and gives it its name.
  ///
  /// - Throws: `artifact.cannot-write`; what stood under the name stays whole.
  package static func write(_ bytes: [UInt8], to path: String) throws(ArtifactError) {
    let temporary = path + ".part-" + String(UInt64.random(in: .min ... .max), radix: 36)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw unwritable(path, lastError()) }
    var failure = store(bytes, in: descriptor)
    if close(descriptor) != 0, failure == nil { failure = lastError() }
    if failure == nil, rename(temporary, path) != 0 { failure = lastError() }
    if let failure {
      unlink(temporary)
      throw unwritable(path, failure)
    }
    storeName(of: path)
  }

  /// What went wrong, or nil.
  private static func store(_ bytes: [UInt8], in descriptor: Int32) -> String? {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        systemWrite(descriptor, UnsafeRawBufferPointer(rebasing: buffer[written...]))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return lastError() }
      written += count
    }
    return fsync(descriptor) == 0 ? nil : lastError()
  }

  /// Has the folder's entry stored. The file is whole and named whether or not the system can do that.
  private static func storeName(of path: String) {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  private static func lastError() -> String { String(cString: strerror(errno)) }

  private static func unreadable(_ path: String, _ reason: String) -> ArtifactError {
    ArtifactError("no-input", subject: path, expected: "a file that can be read", found: reason, category: .noInput)
  }

  private static func unwritable(_ path: String, _ reason: String) -> ArtifactError {
    ArtifactError("cannot-write", subject: path, expected: "a file that can be written", found: reason, category: .cannotCreate)
  }
}

/// The system calls, out of reach of the methods that bear their names.
private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
  read(descriptor, buffer.baseAddress, buffer.count)
}

private func systemWrite(_ descriptor: Int32, _ buffer: UnsafeRawBufferPointer) -> Int {
  write(descriptor, buffer.baseAddress, buffer.count)
}
