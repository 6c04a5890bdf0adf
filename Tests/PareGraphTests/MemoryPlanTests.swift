import PareGraph
import PareTensor
import Testing

@Suite struct MemoryPlanTests {
  private static func randomRequests(_ seed: UInt64) -> [MemoryPlan.Request] {
    var generator = SeededGenerator(seed: seed)
    return (0..<1 + generator.below(40)).map { _ in
      let start = generator.below(30)
      return MemoryPlan.Request(
        byteCount: generator.below(4) == 0 ? 0 : generator.below(2000), lifetime: start...start + generator.below(10))
    }
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func whatLivesTogetherLiesApart(_ seed: UInt64) {
    let requests = Self.randomRequests(seed)
    let plan = MemoryPlan(requests)
    for (first, a) in requests.enumerated() {
      #expect(plan.offsets[first] % MemoryPlan.alignment == 0)
      #expect(plan.offsets[first] >= 0 && plan.offsets[first] + a.byteCount <= plan.byteCount)
      for (second, b) in requests.enumerated().dropFirst(first + 1) where a.lifetime.overlaps(b.lifetime) {
        let isApart =
          plan.offsets[first] + a.byteCount <= plan.offsets[second]
          || plan.offsets[second] + b.byteCount <= plan.offsets[first]
        #expect(isApart || a.byteCount == 0 || b.byteCount == 0, "\(a) and \(b)")
      }
    }
  }

  /// No plan can be smaller than what lives at one moment, and a plan that shares nothing is the sum.
  @Test(arguments: 0..<200 as Range<UInt64>)
  func theArenaLiesBetweenThePeakAndTheSum(_ seed: UInt64) {
    let requests = Self.randomRequests(seed)
    func padded(_ request: MemoryPlan.Request) -> Int {
      (request.byteCount + MemoryPlan.alignment - 1) / MemoryPlan.alignment * MemoryPlan.alignment
    }
    let peak = (0..<40).map { step in
      requests.filter { $0.lifetime.contains(step) }.reduce(0) { $0 + padded($1) }
    }.max() ?? 0
    #expect(MemoryPlan(requests).byteCount >= peak)
    #expect(MemoryPlan(requests).byteCount <= requests.reduce(0) { $0 + padded($1) })
  }

  @Test func aChainNeedsTwoBuffers() {
    let plan = MemoryPlan((0..<20).map { MemoryPlan.Request(byteCount: 64, lifetime: $0...$0 + 1) })
    #expect(plan.byteCount == 128)
  }
}
