import Foundation
import PareArtifact
import PareCompression
import PareGraph
import PareTensor

/// The models and results of an earlier run, each with what it depended on, so that a run that was interrupted goes on.
struct PanelStore: Sendable {
  let folder: RunFolder
  /// Of the experiment but for its lists of models, the data and the seed.
  let circumstances: String

  private struct Kept: Codable {
    var identity: String
    var result: PanelModelResult
  }

  /// - Parameter origin: how a model comes to be, in words that change with it.
  func identity(_ origin: String) -> String {
    var hash = Fingerprint()
    hash.add(circumstances)
    hash.add(origin)
    return hash.digits
  }

  func find(_ name: String, identity: String) -> (model: Model, result: PanelModelResult)? {
    guard let data = FileManager.default.contents(atPath: folder.path("\(name).json")),
      let kept = try? JSONDecoder().decode(Kept.self, from: data), kept.identity == identity, let model = folder.model("\(name).pare")
    else { return nil }
    return (model, kept.result)
  }

  func keep(_ result: PanelModelResult, identity: String) throws {
    let data = try JSONEncoder().encode(Kept(identity: identity, result: result))
    try folder.write(String(decoding: data, as: UTF8.self), to: "\(result.name).json")
  }
}
