import ArgumentParser
import Foundation
import PareCompression
import PareEvaluation

/// What commands around an experiment's teacher have in common.
struct TeacherArguments: ParsableArguments {
  @Argument(help: "The experiment file (YAML), which says data, features, label and costs.")
  var experiment: String

  @Option(name: .long, help: ArgumentHelp("Where to write; runs/NAME by default.", valueName: "dir"))
  var out: String?

  @Option(name: .long, help: ArgumentHelp("Where teachers are kept for later calls; DIR/teachers by default.", valueName: "dir"))
  var teachers: String?

  @Option(name: .long, help: "Replaces the experiment's seed.")
  var seed: UInt64?

  @Flag(name: .long, help: "Print the results as JSON instead of a table.")
  var json = false

  @Flag(name: .long, help: "No progress.")
  var quiet = false

  /// Runs the experiment as the command has changed it.
  func execute(_ file: ExperimentFile) async throws {
    var file = file
    if let seed { (file.experiment.seed, file.experiment.moreSeeds) = (seed, []) }
    try await RunCommand.execute(
      file, out: out, latencyFrom: nil, teachers: teachers, json: json, observer: ProgressReporter(isQuiet: quiet))
  }
}

extension ExperimentFile {
  /// Puts a teacher in the place of the experiment's.
  mutating func teach(by kind: some TeacherKind) {
    experiment.model = nil
    experiment.teacher = TeacherConfiguration(kind)
  }
}

extension String {
  /// A path as the shell means it: from the current folder, and not from the experiment's.
  var absolute: String { hasPrefix("/") ? self : FileManager.default.currentDirectoryPath + "/" + self }

  /// Whether it names an experiment file.
  var isExperiment: Bool { [".yaml", ".yml"].contains { lowercased().hasSuffix($0) } }
}
