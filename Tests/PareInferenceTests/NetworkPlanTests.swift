import CRuntimeCounters
import PareGraph
import PareInference
import PareTensor
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

private let availableSets = InstructionSet.allCases.filter(\.isAvailable)

/// Plans of whole networks, as exporters write them.
@Suite struct NetworkPlanTests {
  @Test(arguments: Network.all, availableSets)
  func everyStepHasAKernel(network: Network, set: InstructionSet) throws {
    let plan = try ExecutionPlan(network.build(), kernels: KernelSelection(set))
    #expect(plan.steps.allSatisfy { $0.isFast }, "\(plan)")
  }

  /// The reference in Float32 and the plan both stay within γ bounds of the same form; they differ in the order of sums and
  /// in which products are fused. So the plan's distance from Float64 is held against the reference's own: at most four
  /// times that, or a few units in the last place of the largest result. Bounds step by step are in `StepBoundTests`.
  @Test(arguments: Network.all, availableSets)
  func aPlanIsAsNearToFloat64AsTheReference(network: Network, set: InstructionSet) throws {
    let graph = try network.build()
    let shape = Shape([1] + network.input)
    let plan = try ExecutionPlan(graph, kernels: KernelSelection(set))
    let context = plan.makeContext()
    for seed in 1...4 as ClosedRange<UInt64> {
      let features = network.features(seed: seed)
      let inputs = ["features": Tensor(features, shape: shape)]
      let output = graph.outputs[0].name
      let exact = try #require(evaluate(graph, inputs, rows: 1, precision: .float64)[output]).doubles
      let reference = try #require(evaluate(graph, inputs, rows: 1)[output]).doubles
      _ = try context.run(features: features)
      let found = try #require(context.output(output, as: Float.self)).map(Double.init)
      func distance(_ values: [Double]) -> Double { zip(values, exact).map { ($0 - $1).magnitude }.max() ?? 0 }
      let largest = exact.map(\.magnitude).max() ?? 0
      let (own, allowed) = (distance(found), max(4 * distance(reference), 8 * 0x1p-24 * largest))
      #expect(own <= allowed, "\(own) over \(allowed)")
    }
  }

  @Test(.enabled(if: pare_runtime_counters_available() != 0, "needs glibc's allocator"), arguments: Network.all)
  func aDecisionNeitherAllocatesNorCountsReferences(network: Network) throws {
    let context = try ExecutionPlan(network.build()).makeContext()
    let features = network.features()
    let counts = try features.withUnsafeBufferPointer { features in
      let base = try #require(features.baseAddress)
      _ = try context.run(features: base)
      pare_runtime_counters_reset()
      for _ in 0..<100 { _ = try context.run(features: base) }
      return pare_runtime_counters_read()
    }
    #expect(counts.allocations == 0)
    #expect(counts.retains < 10 && counts.releases < 10)
  }

  @Test(arguments: Network.all)
  func aFeatureThatIsNaNMakesTheDecisionInvalidAndTheNextIsAsBefore(network: Network) throws {
    let plan = try ExecutionPlan(network.build())
    let context = plan.makeContext()
    var features = network.features()
    _ = try context.run(features: features)
    let before = Array(try #require(context.output(plan.outputs[0].name, as: Float.self)))
    let kept = features[network.featureCount / 2]
    for value in [Float.nan, .infinity, -.infinity] {
      features[network.featureCount / 2] = value
      let decision = try context.run(features: features)
      #expect(decision == (value.isNaN ? ExecutionContext.invalidDecision : 0))
    }
    features[network.featureCount / 2] = kept
    // Nothing of the bad numbers stays in scratch memory.
    #expect(try context.run(features: features) == 0)
    let after = Array(try #require(context.output(plan.outputs[0].name, as: Float.self)))
    #expect(after == before)
  }

  /// Features that are read where the caller has them may be the last thing in memory that can be read.
  @Test(arguments: Network.all, availableSets)
  func nothingBehindTheFeaturesIsRead(network: Network, set: InstructionSet) throws {
    let context = try ExecutionPlan(network.build(), kernels: KernelSelection(set)).makeContext()
    let byteCount = network.featureCount * 4
    let room = (byteCount + 4095) / 4096 * 4096
    let mapping = try #require(mmap(nil, room + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0))
    defer { munmap(mapping, room + 4096) }
    mprotect(mapping + room, 4096, PROT_NONE)
    let start = (mapping + room - byteCount).bindMemory(to: Float.self, capacity: network.featureCount)
    start.update(from: network.features(), count: network.featureCount)
    #expect(try context.run(features: start) == 0)
  }

  @Test func whatOnlyGoesUnderAnotherShapeIsAView() throws {
    let plan = try ExecutionPlan(try #require(Network.all.first { $0.name == "transformer" }).build())
    #expect(plan.steps.filter { $0.kernel == "view" }.count >= 8)
    #expect(plan.steps.contains { $0.kernel.hasPrefix("attention/") })
  }

  @Test func batchNormalizationGoesIntoTheLayerBeforeIt() throws {
    for network in Network.all.prefix(2) {
      let plan = try ExecutionPlan(network.build())
      #expect(!plan.description.contains("batchnormalization"))
    }
  }
}
