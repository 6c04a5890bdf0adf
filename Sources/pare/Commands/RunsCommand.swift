import ArgumentParser
import PareEvaluation

struct RunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs",
    abstract: "Lists the runs that were kept; shows one, or what differs between two.",
    discussion: """
      Every `pare run` and `pare demo` is kept in runs.sqlite beside its folder: runs/runs.sqlite for runs/btc.

      Examples:
        pare runs --experiment btc --limit 10
        pare runs show 3
        pare runs show 3 --results
        pare runs diff 3 5 --json
        pare runs add runs/btc
      """,
    subcommands: [List.self, Show.self, Difference.self, Add.self], defaultSubcommand: List.self)

  /// Where runs are kept.
  struct Place: ParsableArguments {
    @Option(name: .customLong("in"), help: ArgumentHelp("The folder of runs, with runs.sqlite in it.", valueName: "dir"))
    var folder = "runs"
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "The runs that were kept, the newest first; what `pare runs` alone does.",
      discussion: """
        Example:
          pare runs list --in elsewhere --json
        """)

    @OptionGroup var place: Place

    @Option(name: .long, help: "Runs of the experiment of this name alone.")
    var experiment: String?

    @Option(name: .long, help: "How many at most.")
    var limit: Int?

    @Flag(name: .long, help: "Print the runs as JSON.")
    var json = false

    func validate() throws {
      guard (limit ?? 1) > 0 else { throw ValidationError("--limit counts from 1, found \(limit ?? 0)") }
    }

    func run() throws {
      let runs = try RunStore(in: place.folder).runs(of: experiment, limit: limit)
      guard !json else { return try JSONOutput.print(runs) }
      print(runs.isEmpty ? "No runs\(experiment.map { " of \($0)" } ?? "")." : RunsTable(runs).rendered())
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "All that was kept of a run: figures, files, configuration.",
      discussion: """
        Examples:
          pare runs show 3
          pare runs show 3 --results > results.json
        """)

    @Argument(help: "The run's number.")
    var number: Int

    @OptionGroup var place: Place

    @Flag(name: .long, help: "Print the run's results.json as it was written, and nothing else.")
    var results = false

    @Flag(name: .long, help: "Print all of it as JSON.")
    var json = false

    func run() throws {
      let store = try RunStore(in: place.folder)
      guard !results else { return print(try store.results(of: number), terminator: "") }
      let record = try store.run(number)
      guard !json else { return try JSONOutput.print(record) }
      print(RunTable(record).rendered())
    }
  }

  struct Difference: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "diff", abstract: "What differs between two runs: configuration, data, and figures, the greatest change first.",
      discussion: """
        A line with - is of the first run alone, one with + of the second. A ratio is the second over the first.

        Example:
          pare runs diff 3 5
        """)

    @Argument(help: "The number of the one run.")
    var first: Int

    @Argument(help: "The number of the other.")
    var second: Int

    @OptionGroup var place: Place

    @Flag(name: .long, help: "Print the differences as JSON.")
    var json = false

    private struct Output: Encodable {
      let a, b: RunHead
      let sameData: Bool
      let configuration: [LineChange]
      let figures: [FigureComparison]
      let equalFigures: Int
    }

    func run() throws {
      let store = try RunStore(in: place.folder)
      let found = RunComparison(try store.run(first), try store.run(second))
      guard json else { return print(RunComparisonText(found).differences()) }
      let differing = found.figures.differing
      try JSONOutput.print(
        Output(
          a: found.a, b: found.b, sameData: found.sameData, configuration: found.configuration, figures: differing,
          equalFigures: found.figures.count - differing.count))
    }
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "add", abstract: "Keeps a run that is in its folder and not in the store: made elsewhere, or when the store failed.",
      discussion: """
        Example:
          pare runs add runs/btc
        """)

    @Argument(help: "The run's folder, with results.json in it.")
    var folder: String

    @Flag(name: .long, help: "Print the run as JSON.")
    var json = false

    func run() throws {
      let added = try RunStore.add(folder)
      guard !json else { return try JSONOutput.print(added.run) }
      let number = added.run.id.map(String.init) ?? "–"
      print(added.isNew ? "Kept as run \(number) in \(added.store)" : "Kept already, as run \(number) in \(added.store)")
    }
  }
}
