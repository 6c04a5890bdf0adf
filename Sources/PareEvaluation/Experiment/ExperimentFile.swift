import Foundation
import PareCompression
import PareMarket
import PareTensor

/// An experiment and the folder from which its relative paths count.
public struct ExperimentFile: Sendable {
  public var experiment: Experiment
  public var directory: String

  public init(experiment: Experiment, directory: String) {
    self.experiment = experiment
    self.directory = directory
  }

  /// - Throws: `.noInput` where the file cannot be read; an error that names the key's path where it is wrong.
  public static func read(_ path: String) throws -> ExperimentFile {
    let text = try InputText.read(path)
    let experiment: Experiment = try StrictYAML.decode(text, source: path)
    return ExperimentFile(
      experiment: experiment, directory: URL(fileURLWithPath: path).deletingLastPathComponent().path)
  }

  /// The main job on a simulated market: small enough for a minute on two cores.
  public static var demo: ExperimentFile {
    var simulation = MarketSimulation()
    simulation.symbols = 1
    return ExperimentFile(
      experiment: Experiment(name: "demo", data: .simulation(simulation)),
      directory: FileManager.default.currentDirectoryPath)
  }

  /// A path of the experiment as one that can be opened.
  func resolved(_ path: String) -> String {
    path.hasPrefix("/") ? path : directory + "/" + path
  }
}

/// A recipe in a file of its own, or a ready one by its name.
public enum RecipeFile {
  /// - Parameter path: of a file; where there is none of that name, the name of a ready recipe.
  /// - Throws: `.noInput` where the file cannot be read; an error that names the key's path where it is wrong.
  public static func read(_ path: String) throws -> Recipe {
    if let ready = ReadyRecipe(rawValue: path), !FileManager.default.fileExists(atPath: path) { return ready.recipe }
    return try Recipe(yaml: try InputText.read(path), source: path)
  }
}

/// Text files that people write.
enum InputText {
  /// - Throws: `.noInput` naming the file and the reason.
  static func read(_ path: String) throws -> String {
    do {
      let data = try Data(contentsOf: URL(fileURLWithPath: path))
      guard let text = String(validating: data, as: UTF8.self) else {
        throw EvaluationError("encoding", subject: path, expected: "UTF-8 text", found: "other bytes")
      }
      return text
    } catch let error as EvaluationError {
      throw error
    } catch {
      let exists = FileManager.default.fileExists(atPath: path)
      throw EvaluationError(
        "no-input", subject: path, expected: "a readable file", found: exists ? "one that cannot be read" : "no such file",
        category: .noInput)
    }
  }
}
