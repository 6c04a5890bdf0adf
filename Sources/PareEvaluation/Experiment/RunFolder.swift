import Foundation
import PareArtifact
import PareGraph
import PareTensor

/// The folder that a run writes into. Every file appears whole or not at all.
struct RunFolder: Sendable {
  private let directory: String

  init(_ directory: String) {
    self.directory = directory
  }

  func path(_ relative: String) -> String { directory + "/" + relative }

  /// Makes the folder and shows, before any work is done, that it can be written to.
  ///
  /// - Throws: `.cannotCreate`, naming the folder.
  func prepare() throws {
    do {
      try FileManager.default.createDirectory(atPath: path("artifacts"), withIntermediateDirectories: true)
    } catch {
      throw cannotCreate(directory, error)
    }
    let probe = path(".writable")
    do {
      try Data().write(to: URL(fileURLWithPath: probe))
      try FileManager.default.removeItem(atPath: probe)
    } catch {
      throw cannotCreate(directory, error)
    }
  }

  /// Writes a text file by way of a temporary one.
  func write(_ text: String, to relative: String) throws {
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path(relative)), options: .atomic)
    } catch {
      throw cannotCreate(path(relative), error)
    }
  }

  /// Writes a model and gives the bytes of its file.
  func write(_ model: Model, to relative: String) throws -> Int {
    try Artifact.write(model, to: path(relative))
    let attributes = try FileManager.default.attributesOfItem(atPath: path(relative))
    return (attributes[.size] as? NSNumber)?.intValue ?? 0
  }

  private func cannotCreate(_ path: String, _ error: any Error) -> EvaluationError {
    EvaluationError(
      "cannot-write", subject: path, expected: "a place that can be written to",
      found: (error as NSError).localizedDescription, category: .cannotCreate)
  }
}
