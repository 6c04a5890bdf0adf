import CPareKernels
import Foundation
import PareArtifact
import PareGraph
import PareInference
import PareTensor
import Testing

/// How long a windowed model takes from its newest row to the answer, beside the whole window, taken in turns in one run.
/// Prints and checks nothing: `PARE_LATENCY_REPORT=1 swift test -c release --skip-build --filter WindowLatencyReport`;
/// `PARE_LATENCY_MODELS=a.pare,b.pare` adds artifacts.
@Suite struct WindowLatencyReport {
  @Test(.enabled(if: ProcessInfo.processInfo.environment["PARE_LATENCY_REPORT"] != nil))
  func report() throws {
    for name in ["cnn-1d", "tcn", "transformer", "causal-transformer", "integer-tcn-64"] {
      try measure(name, WindowedNetwork.named(name).build())
    }
    for path in ProcessInfo.processInfo.environment["PARE_LATENCY_MODELS"]?.split(separator: ",") ?? [] {
      try measure(String(path.split(separator: "/").last ?? ""), Artifact.read(String(path)).graph)
    }
  }

  private func measure(_ name: String, _ graph: Graph) throws {
    let (whole, plan) = (try ExecutionPlan(graph), try SequencePlan(graph))
    if ProcessInfo.processInfo.environment["PARE_LATENCY_REPORT"] == "plans" { for step in plan.steps { print("  ", step.nodes, step.kernel) } }
    let (context, windowed) = (whole.makeContext(), plan.makeWindowedContext())
    var generator = SeededGenerator(seed: 3)
    let rows = (0..<plan.windowLength * plan.featureCount).map { _ in Float(generator.normal()) }
    var times = [[Double]](repeating: [], count: 4)
    try rows.withUnsafeBufferPointer { rows in
      let base = try #require(rows.baseAddress)
      let newest = base + (plan.windowLength - 1) * plan.featureCount
      let (start, ticks) = (pare_clock_nanoseconds(), pare_clock_fenced())
      func stamp(_ index: Int, _ body: () throws -> Void) rethrows {
        let from = pare_clock_fenced()
        try body()
        times[index].append(Double(pare_clock_fenced() &- from))
      }
      for _ in 0..<3000 {
        try stamp(0) { _ = try context.run(features: base) }
        try stamp(1) { try windowed.prepare(base, count: plan.windowLength - 1) }
        try stamp(2) { try windowed.slide(newest) }
        try stamp(3) { _ = try windowed.run(newestRow: newest) }
      }
      let scale = Double(pare_clock_nanoseconds() - start) / Double(max(pare_clock_fenced() - ticks, 1)) / 1000
      times = times.map { $0.map { $0 * scale }.sorted() }
    }
    func text(_ index: Int) -> String {
      String(format: "%.2f / %.2f / %.2f", times[index][0], times[index][1500], times[index][2970])
    }
    print(
      "\(name), µs least / p50 / p99: newest row \(text(3)); whole window \(text(0)); prepare \(text(1)); slide \(text(2));",
      String(format: "whole : newest %.1f (least), %.1f (p50);", times[0][0] / times[3][0], times[0][1500] / times[3][1500]),
      plan.keeping.map { "\($0.byteCount) bytes kept, steps \($0.prepareSteps), \($0.slideSteps), \($0.newestSteps)" } ?? "by rows")
  }
}
