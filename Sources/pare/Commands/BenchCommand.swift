import ArgumentParser
import Foundation
import PareEvaluation
import PareInference

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Times models as they are deployed, one decision at a time.",
    discussion: """
      decision: all features in memory to the decision out. window, stream: a recurrent model's newest row to the answer,
      what can be done before the row arrives done before and timed apart; a window starts from zero state, a stream
      carries it on. batch: rows one after another, time per row.

      Figures come from fenced stamps around single decisions, whose own cost is printed beside them and not subtracted; a
      p50 below a microsecond from dependent chains over different rows.

      Examples:
        pare bench runs/demo/artifacts/*.pare
        pare bench lstm.onnx --against lstm-int8.pare --mode window
        PARE_KERNELS=scalar pare bench teacher-int8.pare --iterations 1000000 --json
      """)

  @Argument(help: "Models (.pare or .onnx).")
  var models: [String]

  @Option(
    name: .long, parsing: .upToNextOption, help: ArgumentHelp("Models to compare the first one with: ratios of p50.", valueName: "file"))
  var against: [String] = []

  @Option(name: .long, help: "What is timed as one decision.")
  var mode: BenchMode = .decision

  @Option(name: .long, help: "Decisions timed one by one, per model.")
  var iterations = 200_000

  @Option(name: .long, help: ArgumentHelp("Stay on this processor core.", valueName: "cpu"))
  var pin: Int?

  @Option(name: .long, help: "The seed of the random rows.")
  var seed: UInt64 = 1

  @Flag(name: .long, help: "Print the figures as JSON.")
  var json = false

  @Flag(name: .long, help: "No progress.")
  var quiet = false

  func validate() throws {
    guard (10...1_000_000_000).contains(iterations) else {
      throw ValidationError("--iterations: expected 10 to 1000000000, found \(iterations)")
    }
    guard !models.isEmpty else { throw ValidationError("expected at least one model, found none") }
  }

  func run() throws {
    let observer = ProgressReporter(isQuiet: quiet)
    if let pin { try ProcessorCore.pin(to: pin) }
    let paths = models + against
    var results: [BenchResult] = []
    observer.began("bench", units: paths.count)
    for (index, path) in paths.enumerated() {
      results.append(
        try ModelBench(try ModelFile.read(path), name: path, mode: mode, decisions: iterations, seed: seed).run())
      observer.advanced(to: index + 1, note: path)
    }
    observer.ended("\(iterations) decisions a model")
    guard !json else { return try JSONOutput.print(results) }
    printTable(results)
  }

  private func printTable(_ results: [BenchResult]) {
    let isPrepared = results.contains { $0.prepareNs != nil }
    var table = TextTable(
      ["model", "plan bytes", "p50 ns", "p99 ns", "p99.9 ns", "max ns", "clock ns"] + (isPrepared ? ["prepare p50"] : [])
        + (against.isEmpty ? [] : ["ratio"]))
    for result in results {
      let latency = result.latencyNs
      var row = [URL(fileURLWithPath: result.model).lastPathComponent, "\(result.planBytes)"]
      row += [latency.p50, latency.p99, latency.p999, latency.max, result.clockNs].map { String(format: "%.1f", $0) }
      if isPrepared { row.append(result.prepareNs.map { String(format: "%.0f", $0.p50) } ?? "") }
      if !against.isEmpty { row.append(String(format: "%.2f ×", latency.p50 / results[0].latencyNs.p50)) }
      table.add(row)
    }
    print(table.rendered())
    let harness = results.compactMap(\.harnessNs).max().map { String(format: "; a plan that does nothing takes %.1f ns", $0) } ?? ""
    print("mode \(mode.rawValue), kernels \(results.first?.kernels ?? "")" + harness)
    for result in results where !result.referenceSteps.isEmpty {
      print("\(result.model): without a kernel: \(result.referenceSteps.joined(separator: ", "))")
    }
  }
}

extension BenchMode: ExpressibleByArgument {}
