import Foundation
import PareGraph
import PareInference
import PareTensor
import Testing

/// Prints what one decision costs with weights in each form, in turns:
/// `PARE_LATENCY_REPORT=1 swift test -c release --skip-build --filter FormatTimeReport`.
struct FormatTimeReport {
  @Test(.enabled(if: ProcessInfo.processInfo.environment["PARE_LATENCY_REPORT"] != nil))
  func nanosecondsPerDecision() throws {
    let extents = [20, 128, 64, 32, 3]
    let network = RandomNetwork(extents, seed: 1)
    let plans: [(name: String, plan: ExecutionPlan)] = [
      ("Float32", try ExecutionPlan(network.graph(quantized: false), outputs: ["logits"])),
      ("INT8", try ExecutionPlan(network.graph(quantized: true), outputs: ["logits"])),
      ("INT4, groups of 64", try ExecutionPlan(FormatSamples.groups(extents, blockSize: 64, seed: 1))),
      ("signs within", try ExecutionPlan(FormatSamples.signs(extents, seed: 1))),
      ("250 trees, 60 features", try ExecutionPlan(FormatSamples.Trees(count: 250, depth: 8, features: 60).graph())),
    ]
    var least = [Double](repeating: .infinity, count: plans.count)
    let timings = try plans.map { try DecisionLatency($0.plan, inputs: network.rows(3000, seed: 2)) }
    for _ in 0..<30 {
      for (index, timing) in timings.enumerated() { least[index] = min(least[index], try timing.chain(rounds: 1)) }
    }
    for (index, (name, plan)) in plans.enumerated() { print("\(name): \(least[index]) ns\n\(plan)") }
  }
}
