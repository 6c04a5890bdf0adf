import ArgumentParser
import PareEvaluation

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Makes a run's report and summary again, from its results.json and nothing else that it computes.",
    discussion: """
      Examples:
        pare report runs/demo
        pare report runs/demo/results.json --out demo.html      and demo.md beside it
        pare report runs/demo --json                            the deployment card

      Writes report.html and summary.md into the run's folder. Quantized layers are in layers.json beside results.json; without that
      file the report has no such section. Of a run on several markets or seeds the report of the whole; each case has its own.
      """)

  @Argument(help: ArgumentHelp("The folder of a run, or its results.json.", valueName: "run"))
  var path: String

  @Option(name: .long, help: ArgumentHelp("Where the page goes; the summary beside it, with the ending .md.", valueName: "file"))
  var out: String?

  @Flag(name: .long, help: "Print the deployment card as JSON instead of the paths.")
  var json = false

  func run() throws {
    let stored = try FinishedRun(path: path)
    let paths = try stored.write(to: out)
    if json { try JSONOutput.print(stored.card) } else { print("Written: " + paths.joined(separator: ", ")) }
  }
}
