import Foundation
import PareArtifact
import PareGraph
import PareTensor

/// The folder that a run writes into. Every file appears whole or not at all.
package struct RunFolder: Sendable {
  private let directory: String

  package init(_ directory: String) {
    self.directory = directory
  }

  func path(_ relative: String) -> String { directory + "/" + relative }

  /// Makes the folder and those in it, and shows, before any work is done, that it can be written to.
  ///
  /// - Parameter option: by which the command line was told the folder.
  /// - Throws: `.cannotCreate`, naming the folder and what the system says; `.usage` for no name at all.
  package func prepare(_ folders: [String] = ["artifacts"], option: String = "--out") throws {
    guard !directory.isEmpty else {
      throw EvaluationError("folder", subject: option, expected: "a folder", found: "''", category: .usage)
    }
    for folder in folders { try make(path(folder)) }
    let probe = path(".writable")
    do {
      try WholeFile.write([], to: probe)
      try FileManager.default.removeItem(atPath: probe)
    } catch {
      throw cannotCreate((error as? ArtifactError)?.found ?? "\(error)")
    }
  }

  /// Writes a text file.
  func write(_ text: String, to relative: String) throws {
    try WholeFile.write(Array(text.utf8), to: path(relative))
  }

  /// Writes a model and gives the bytes of its file.
  func write(_ model: Model, to relative: String) throws -> Int {
    try Artifact.write(model, to: path(relative))
    let attributes = try FileManager.default.attributesOfItem(atPath: path(relative))
    return (attributes[.size] as? NSNumber)?.intValue ?? 0
  }

  /// The model in a file; nil where there is none that is whole.
  func model(_ relative: String) -> Model? { try? Artifact.read(path(relative)) }

  /// Makes a folder and those above it. Foundation does so too, but keeps to itself what the system said.
  private func make(_ path: String) throws {
    var partial = path.hasPrefix("/") ? "/" : ""
    for name in path.split(separator: "/") {
      partial += name + "/"
      guard mkdir(partial, 0o777) == 0 || errno == EEXIST else { throw cannotCreate(String(cString: strerror(errno))) }
    }
  }

  private func cannotCreate(_ reason: String) -> EvaluationError {
    EvaluationError(
      "cannot-write", subject: directory, expected: "a folder that can be written to", found: reason,
      category: .cannotCreate)
  }
}
