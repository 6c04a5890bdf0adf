import Foundation
import PareArtifact
import PareTensor

/// A `results.json` as it stands, read by key path: what it says of the run as a whole, and its figures.
struct RunResults {
  let text: String
  private let value: JSONValue
  private let head: RunHead
  private let configuration: String

  /// - Parameters:
  ///   - text: of the file.
  ///   - source: what messages call it.
  ///   - directory: the run's folder.
  /// - Throws: `.badData` where it is no `results.json` of Pare, naming what is missing.
  init(_ text: String, source: String, directory: String) throws {
    func mistake(_ found: String) -> EvaluationError {
      EvaluationError("results", subject: source, expected: "a results.json of Pare", found: found)
    }
    let value: JSONValue
    do {
      value = try JSONParser.parse(text)
    } catch {
      throw mistake("\(error)")
    }
    func required(_ text: String?, _ key: String) throws -> String {
      guard let text else { throw mistake("none with the key '\(key)'") }
      return text
    }
    guard case .number(let digits)? = value["seed"], let seed = UInt64(digits) else { throw mistake("none with the key 'seed'") }
    head = RunHead(
      id: nil, experiment: try required(value["experiment"]?.text, "experiment"), started: "", seconds: nil, seed: seed,
      dataSource: try required(value["data"]?["source"]?.text, "data.source"),
      dataDigest: try required(value["data"]?["digest"]?.text, "data.digest"), version: nil, kernels: value["kernels"]?.text,
      costs: value["costs"]?.text, chosen: value["chosen"]?.text, reason: try required(value["reason"]?.text, "reason"),
      folder: directory, chosenFigures: [:])
    configuration = try required(value["configuration"]?.text, "configuration")
    (self.text, self.value) = (text, value)
  }

  /// Of the run in a folder.
  ///
  /// - Throws: `.noInput` where it holds no `results.json`.
  init(in directory: String) throws {
    let path = directory + "/" + Self.file
    try self.init(try InputText.read(path), source: path, directory: directory)
  }

  static let file = "results.json"

  /// - Parameter files: whether the run's files are looked at as they are now.
  func record(started: Date, seconds: Double?, version: String?, files: Bool) -> RunRecord {
    var head = head
    (head.started, head.seconds, head.version) = (started.formatted(.iso8601), seconds, version)
    return RunRecord(
      head, configuration: configuration, figures: RunFigure.all(in: value),
      artifacts: files ? paths.compactMap { RunArtifact($0, in: head.folder) } : [])
  }

  /// What a run writes: results, report, and each candidate's artifact, also in ONNX.
  private var paths: [String] {
    guard case .object(let members) = value else { return [] }
    let artifacts = members.sorted { $0.key < $1.key }.flatMap { _, member -> [String] in
      guard case .array(let elements) = member else { return [] }
      return elements.flatMap { element -> [String] in
        guard case .array(let parts)? = element["parts"] else { return [element["artifact"]?.text].compactMap { $0 } }
        return parts.compactMap(\.text)
      }
    }
    // A document that somebody else wrote must not lead out of the folder.
    let inside = artifacts.filter { !$0.hasPrefix("/") && !$0.split(separator: "/").contains("..") }
    return [Self.file, "report.html"] + inside.flatMap { [$0, ($0 as NSString).deletingPathExtension + ".onnx"] }
  }
}

extension RunRecord {
  /// A run as its folder holds it now.
  ///
  /// - Throws: `.noInput` where there is no `results.json`, `.badData` where it is no such thing.
  public static func read(from directory: String) throws -> RunRecord {
    try RunResults(in: directory).record(
      started: RunPlace.written(directory), seconds: nil, version: nil, files: true)
  }
}
