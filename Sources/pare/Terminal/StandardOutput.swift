import Foundation
import PareEvaluation

/// What commands print for people and programs to read.
enum StandardOutput {
  /// Sends off what is still in memory.
  ///
  /// - Throws: `.cannotCreate` where it has no place to go: printing itself says nothing of a full disk.
  static func finish() throws {
    guard fflush(nil) != 0 else { return }
    throw EvaluationError(
      "cannot-write", subject: "standard output", expected: "a place that can be written to",
      found: String(cString: strerror(errno)), category: .cannotCreate)
  }
}
