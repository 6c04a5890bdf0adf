import ArgumentParser
import Foundation
import PareEvaluation
import PareInference

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Times one decision at a time, features in memory to decision out.",
    discussion: """
      p50 comes from dependent chains over 1,024 different rows; p99, p99.9 and max from fenced stamps around single
      decisions, whose own cost is printed beside them and not subtracted.

      Examples:
        pare bench runs/demo/artifacts/*.pare
        PARE_KERNELS=scalar pare bench teacher-int8.pare --iterations 1000000 --json
      """)

  @Argument(help: "Models (.pare or .onnx).")
  var models: [String]

  @Option(name: .long, help: "Decisions timed one by one, per model.")
  var iterations = 200_000

  @Option(name: .long, help: "The seed of the random rows.")
  var seed: UInt64 = 1

  @Flag(name: .long, help: "Print the figures as JSON.")
  var json = false

  @Flag(name: .long, help: "No progress.")
  var quiet = false

  private struct Output: Encodable {
    let model, kernels: String
    let planBytes, iterations: Int
    let latencyNs: Latency
  }

  func validate() throws {
    guard (1_000...1_000_000_000).contains(iterations) else {
      throw ValidationError("--iterations: expected 1000 to 1000000000, found \(iterations)")
    }
    guard !models.isEmpty else { throw ValidationError("expected at least one model, found none") }
  }

  func run() throws {
    let observer = ProgressReporter(isQuiet: quiet)
    let kernels = try KernelSelection.fromEnvironment().instructionSet.rawValue
    var outputs: [Output] = []
    observer.began("bench", units: models.count)
    for (index, path) in models.enumerated() {
      let plan = try ExecutionPlan(try ModelFile.read(path))
      let measured = try LatencyMeasurement(plan, seed: seed).measure(decisions: iterations)
      outputs.append(
        Output(
          model: path, kernels: kernels, planBytes: plan.residentByteCount, iterations: iterations, latencyNs: measured))
      observer.advanced(to: index + 1, note: path)
    }
    observer.ended("\(iterations) decisions a model")
    guard !json else { return try JSONOutput.print(outputs) }
    var table = TextTable(["model", "plan bytes", "p50 ns", "p99 ns", "p99.9 ns", "max ns", "clock ns"])
    for output in outputs {
      let latency = output.latencyNs
      let name = URL(fileURLWithPath: output.model).lastPathComponent
      table.add(
        [name, "\(output.planBytes)"]
          + [latency.p50, latency.p99, latency.p999, latency.max, latency.clock].map { String(format: "%.1f", $0) })
    }
    print(table.rendered())
    print("kernels: \(kernels); p50 from dependent chains, the tail from single decisions with the clock's cost in it")
  }
}
