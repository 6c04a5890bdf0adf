import Foundation

/// What `pare compare` was told to compare: a model in a file, or a run.
public enum Comparand: Sendable {
  case model(path: String)
  case run(RunRecord)

  /// - Parameters:
  ///   - text: a model's file; a run's folder, or its `results.json`; a kept run's number.
  ///   - runs: the folder whose store has the number.
  /// - Throws: `.noInput` where there is no such file, folder or run; `.badData` for a `results.json` that is none.
  public static func find(_ text: String, runs: String) throws -> Comparand {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: text, isDirectory: &isFolder) {
      if isFolder.boolValue { return .run(try RunRecord.read(from: text)) }
      let url = URL(fileURLWithPath: text)
      guard url.lastPathComponent == RunResults.file else { return .model(path: text) }
      let folder = (text as NSString).deletingLastPathComponent
      return .run(try RunRecord.read(from: folder.isEmpty ? "." : folder))
    }
    guard let id = Int(text), id > 0 else {
      throw EvaluationError(
        "comparand", subject: text, expected: "a model, a run's folder or the number of a run", found: "no such file", category: .noInput)
    }
    return .run(try RunStore(in: runs).run(id))
  }
}
