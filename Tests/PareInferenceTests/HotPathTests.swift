import CRuntimeCounters
import PareGraph
import PareInference
import PareTensor
import Testing

@Suite struct HotPathTests {
  @Test(.enabled(if: pare_runtime_counters_available() != 0, "needs glibc's allocator"))
  func theCountersCount() {
    pare_runtime_counters_reset()
    final class Box { var held: [Box] = [] }
    let (box, other) = (Box(), Box())
    for _ in 0..<100 { box.held.append(other) }
    let counts = pare_runtime_counters_read()
    #expect(box.held.count == 100)
    #expect(counts.allocations > 0 && counts.retains >= 100)
  }

  @Test(.enabled(if: pare_runtime_counters_available() != 0, "needs glibc's allocator"), arguments: [false, true])
  func aDecisionNeitherAllocatesNorCountsReferences(quantized: Bool) throws {
    let network = RandomNetwork([20, 128, 64, 32, 3], seed: 1)
    let context = try ExecutionPlan(network.graph(quantized: quantized)).makeContext()
    let rows = network.rows(100, seed: 2)
    let counts = try rows.withUnsafeBufferPointer { rows in
      let base = try #require(rows.baseAddress)
      _ = try context.run(features: base)
      pare_runtime_counters_reset()
      for row in 0..<100 { _ = try context.run(features: base + row * 20) }
      return pare_runtime_counters_read()
    }
    #expect(counts.allocations == 0)
    // The loop itself may hold the context once around all decisions.
    #expect(counts.retains < 10 && counts.releases < 10)
  }

  /// Graphs of every form of weights, by name.
  static let formats: [(name: String, graph: @Sendable () throws -> Graph)] = [
    ("four bits in groups", { try FormatSamples.groups([20, 128, 64, 3], blockSize: 64, seed: 1) }),
    ("signs", { try FormatSamples.signs([20, 128, 64, 32, 3], seed: 1) }),
    ("trees", { try FormatSamples.Trees(count: 50, features: 20, targets: 3).graph() }),
    (
      "halves",
      { try FormatSamples.dense(ParameterStorage(Tensor((0..<20 * 2048).map { Float($0 % 7) }, shape: [2048, 20]))) }
    ),
    (
      "indices",
      {
        try FormatSamples.dense(
          ParameterStorage(indices: (0..<20 * 2048).map { $0 % 3 }, table: [0.1, 0.2, 0.3], shape: [2048, 20]))
      }
    ),
    (
      "zeros",
      { try FormatSamples.dense(ParameterStorage(Tensor((0..<20 * 64).map { $0 % 5 == 0 ? 0.3 : Float(0) }, shape: [64, 20]))) }
    ),
  ]

  @Test(.enabled(if: pare_runtime_counters_available() != 0, "needs glibc's allocator"), arguments: formats.indices)
  func noFormOfWeightsAllocates(_ format: Int) throws {
    let plan = try ExecutionPlan(Self.formats[format].graph())
    #expect(plan.steps.allSatisfy { $0.isFast }, "\(Self.formats[format].name): \(plan)")
    let context = plan.makeContext()
    let rows = RandomNetwork([20, 1], seed: 1).rows(100, seed: 2)
    let counts = try rows.withUnsafeBufferPointer { rows in
      let base = try #require(rows.baseAddress)
      _ = try context.run(features: base)
      pare_runtime_counters_reset()
      for row in 0..<100 { _ = try context.run(features: base + row * 20) }
      return pare_runtime_counters_read()
    }
    #expect(counts.allocations == 0, "\(Self.formats[format].name)")
    #expect(counts.retains < 10 && counts.releases < 10)
  }
}
