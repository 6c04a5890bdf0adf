import Foundation
import PareCompression

/// A search and the experiment that it searches for.
public struct SearchFile: Sendable {
  public var search: Search
  public var experiment: ExperimentFile
  /// The file as it was written.
  public var text: String

  public init(search: Search, experiment: ExperimentFile, text: String) {
    self.search = search
    self.experiment = experiment
    self.text = text
  }

  /// - Throws: `.noInput` where the file, or the experiment's, cannot be read; an error that names the key's path where one is wrong.
  public static func read(_ path: String) throws -> SearchFile {
    let text = try InputText.read(path)
    let search: Search = try StrictYAML.decode(text, source: path)
    let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
    switch search.experiment {
    case .experiment(let experiment):
      return SearchFile(search: search, experiment: ExperimentFile(experiment: experiment, directory: directory), text: text)
    case .file(let name):
      let experiment = try ExperimentFile.read(name.hasPrefix("/") ? name : directory + "/" + name)
      return SearchFile(search: search, experiment: experiment, text: text)
    }
  }

  /// What must not change of the experiment while a search goes on, as JSON: what is judged and how, not what `pare run` makes of it.
  func foundation() throws -> String {
    var experiment = experiment.experiment
    let plain = Experiment(name: "search", data: experiment.data)
    experiment.candidates = []
    (experiment.objectives, experiment.budget, experiment.tolerance) = (plain.objectives, plain.budget, plain.tolerance)
    experiment.latencyDecisions = plain.latencyDecisions
    return try StrictYAML.json(experiment)
  }
}
