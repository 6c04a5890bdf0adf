import ArgumentParser
import PareEvaluation

struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Runs the main job once on a simulated market: no data, no network, under a minute.",
    discussion: """
      Example:
        pare demo --out runs/demo
      """)

  @Option(name: .long, help: ArgumentHelp("Where to write.", valueName: "dir"))
  var out = "runs/demo"

  @Option(name: .long, help: "The seed of market and training.")
  var seed: UInt64?

  @Flag(name: .long, help: "Print the results as JSON instead of a table.")
  var json = false

  @Flag(name: .long, help: "No progress.")
  var quiet = false

  func run() async throws {
    var file = ExperimentFile.demo
    if let seed { file.experiment.seed = seed }
    try await RunCommand.execute(
      file, out: out, latencyFrom: nil, json: json, observer: ProgressReporter(isQuiet: quiet))
  }
}
