import Foundation
import PareGraph
import PareInference
import PareTensor
import Testing

/// Prints what one decision costs in Float32, with inputs in their own range and with inputs in fixed ranges, in turns:
/// `PARE_LATENCY_REPORT=1 swift test -c release --skip-build --filter DynamicTimeReport`.
struct DynamicTimeReport {
  static let networks = [
    [16, 16, 3], [32, 32, 3], [64, 64, 3], [128, 128, 3], [256, 256, 3], [20, 128, 64, 32, 3], [512, 512],
    [20] + [Int](repeating: 512, count: 8) + [3],
  ]

  @Test(.enabled(if: ProcessInfo.processInfo.environment["PARE_LATENCY_REPORT"] != nil), arguments: networks)
  func nanosecondsPerDecision(_ extents: [Int]) throws {
    let network = RandomNetwork(extents, seed: 1)
    let fixed = try network.graph(quantized: true)
    let plans = try [network.graph(quantized: false), Self.dynamic(fixed), fixed].map { try ExecutionPlan($0, outputs: ["logits"]) }
    let timings = try plans.map { try DecisionLatency($0, inputs: network.rows(1000, seed: 2)) }
    var least = [Double](repeating: .infinity, count: plans.count)
    for _ in 0..<40 {
      for (index, timing) in timings.enumerated() { least[index] = min(least[index], try timing.chain(rounds: 1)) }
    }
    print("\(extents): " + String(format: "Float32 %.0f ns, dynamic %.0f (%.2f), static %.0f (%.2f)", least[0], least[1],
      least[1] / least[0], least[2], least[2] / least[0]))
  }

  /// The same graph with DynamicQuantizeLinear in the place of every QuantizeLinear.
  static func dynamic(_ graph: Graph) -> Graph {
    var result = graph
    for (index, node) in graph.nodes.enumerated() where node.operatorName == "QuantizeLinear" {
      let outputs = [node.outputs[0], "\(node.name).s", "\(node.name).z"]
      result.nodes[index] = Node("DynamicQuantizeLinear", name: node.name, inputs: [node.inputs[0]], outputs: outputs)
      for user in result.nodes.indices where result.nodes[user].inputs.first == node.outputs[0] { result.nodes[user].inputs = outputs }
    }
    return result
  }
}
