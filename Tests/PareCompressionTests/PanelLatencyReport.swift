import CPareKernels
import Foundation
import PareArtifact
import PareCompression
import PareGraph
import PareInference
import PareModels
import PareTensor
import PareTraining
import Testing

/// Prints what a day of 430 symbols takes in a teacher and in its compressed form, step by step.
/// Timing asserts nothing; run by hand:
/// `PARE_LATENCY_REPORT=1 swift test -c release --skip-build --filter PanelLatencyReport`,
/// with artifacts of one's own, the first of which the others are compared with, in `PARE_LATENCY_MODELS=a.pare:b.pare`.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["PARE_LATENCY_REPORT"] != nil, "a report, not a test"))
struct PanelLatencyReport {
  private static let symbols = 430
  private static let shape = PanelShape(inputs: 81)

  @Test func aDay() throws {
    if let paths = ProcessInfo.processInfo.environment["PARE_LATENCY_MODELS"]?.split(separator: ":").map(String.init) {
      return try ownModels(paths)
    }
    let days = PanelDays(days: 8, symbols: Self.symbols, inputs: 81, absent: 50, seed: 1)
    let teacher = try StockStateSpaceGraph(Self.shape).graph(seed: 1)
    let small = try StockStateSpaceGraph(Self.shape, width: 8, rank: 4, states: 2, memory: 4).graph(seed: 1)
    let context = CompressionContext(training: try TrainingData(days.tensors), seed: 1)
    func quantized(_ graph: Graph, _ recurrent: Quantization.RecurrentForm) throws -> Graph {
      // The last layer has one output: quantizing its input costs more than its products.
      try Quantization(.int8, overrides: [LayerOverride(.named(["score"]), QuantizationScheme(.float32))], recurrent: recurrent).compress(Model(graph: graph), in: context).model.graph
    }
    let size = "width 8, rank 4, states 2"
    let first = try report("teacher, width 32, rank 8, states 4, Float32", teacher, days)
    for (name, graph) in [
      ("\(size), Float32", small), ("\(size), INT8 products", try quantized(small, .float)),
      ("\(size), INT8 products and scans", try quantized(small, .integers)),
    ] {
      print("\(first / (try report(name, graph, days))) times as fast as the teacher")
    }
  }

  private func ownModels(_ paths: [String]) throws {
    var first: Double?
    for path in paths {
      let graph = try Artifact.read(path).graph
      let inputs = try PanelPlan(graph, symbols: 1).featureCount
      let time = try report(path, graph, PanelDays(days: 8, symbols: Self.symbols, inputs: inputs, absent: 50, seed: 1))
      print("\((first ?? time) / time) times as fast as the first")
      first = first ?? time
    }
  }

  private func report(_ name: String, _ graph: Graph, _ days: PanelDays) throws -> Double {
    let plan = try PanelPlan(graph, symbols: Self.symbols)
    let context = plan.makeContext()
    let all = try times(4000) { index in
      _ = try context.run(features: days.features[index % days.days], mask: days.masks[index % days.days])
    }
    func at(_ part: Double) -> String { String(format: "%.2f", all[min(Int(Double(all.count) * part), all.count - 1)] / 1000) }
    print(
      "\(name) µs: least \(at(0)) p50 \(at(0.5)) p99 \(at(0.99)); \(plan.plan.residentByteCount) bytes, \(plan.stateByteCount) of states,",
      "\(plan.plan.steps.count { !$0.isFast }) reference steps")
    let steps = plan.plan.steps.filter { $0.kernel != "view" }
    for (step, time) in zip(steps, context.stepTimes(features: days.features[0]) ?? []) {
      print(String(format: "  %8.0f ns ", time.nanoseconds), step.kernel, step.nodes.joined(separator: " "))
    }
    for step in steps where !step.isFast { print("  reference:", step.nodes.joined(separator: " ")) }
    return all[all.count / 10]
  }

  /// Nanoseconds of each call, sorted.
  private func times(_ count: Int, _ body: (Int) throws -> Void) throws -> [Double] {
    let (start, ticks) = (pare_clock_nanoseconds(), pare_clock_fenced())
    var result: [UInt64] = []
    for index in 0..<count {
      let from = pare_clock_fenced()
      try body(index)
      result.append(pare_clock_fenced() &- from)
    }
    let scale = Double(pare_clock_nanoseconds() - start) / Double(max(pare_clock_fenced() - ticks, 1))
    return result.map { Double($0) * scale }.sorted()
  }
}
