import ArgumentParser
import Foundation
import PareEvaluation

struct SearchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Searches a space of recipes: many trials, the frontier of what they cost and keep, and a choice under a budget.",
    discussion: """
      The same command goes on where it was interrupted; what finished is never done again.

      Examples:
        pare search examples/search.yaml
        pare search examples/search.yaml --output runs/small --trials 60
        pare search --output runs/small --show

      Writes DIR/search.sqlite as it goes; then DIR/search.json, DIR/search.html, DIR/frontier.csv and DIR/artifacts/*.pare.
      """)

  @Argument(help: "The search file (YAML). Relative paths in it count from its folder. Not needed with --show.")
  var search: String?

  @Option(name: .long, help: ArgumentHelp("The search's folder; runs/NAME by default.", valueName: "dir"))
  var output: String?

  @Option(name: .long, help: "Trials at a time; as many as there are processors by default.")
  var workers: Int?

  @Option(name: .long, help: "How many recipes are tried, in place of what the file says.")
  var trials: Int?

  @Flag(name: .long, help: "Print what the folder holds so far, and do nothing.")
  var show = false

  @Flag(name: .long, help: "Begin anew: what an earlier search left in the folder is removed.")
  var restart = false

  @Flag(name: .long, help: "Print the results as JSON instead of a table.")
  var json = false

  @Flag(name: .long, help: "No progress.")
  var quiet = false

  func validate() throws {
    if show {
      guard output != nil || search != nil else { throw ValidationError("--show needs a search file or --output DIR") }
      guard !restart else { throw ValidationError("--show and --restart exclude each other") }
    } else if search == nil {
      throw ValidationError("a search file is missing")
    }
    guard (workers ?? 1) > 0, (trials ?? 1) > 0 else { throw ValidationError("--workers and --trials count from 1") }
  }

  func run() async throws {
    let file = try search.map(SearchFile.read)
    let directory = output ?? "runs/\(file?.search.name ?? "search")"
    guard let file, !show else { return try report(try SearchRun.results(in: directory)) }
    let stop = SearchStop()
    let interruption = Interruption(of: stop)
    let run = SearchRun(
      file, directory: directory, workers: workers ?? ProcessInfo.processInfo.activeProcessorCount, trials: trials,
      beginsAnew: restart, observer: SearchReporter(isQuiet: quiet), stop: stop)
    let results = try await run.execute()
    withExtendedLifetime(interruption) {}
    try report(results)
    if !json { print("\nWritten: \(directory)/search.html, \(directory)/search.json, \(directory)/frontier.csv, \(directory)/artifacts") }
    guard results.isComplete || !stop.wasRequested else {
      throw EvaluationError(
        "interrupted", subject: directory, expected: "\(results.planned) trials",
        found: "\(results.recipesEvaluated), all stored; the same command goes on", category: .serviceUnavailable)
    }
  }

  private func report(_ results: SearchResults) throws {
    print(json ? try results.json() : SearchTable(results).rendered())
  }
}
