import CRuntimeCounters
import PareInference
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
}
