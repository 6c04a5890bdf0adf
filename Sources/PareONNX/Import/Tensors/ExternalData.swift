import PareTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Tensor data in files beside a model. Only regular files inside the model's folder are read, whatever the model names:
/// no absolute paths, no `..`, no link that leads out.
struct ExternalData {
  /// The model's folder, with every link on the way resolved.
  private let folder: String

  /// - Throws: `onnx.external-data` where there is no such folder.
  init(folder: String) throws {
    guard let resolved = Self.resolved(folder.isEmpty ? "." : folder) else {
      throw ONNXError("external-data", subject: folder, expected: "a folder", found: String(cString: strerror(errno)), category: .noInput)
    }
    self.folder = resolved
  }

  /// Hands a tensor's bytes to `body`.
  ///
  /// - Parameter byteCount: how many there have to be; never more is asked for, whatever the model says.
  /// - Throws: `onnx.external-data`.
  func withData<Result>(
    of tensor: WireTensor, subject: String, expecting byteCount: Int, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    var entries: [String: String] = [:]
    for entry in tensor.externalData { entries[entry.key] = entry.value }
    func number(_ key: String, default value: Int) throws -> Int {
      guard let text = entries[key] else { return value }
      guard let number = Int(text), number >= 0 else {
        throw ONNXError("external-data", subject: subject, expected: "\(key) to be a number from 0", found: quoted(text))
      }
      return number
    }
    let offset = try number("offset", default: 0)
    let length = try number("length", default: byteCount)
    guard length == byteCount else {
      throw ONNXError("external-data", subject: subject, expected: "\(byteCount) bytes", found: "length \(length)")
    }
    let descriptor = try open(entries["location"] ?? "", subject: subject)
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw ONNXError("external-data", subject: subject, expected: "a regular file", found: quoted(entries["location"] ?? ""))
    }
    let (end, overflow) = offset.addingReportingOverflow(length)
    guard !overflow, end <= Int(status.st_size) else {
      throw ONNXError(
        "external-data", subject: subject, expected: "\(length) bytes from \(offset) in \(quoted(entries["location"] ?? ""))",
        found: "a file of \(status.st_size)")
    }
    var bytes = [UInt8](repeating: 0, count: length)
    var filled = 0
    while filled < length {
      let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress.unsafelyUnwrapped + filled, length - filled, off_t(offset + filled)) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw ONNXError("external-data", subject: subject, expected: "a file that can be read", found: quoted(entries["location"] ?? ""))
      }
      filled += count
    }
    return try bytes.withUnsafeBytes(body)
  }

  private func open(_ location: String, subject: String) throws -> Int32 {
    func refused(_ found: String) -> ONNXError {
      ONNXError("external-data", subject: subject, expected: "a file inside the model's folder", found: found)
    }
    guard !location.isEmpty, !location.hasPrefix("/"), !location.split(separator: "/").contains(".."), !location.utf8.contains(0)
    else { throw refused(quoted(location)) }
    guard let path = Self.resolved(folder + "/" + location) else {
      throw ONNXError(
        "external-data", subject: subject, expected: "the file \(quoted(location)) beside the model",
        found: String(cString: strerror(errno)), category: .noInput)
    }
    guard path.hasPrefix(folder == "/" ? "/" : folder + "/") else { throw refused("\(quoted(location)), a link to another place") }
    // The last part is no link any more, and must not become one; a pipe must not hold the program up.
    let descriptor = systemOpen(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { throw refused("\(quoted(location)): \(String(cString: strerror(errno)))") }
    return descriptor
  }

  private static func resolved(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}

/// The system call, out of reach of the method that bears its name.
private func systemOpen(_ path: String, _ flags: Int32) -> Int32 { open(path, flags) }
