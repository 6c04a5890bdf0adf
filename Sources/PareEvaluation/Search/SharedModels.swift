import PareGraph

/// Models that several trials come by: each is made once, by whichever trial wants it first, and kept in a file for the others and
/// for a search that is resumed.
package actor SharedModels {
  private let folder: RunFolder
  /// What is being made, and what could not be.
  private var tasks: [String: Task<Model, any Error>] = [:]

  /// - Parameter folder: has a folder `models`.
  package init(_ folder: RunFolder) {
    self.folder = folder
  }

  /// The model of a file, which is made where there is none that is whole; other trials meanwhile wait for it.
  ///
  /// - Parameter key: sixteen hexadecimal digits.
  /// - Throws: what `make` throws, to every trial that asks.
  package func model(_ key: String, make: @escaping @Sendable () async throws -> Model) async throws -> Model {
    if let task = tasks[key] { return try await task.value }
    let path = Self.path(key)
    if let model = folder.model(path) { return model }
    let folder = folder
    let task = Task.detached {
      _ = try folder.write(try await make(), to: path)
      // What was read is what a resumed search will read.
      guard let model = folder.model(path) else {
        throw EvaluationError(
          "cannot-write", subject: folder.path(path), expected: "a file that can be read again", found: "none", category: .cannotCreate)
      }
      return model
    }
    tasks[key] = task
    let model = try await task.value
    tasks[key] = nil
    return model
  }

  static func path(_ key: String) -> String { "models/\(key).pare" }
}
