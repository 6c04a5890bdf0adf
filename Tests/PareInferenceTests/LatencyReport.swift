import Foundation
import PareGraph
import PareInference
import PareTensor
import Testing

/// Prints what one decision of each network takes. Timing asserts nothing; run by hand:
/// `PARE_LATENCY_REPORT=1 swift test -c release --skip-build --filter LatencyReport`; with `steps` each step's time too.
@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["PARE_LATENCY_REPORT"] != nil, "a report, not a test"))
struct LatencyReport {
  @Test func networks() throws {
    for network in Network.all {
      let plan = try ExecutionPlan(network.build())
      let rows = (0..<8).flatMap { network.features(seed: UInt64($0)) }
      let reference = try ReferenceEvaluator(network.build())
      let input = ["features": Tensor(network.features(), shape: Shape([1] + network.input))]
      let clock = ContinuousClock()
      let slow = try (0..<5).map { _ in Double(try clock.measure { _ = try reference.run(input) }.components.attoseconds) / 1e12 }.min() ?? 0
      print("by the reference", String(format: "%9.1f µs", slow), terminator: "  ")
      try print(network.name.padding(toLength: 24, withPad: " ", startingAt: 0), Self.microseconds(plan, rows))
      if ProcessInfo.processInfo.environment["PARE_LATENCY_REPORT"] == "steps" {
        let context = plan.makeContext()
        _ = try context.run(features: rows)
        for (kernel, time) in context.stepTimes(features: rows) ?? [] { print(String(format: "%12.0f ns ", time), kernel) }
      }
    }
    for extents in [[20, 16, 8, 3], [20, 128, 64, 32, 3], [20, 512, 512, 512, 512, 512, 512, 512, 512, 3]] {
      for quantized in [false, true] {
        let network = RandomNetwork(extents, seed: 1)
        let plan = try ExecutionPlan(network.graph(quantized: quantized))
        let name = "mlp \(extents) \(quantized ? "int8" : "float32")"
        try print(name.padding(toLength: 36, withPad: " ", startingAt: 0), Self.microseconds(plan, network.rows(1000, seed: 1)))
      }
    }
  }

  /// Four convolutions of 32 channels over 64 positions, in both forms.
  @Test func convolutions() throws {
    let window = Window(input: [1, 32, 64], weights: [32, 32, 3], attributes: ["pads": .ints([2, 0])])
    for quantized in [false, true] {
      let graph = try oneInput(window.input) { builder, x in
        var layers = QuantizedLayers(builder: builder, value: x)
        if quantized { try layers.quantize(low: -4, high: 4) }
        for _ in 0..<4 {
          try layers.conv(window, relu: true, quantized: quantized)
          if quantized { try layers.quantize(low: 0, high: 6) }
        }
        builder = layers.builder
        return layers.value
      }
      let plan = try ExecutionPlan(graph)
      let rows = (0..<8).flatMap { random(window.input, seed: UInt64($0)).values(as: Float.self) }
      try print("4 conv 32x32x3 over 64, \(quantized ? "int8   " : "float32")", Self.microseconds(plan, rows))
    }
  }

  /// A thousand rows, one by one and in blocks.
  @Test func batches() throws {
    for quantized in [false, true] {
      let network = RandomNetwork([20, 128, 64, 32, 3], seed: 1)
      let features = network.rows(1000, seed: 2)
      var decisions = [Int8](repeating: 0, count: 1000)
      let plan = try BatchPlan(network.graph(quantized: quantized), outputs: ["decision"])
      let (batch, single) = (plan.makeContext(), plan.single.makeContext())
      let clock = ContinuousClock()
      func best(_ body: () throws -> Void) rethrows -> Double {
        try (0..<30).map { _ in Double(try clock.measure(body).components.attoseconds) / 1e15 }.min() ?? 0
      }
      let blocks = try best { try batch.run(features: features, count: 1000, decisions: &decisions) }
      let rows = try features.withUnsafeBufferPointer { features in
        try best { for row in 0..<1000 { _ = try single.run(features: features.baseAddress! + row * 20) } }
      }
      print("mlp 20-128-64-32-3 \(quantized ? "int8   " : "float32")", String(format: "%.3f µs a row in blocks, %.3f µs one by one", blocks, rows))
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
