import Foundation
import PareInference
import Testing

/// Prints what one decision of each network takes. Timing asserts nothing; run by hand:
/// `PARE_LATENCY_REPORT=1 swift test -c release --skip-build --filter LatencyReport`.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["PARE_LATENCY_REPORT"] != nil, "a report, not a test"))
struct LatencyReport {
  @Test func networks() throws {
    for network in Network.all {
      let plan = try ExecutionPlan(network.build())
      let rows = (0..<8).flatMap { network.features(seed: UInt64($0)) }
      try print(network.name.padding(toLength: 24, withPad: " ", startingAt: 0), Self.microseconds(plan, rows))
      if ProcessInfo.processInfo.environment["PARE_LATENCY_REPORT"] == "plans" { print(plan) }
    }
    for extents in [[20, 16, 8, 3], [20, 128, 64, 32, 3]] {
      for quantized in [false, true] {
        let network = RandomNetwork(extents, seed: 1)
        let plan = try ExecutionPlan(network.graph(quantized: quantized))
        let name = "mlp \(extents) \(quantized ? "int8" : "float32")"
        try print(name.padding(toLength: 36, withPad: " ", startingAt: 0), Self.microseconds(plan, network.rows(1000, seed: 1)))
      }
    }
  }

  /// The least of several chains of dependent decisions, in microseconds.
  static func microseconds(_ plan: ExecutionPlan, _ rows: [Float]) throws -> String {
    let latency = try DecisionLatency(plan, inputs: rows)
    let once = try latency.chain()
    let rounds = max(1, Int(5e6 / (once * Double(latency.rowCount))))
    let best = try (0..<20).map { _ in try latency.chain(rounds: rounds) }.min() ?? 0
    return String(format: "%9.3f µs", best / 1000)
  }
}
