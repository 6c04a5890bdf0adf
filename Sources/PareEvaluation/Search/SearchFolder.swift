import Foundation
import PareArtifact

/// The folder of a search, held by one process at a time.
struct SearchFolder {
  static let database = "search.sqlite"

  let folder: RunFolder
  private let lock: FolderLock

  /// Makes the folder, and sees to it that nobody else searches in it.
  ///
  /// - Throws: `.cannotCreate` where it cannot be written, or another process searches there.
  init(_ directory: String) throws {
    folder = RunFolder(directory)
    try folder.prepare(["artifacts", "models"], option: "--output")
    lock = try FolderLock(folder.path(".search-lock"))
  }

  /// Removes what a search left, and nothing else.
  func clear() throws {
    let names = ["", "-wal", "-shm"].map { Self.database + $0 } + ["search.json", "search.html", "frontier.csv"]
    let artifacts = try files(in: "artifacts") { $0.hasPrefix("trial-") || $0 == "\(CandidateConfiguration.teacher).pare" }
    let models = try files(in: "models") { $0.count == 21 && $0.hasSuffix(".pare") && $0.dropLast(5).allSatisfy(\.isHexDigit) }
    for name in names + artifacts + models where WholeFile.exists(folder.path(name)) {
      do {
        try FileManager.default.removeItem(atPath: folder.path(name))
      } catch {
        throw EvaluationError(
          "cannot-write", subject: folder.path(name), expected: "a file that can be removed", found: "\(error.localizedDescription)",
          category: .cannotCreate)
      }
    }
  }

  private func files(in name: String, _ belongs: (String) -> Bool) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path(name)).filter(belongs).map { name + "/" + $0 }
  }
}

/// A lock that ends with its process, however that ends.
package final class FolderLock: Sendable {
  private let descriptor: Int32

  /// - Throws: `.cannotCreate` where another process has it.
  package init(_ path: String) throws {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let reason = descriptor >= 0 ? "one that does" : String(cString: strerror(errno))
      throw EvaluationError(
        "search-locked", subject: path, expected: "a folder in which no other process searches", found: reason, category: .cannotCreate)
    }
  }

  deinit { close(descriptor) }
}
