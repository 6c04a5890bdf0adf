import Foundation

/// One process after another, by a lock on a folder that leaves no file behind and ends with its process, however that ends.
package enum FolderTurn {
  /// Waits until no other thread or process has its turn in the folder, and runs `body`.
  ///
  /// Where a folder cannot be locked, some network file systems among them, `body` runs all the same.
  package static func take<Value>(in directory: String, _ body: () throws -> Value) rethrows -> Value {
    let descriptor = open(directory.isEmpty ? "." : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { if descriptor >= 0 { close(descriptor) } }
    if descriptor >= 0 { while flock(descriptor, LOCK_EX) != 0, errno == EINTR {} }
    return try body()
  }
}
