import CPareInterface
import CPareKernels
import CRuntimeCounters
import Foundation
import PareC
import PareInference
import Testing

@Suite(.serialized) struct CallCostTests {
  @Test(.enabled(if: pare_runtime_counters_available() != 0, "needs glibc's allocator"), arguments: [false, true])
  func aDecisionFromCNeitherAllocatesNorCountsReferences(quantized: Bool) throws {
    let c = try CModel(SampleFiles.network(quantized: quantized))
    let features = SampleFiles.rows(1000)
    let context = try c.makeContext()
    defer { pare_context_free(context) }
    var decision: Int8 = 0
    let counts = features.withUnsafeBufferPointer { rows in
      pare_runtime_counters_reset()
      for row in 0..<1000 {
        if pare_run(context, rows.baseAddress! + row * 20, 20, &decision, nil) != PARE_OK { return pare_runtime_counts(allocations: 99, retains: 0, releases: 0) }
      }
      return pare_runtime_counters_read()
    }
    #expect(counts.allocations == 0 && counts.retains == 0 && counts.releases == 0)
  }

  /// Prints what a call from C adds to `ExecutionContext.run`, by turns in one run;
  /// `PARE_MEASURE=1 swift test -c release --filter CallCostTests`.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["PARE_MEASURE"] != nil, "asked for by PARE_MEASURE=1"))
  func nanosecondsPerCall() throws {
    let model = try SampleFiles.network(quantized: true)
    let c = try CModel(model)
    let swift = try ExecutionPlan(model).makeContext()
    let context = try c.makeContext()
    defer { pare_context_free(context) }
    let features = SampleFiles.rows(1000)
    var best = (swift: Double.infinity, c: Double.infinity)
    try features.withUnsafeBufferPointer { rows in
      let base = try #require(rows.baseAddress)
      for _ in 0..<400 {
        // Each row's address depends on the decision before.
        let zero = pare_opaque_zero()
        var last: Int8 = 0
        var start = pare_clock_nanoseconds()
        for row in 0..<1000 { last = try swift.run(features: base + row * 20 + Int(UInt64(truncatingIfNeeded: Int(last)) & UInt64(zero))) }
        best.swift = min(best.swift, Double(pare_clock_nanoseconds() - start) / 1000)
        start = pare_clock_nanoseconds()
        for row in 0..<1000 { pare_run(context, base + row * 20 + Int(UInt64(truncatingIfNeeded: Int(last)) & UInt64(zero)), 20, &last, nil) }
        best.c = min(best.c, Double(pare_clock_nanoseconds() - start) / 1000)
      }
    }
    print("20-16-8-3 INT8: Swift \(best.swift) ns, C \(best.c) ns, difference \(best.c - best.swift) ns a decision")
  }
}
