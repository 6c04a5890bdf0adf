import ArgumentParser
import PareEvaluation

struct CompareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Sets two models, or two runs, side by side.",
    discussion: """
      Models (.pare or .onnx): sizes, multiply-adds, latency by the cost table and as measured, layer by layer, and how far their
      outputs and decisions agree on rows: those of --input, else the validation part of --data, else random ones. With --data
      what both earn on the experiment's validation and test parts.

      Runs (folders with results.json, or numbers that `pare runs` lists): candidate by candidate.

      Examples:
        pare compare runs/btc/artifacts/teacher.pare runs/btc/artifacts/student-int8.pare --data btc.yaml
        pare compare model.onnx small.pare --input rows.npy
        pare compare runs/btc runs/eth --all
        pare compare 3 5 --json
      """)

  @Argument(help: "A model, a run's folder, or a run's number.")
  var first: String

  @Argument(help: "What to compare it with.")
  var second: String

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp("Of models: rows as `pare predict` takes them.", valueName: "[name=]file.npy"))
  var input: [String] = []

  @Option(name: .long, help: ArgumentHelp("Of models: an experiment on whose data both decide.", valueName: "experiment"))
  var data: String?

  @Option(name: .long, help: "Of models: decisions timed one by one, three times each.")
  var iterations = 20_000

  @Option(name: .long, help: "Of models: the seed of random rows.")
  var seed: UInt64 = 1

  @Flag(name: .long, help: "Of runs: every figure.")
  var all = false

  @OptionGroup var place: RunsCommand.Place

  @Flag(name: .long, help: "Print everything as JSON.")
  var json = false

  @Flag(name: .long, help: "No progress.")
  var quiet = false

  func validate() throws {
    guard (10...1_000_000_000).contains(iterations) else {
      throw ValidationError("--iterations: expected 10 to 1000000000, found \(iterations)")
    }
  }

  func run() async throws {
    switch (try Comparand.find(first, runs: place.folder), try Comparand.find(second, runs: place.folder)) {
    case (.run(let a), .run(let b)):
      for (name, isGiven) in [("--input", !input.isEmpty), ("--data", data != nil)] where isGiven {
        throw ValidationError("\(name): expected two models with it, found two runs")
      }
      let found = RunComparison(a, b)
      guard json else { return print(RunComparisonText(found).sideBySide(all: all)) }
      try JSONOutput.print(found)
    case (.model(let a), .model(let b)):
      let found = try await ModelComparison.make(
        (a, b), inputs: try TensorFile.read(input, option: "--input"), experiment: data, seed: seed, decisions: iterations,
        observer: ProgressReporter(isQuiet: quiet))
      guard json else { return print(ModelComparisonText(found).rendered()) }
      try JSONOutput.print(found)
    case (.model(let model), .run), (.run, .model(let model)):
      throw ValidationError("expected two models or two runs, found the model '\(model)' and a run")
    }
  }
}
