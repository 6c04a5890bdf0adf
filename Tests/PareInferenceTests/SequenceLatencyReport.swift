import CPareKernels
import Foundation
import PareGraph
import PareInference
import Testing

/// Prints what a window, its preparation and its newest row take on the shapes of STAC-ML, with random weights, unaudited.
/// Timing asserts nothing; run by hand:
/// `PARE_LATENCY_REPORT=1 swift test -c release --skip-build --filter SequenceLatencyReport`.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["PARE_LATENCY_REPORT"] != nil, "a report, not a test"))
struct SequenceLatencyReport {
  @Test func shapes() throws {
    let clock = DecisionLatency.Clock()
    print("a pair of stamps takes \(clock.costNanoseconds) ns of each time below")
    let shapes: [(String, Int, [Int], Int, Int)] = [
      ("LSTM_A", 100, [100, 100], 50, 2000), ("LSTM_B", 250, [200, 200, 200], 100, 300),
      ("LSTM_C", 500, [1000, 1000, 1000, 1000], 100, 6),
    ]
    for (name, features, hidden, steps, count) in shapes {
      for (form, weights) in [("int8", .int8), ("int4", .int4(blockSize: 32)), ("float32", nil)] as [(String, RecurrentWeights?)] {
        let network = RecurrentNetwork(
          isLSTM: true, features: features, hidden: hidden, steps: steps, weights: weights ?? .int8)
        try report("\(name) \(form)", network, quantized: weights != nil, count)
      }
    }
  }

  private func report(_ name: String, _ network: RecurrentNetwork, quantized: Bool, _ count: Int) throws {
    let graph = try network.graph(quantized: quantized)
    let (whole, plan) = (try ExecutionPlan(graph), try SequencePlan(graph))
    if ProcessInfo.processInfo.environment["PARE_LATENCY_REPORT"] == "plans" { print(whole, plan.steps) }
    let (context, windowed) = (whole.makeContext(), plan.makeWindowedContext())
    let rows = network.window(seed: 1)
    try rows.withUnsafeBufferPointer { rows in
      let base = try #require(rows.baseAddress)
      let newest = base + (network.steps - 1) * network.features
      let windows = try times(count / 4 + 1) { _ = try context.run(features: base) }
      let prepared = try times(count / 4 + 1) { try windowed.prepare(base, count: network.steps - 1) }
      let answers = try times(count, before: { try windowed.prepare(base, count: network.steps - 1) }) {
        _ = try windowed.run(newestRow: newest)
      }
      func text(_ times: [Double], _ part: Double) -> String {
        String(format: "%.3f", times[min(Int(Double(times.count) * part), times.count - 1)] / 1000)
      }
      print(
        name, "µs: newest row least \(text(answers, 0)) p50 \(text(answers, 0.5)) p99 \(text(answers, 0.99));",
        "window least \(text(windows, 0)) p50 \(text(windows, 0.5)); prepare least \(text(prepared, 0)) p50 \(text(prepared, 0.5));",
        "\(plan.residentByteCount) bytes")
    }
  }

  /// Nanoseconds of each call, sorted.
  private func times(_ count: Int, before: () throws -> Void = {}, _ body: () throws -> Void) throws -> [Double] {
    let (start, ticks) = (pare_clock_nanoseconds(), pare_clock_fenced())
    var result: [UInt64] = []
    for _ in 0..<count {
      try before()
      let from = pare_clock_fenced()
      try body()
      result.append(pare_clock_fenced() &- from)
    }
    let scale = Double(pare_clock_nanoseconds() - start) / Double(max(pare_clock_fenced() - ticks, 1))
    return result.map { Double($0) * scale }.sorted()
  }
}
