import ArgumentParser
import Foundation
import PareEvaluation

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Runs an experiment: trains, pares, judges on later data, chooses, and writes results, report and artifacts.",
    discussion: """
      Examples:
        pare run examples/simulated.yaml
        pare run examples/candle-file.yaml --out runs/btc --seed 2
        pare run experiment.yaml --latency-from runs/btc/results.json --json
        pare run examples/markets.yaml              several markets and seeds, and a verdict on each model

      Writes DIR/results.json, DIR/report.html, DIR/summary.md with the deployment card, and DIR/artifacts/*.pare, and keeps the run in
      runs.sqlite beside DIR: `pare runs` lists what was kept. With several markets or seeds DIR has a report of the whole,
      DIR/MARKET-seed-N/ has each of them, and DIR/runs.sqlite keeps them.
      """)

  @Argument(help: "The experiment file (YAML). Relative paths in it count from its folder.")
  var experiment: String

  @Option(name: .long, help: ArgumentHelp("Where to write; runs/NAME by default.", valueName: "dir"))
  var out: String?

  @Option(name: .long, help: "Replaces the experiment's seed.")
  var seed: UInt64?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Take latencies from an earlier results.json instead of the clock, so that a choice that depends on them can be repeated.",
      valueName: "file"))
  var latencyFrom: String?

  @Option(
    name: .long, help: ArgumentHelp("Where teachers are kept for later runs; DIR/teachers by default.", valueName: "dir"))
  var teachers: String?

  @Option(
    name: .long, help: "Cases at a time, where there are several markets or seeds; as many as there are processors by default.")
  var workers: Int?

  @Flag(name: .long, help: "Print the results as JSON instead of a table.")
  var json = false

  @Flag(name: .long, help: "No progress.")
  var quiet = false

  func validate() throws {
    guard (workers ?? 1) > 0 else { throw ValidationError("--workers counts from 1") }
  }

  func run() async throws {
    if let panel = try PanelFile.read(experiment) { return try await run(panel) }
    var loaded = try ExperimentFile.read(experiment)
    if let seed { (loaded.experiment.seed, loaded.experiment.moreSeeds) = (seed, []) }
    try await RunCommand.execute(
      loaded, out: out, latencyFrom: latencyFrom, teachers: teachers, workers: workers, json: json,
      observer: ProgressReporter(isQuiet: quiet))
  }

  /// An experiment on a panel.
  private func run(_ file: PanelFile) async throws {
    guard latencyFrom == nil, teachers == nil else {
      throw ValidationError("--latency-from and --teachers do not go with an experiment on a panel, which keeps its models in its folder.")
    }
    var file = file
    if let seed { file.experiment.seeds = [seed] }
    let directory = out ?? "runs/\(file.experiment.name)"
    let results = try await PanelRun(
      file, directory: directory, workers: workers ?? ProcessInfo.processInfo.activeProcessorCount,
      observer: ProgressReporter(isQuiet: quiet)
    ).execute()
    print(json ? try results.json() : PanelTable(results).rendered())
    if !json { print("\nWritten: \(directory)/results.json, and a folder with the models of each seed") }
  }

  static func execute(
    _ file: ExperimentFile, out: String?, latencyFrom: String?, teachers: String? = nil, workers: Int? = nil, json: Bool,
    observer: any RunObserver
  ) async throws {
    let directory = out ?? "runs/\(file.experiment.name)"
    guard !file.experiment.isSeries else {
      guard latencyFrom == nil else {
        throw ValidationError("--latency-from goes with one market and one seed; the experiment has several.")
      }
      let start = RunStart()
      let (series, cases) = try await SeriesRun(
        file, directory: directory, workers: workers ?? ProcessInfo.processInfo.activeProcessorCount, observer: observer
      ).execute()
      for one in cases { keep(one.results, in: one.folder, since: start) }
      print(json ? try series.json() : SeriesTable(series).rendered())
      if !json { print("\nWritten: \(directory)/report.html, \(directory)/summary.md, \(directory)/results.json, and a folder for each of the \(series.cases.count) cases") }
      return
    }
    let run = ExperimentRun(
      file, directory: directory, latencies: try latencyFrom.map(RecordedLatencies.init(path:)), teachers: teachers,
      observer: observer)
    let start = RunStart()
    let results = try await run.execute()
    // Before anything is printed, which may end the program where nobody reads on.
    let kept = keep(results, in: directory, since: start)
    print(json ? try results.json() : ResultsTable(results).rendered())
    if !json { print("\nWritten: \(directory)/report.html, \(directory)/summary.md, \(directory)/results.json, \(directory)/artifacts") }
    if !json, let kept { print(kept) }
  }

  /// Keeps a run in the store beside its folder. One that cannot be kept is whole in its folder, and a warning says so.
  ///
  /// - Returns: what became of it, in words; nil where it was not kept.
  @discardableResult
  private static func keep(_ results: Results, in directory: String, since start: RunStart) -> String? {
    do {
      let kept = try RunStore.record(results, directory: directory, since: start)
      return "Kept as run \(kept.run.id.map(String.init) ?? "–") in \(kept.store)"
    } catch {
      Warning.print(
        "the run is whole in \(directory) but was not kept: \(error); once that is mended, 'pare runs add \(directory)' keeps it")
      return nil
    }
  }
}
