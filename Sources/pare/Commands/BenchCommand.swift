import ArgumentParser
import Foundation
import PareEvaluation
import PareInference

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Times models as they are deployed, one decision at a time.",
    discussion: """
      decision: all features in memory to the decision out. window, stream: the newest row of a model over a sequence to the
      answer, what can be done before the row arrives done before and timed apart; a window starts from zero state, a stream
      carries it on. batch: rows one after another, time per row. panel: a day of --symbols symbols to all their scores, the
      state carried on.

      Figures come from fenced stamps around single decisions, whose own cost is printed beside them and not subtracted; a
      p50 below a microsecond from dependent chains over different rows (of rows of a sequence, below 20 times the clock's
      cost).

      --instances N: N threads at once on one plan, each with its own memory; p50 is their middle one, decisions a second
      their sum. --calibrate measures what the kernels take on this machine and writes the cost table by which plans choose
      between forms of weights; PARE_COSTS=FILE makes every command use it instead of the one that comes with Pare.

      Examples:
        pare bench runs/demo/artifacts/*.pare --plot latency.html
        pare bench lstm.onnx --against lstm-int8.pare --mode window --pin 1
        pare bench student-int8.pare --mode batch --instances 2
        pare bench s3g.pare --against c-s3g.pare --mode panel --symbols 430
        PARE_KERNELS=scalar pare bench teacher-int8.pare --iterations 1000000 --json
        pare bench --calibrate --output costs.json
      """)

  @Argument(help: "Models (.pare or .onnx).")
  var models: [String] = []

  @Option(
    name: .long, parsing: .upToNextOption, help: ArgumentHelp("Models to compare the first one with: ratios of p50.", valueName: "file"))
  var against: [String] = []

  @Option(name: .long, help: "What is timed as one decision.")
  var mode: BenchMode = .decision

  @Option(name: .long, help: "Decisions timed one by one, per model and instance (by default 200000, of panels 5000).")
  var iterations: Int?

  @Option(name: .long, help: ArgumentHelp("Symbols of a day, for a model over panels that leaves their number open.", valueName: "count"))
  var symbols: Int?

  @Option(name: .long, help: "Threads that decide at once.")
  var instances = 1

  @Option(name: .long, help: ArgumentHelp("Stay on this processor core, further instances on those after it.", valueName: "cpu"))
  var pin: Int?

  @Option(name: .long, help: "The seed of the random rows.")
  var seed: UInt64 = 1

  @Option(name: .long, help: ArgumentHelp("Write the distributions as a page (.html).", valueName: "file"))
  var plot: String?

  @Flag(name: .long, help: "Measure the cost table of this machine.")
  var calibrate = false

  @Option(name: .long, help: ArgumentHelp("Where --calibrate writes the table.", valueName: "file"))
  var output: String?

  @Flag(name: .long, help: "Print the figures as JSON.")
  var json = false

  @Flag(name: .long, help: "No progress.")
  var quiet = false

  func validate() throws {
    guard (10...1_000_000_000).contains(decisions) else {
      throw ValidationError("--iterations: expected 10 to 1000000000, found \(decisions)")
    }
    guard symbols.map({ (1...1_000_000).contains($0) && mode == .panel }) ?? true else {
      throw ValidationError("--symbols: expected 1 to 1000000 with --mode panel, found \(symbols ?? 0)")
    }
    guard (1...1024).contains(instances) else { throw ValidationError("--instances: expected 1 to 1024, found \(instances)") }
    guard !models.isEmpty || calibrate else { throw ValidationError("expected at least one model, found none") }
    guard !calibrate || models.isEmpty && against.isEmpty else {
      throw ValidationError("--calibrate: expected no models, found \((models + against).joined(separator: ", "))")
    }
    guard !calibrate || output != nil else { throw ValidationError("--calibrate: expected --output FILE, found none") }
    guard calibrate || output == nil else { throw ValidationError("--output: expected --calibrate with it, found none") }
  }

  private var decisions: Int { iterations ?? (mode == .panel ? 5_000 : 200_000) }

  func run() throws {
    let observer = ProgressReporter(isQuiet: quiet)
    guard !calibrate else { return try measureCosts(observer) }
    let paths = models + against
    var results: [BenchResult] = []
    observer.began("bench", units: paths.count)
    for (index, path) in paths.enumerated() {
      results.append(
        try ModelBench(
          try ModelFile.read(path), name: path, mode: mode, decisions: decisions, instances: instances, core: pin, seed: seed,
          symbols: symbols
        ).run())
      observer.advanced(to: index + 1, note: path)
    }
    observer.ended("\(decisions) decisions a model")
    if let plot { try LatencyPlot(results).write(to: plot) }
    guard !json else { return try JSONOutput.print(results) }
    printTable(results)
  }

  private func measureCosts(_ observer: ProgressReporter) throws {
    guard let output else { return }
    if let pin { try ProcessorCore.pin(to: pin) }
    let kernels = try KernelSelection.fromEnvironment()
    observer.began("calibrate", units: 1000)
    var calibration = CostCalibration(kernels)
    let table = try calibration.run(processor: ProcessorName.current) {
      observer.advanced(to: Int($0 * 1000), note: kernels.instructionSet.rawValue)
    }
    try table.write(to: output)
    observer.ended("\(table.operations.count) operations")
    print("\(output): \(table.processor), kernels \(table.kernels.rawValue), \(table.digest)")
    print("PARE_COSTS=\(output) makes plans by it")
  }

  private func printTable(_ results: [BenchResult]) {
    let isPrepared = results.contains { $0.prepareNs != nil }
    let isCounted = results.contains { $0.instructions != nil }
    let isEstimated = results.contains { $0.estimateNs != nil }
    var table = TextTable(
      ["model", "bytes touched", "p50 ns", "p99 ns", "p99.9 ns", "max ns"] + (isPrepared ? ["prepare p50"] : [])
        + (isEstimated ? ["by the table"] : []) + (isCounted ? ["instructions"] : []) + ["decisions / s"]
        + (against.isEmpty ? [] : ["ratio"]))
    for result in results {
      let latency = result.latencyNs
      var row = [URL(fileURLWithPath: result.model).lastPathComponent, "\(result.bytesTouched)"]
      row += [latency.p50, latency.p99, latency.p999, latency.max].map { String(format: "%.1f", $0) }
      if isPrepared { row.append(result.prepareNs.map { String(format: "%.0f", $0.p50) } ?? "") }
      if isEstimated { row.append(result.estimateNs.map { String(format: "%.1f", $0) } ?? "") }
      if isCounted { row.append(result.instructions.map { String(format: "%.0f", $0) } ?? "") }
      row.append(String(format: "%.0f", result.decisionsPerSecond))
      if !against.isEmpty { row.append(String(format: "%.2f ×", latency.p50 / results[0].latencyNs.p50)) }
      table.add(row)
    }
    print(table.rendered())
    let harness = results.compactMap(\.harnessNs).max().map { String(format: "; a plan that does nothing takes %.1f ns", $0) } ?? ""
    let clock = results.map(\.clockNs).max().map { String(format: "; the clock's %.1f ns are in all but p50", $0) } ?? ""
    print("mode \(mode.rawValue), kernels \(results.first?.kernels ?? ""), \(instances) at once" + harness + clock)
    for result in results {
      if let kept = result.keptBytes { print("\(result.model): the newest row finds \(kept) bytes of values ready") }
      for remark in result.remarks { print("\(result.model): \(remark)") }
      guard !result.referenceSteps.isEmpty else { continue }
      print("\(result.model): without a kernel: \(result.referenceSteps.joined(separator: ", "))")
    }
  }
}

extension BenchMode: ExpressibleByArgument {}
