import Foundation
import PareCompression

/// An experiment on a panel and the folder from which its relative paths count.
public struct PanelFile: Sendable {
  public var experiment: PanelExperiment
  public var directory: String

  public init(experiment: PanelExperiment, directory: String) {
    (self.experiment, self.directory) = (experiment, directory)
  }

  /// Nil where the file is of another kind of experiment.
  ///
  /// - Throws: `.noInput` where the file cannot be read; an error that names the key's path where it is wrong.
  public static func read(_ path: String) throws -> PanelFile? {
    let text = try InputText.read(path)
    guard text.split(separator: "\n").contains(where: { $0.hasPrefix(PanelExperiment.mark + ":") }) else { return nil }
    let experiment: PanelExperiment = try StrictYAML.decode(text, source: path)
    return PanelFile(experiment: experiment, directory: URL(fileURLWithPath: path).deletingLastPathComponent().path)
  }

  /// A path of the experiment as one that can be opened.
  func resolved(_ path: String) -> String { path.hasPrefix("/") ? path : directory + "/" + path }
}
