import CRuntimeCounters
import PareGraph
import PareInference
import PareTensor
import Testing

@Suite struct BatchPlanTests {
  /// 29 rows are three blocks and five rows by themselves.
  @Test(arguments: [false, true], InstructionSet.allCases.filter(\.isAvailable))
  func aBatchDecidesAsRowByRow(quantized: Bool, set: InstructionSet) throws {
    let network = RandomNetwork([20, 33, 15, 3], seed: 3)
    let plan = try BatchPlan(network.graph(quantized: quantized), scored: "logits", kernels: KernelSelection(set))
    #expect(plan.block != nil)
    var features = network.rows(29, seed: 4)
    features[21] = .nan
    features[20 * 27] = .nan
    let (decisions, scores) = try run(plan, features, rows: 29)
    let context = plan.single.makeContext()
    var byRow: [Int8] = []
    for row in 0..<29 {
      byRow.append(try features.withUnsafeBufferPointer { try context.run(features: $0.baseAddress! + row * 20) })
      guard row != 1, row != 27 else { continue }
      let logits = Array(try #require(context.output("logits", as: Float.self)))
      let found = Array(scores[row * 3..<row * 3 + 3])
      if quantized {
        #expect(found == logits)
      } else {
        // Both are within the same bound of the true sums, of which 33 terms of size 1 are the longest.
        let areNear = zip(found, logits).allSatisfy { ($0 - $1).magnitude <= 1e-4 * max(1, $1.magnitude) }
        #expect(areNear)
      }
    }
    #expect(decisions == byRow)
    #expect(decisions[1] == ExecutionContext.invalidDecision && decisions[27] == ExecutionContext.invalidDecision)
  }

  @Test func instrumentsMayLieAnywhere() throws {
    let network = RandomNetwork([20, 33, 15, 3], seed: 3)
    let plan = try BatchPlan(network.graph(quantized: true))
    let features = network.rows(19, seed: 4)
    let (expected, _) = try run(plan, features, rows: 19)
    let context = plan.makeContext()
    var decisions = [Int8](repeating: 9, count: 19)
    try features.withUnsafeBufferPointer { features in
      // From the last to the first.
      let places = (0..<19).map { features.baseAddress! + (18 - $0) * 20 }
      try places.withUnsafeBufferPointer { try context.run(instruments: $0.baseAddress!, count: 19, decisions: &decisions) }
    }
    #expect(decisions == expected.reversed())
  }

  @Test func aGraphOfOneRowGoesRowByRow() throws {
    let network = Network.all[1]
    let plan = try BatchPlan(network.build())
    #expect(plan.block == nil)
    let features = (0..<3).flatMap { network.features(seed: UInt64($0)) }
    var decisions = [Int8](repeating: 9, count: 3)
    try plan.makeContext().run(features: features, count: 3, decisions: &decisions)
    #expect(decisions == [0, 0, 0])
  }

  @Test(.enabled(if: pare_runtime_counters_available() != 0, "needs glibc's allocator"))
  func aBatchAllocatesNothing() throws {
    let network = RandomNetwork([20, 128, 64, 32, 3], seed: 1)
    let context = try BatchPlan(network.graph(quantized: true), scored: "logits").makeContext()
    let features = network.rows(29, seed: 2)
    var (decisions, scores) = ([Int8](repeating: 0, count: 29), [Float](repeating: 0, count: 87))
    let counts = try features.withUnsafeBufferPointer { features in
      try decisions.withUnsafeMutableBufferPointer { decisions in
        try scores.withUnsafeMutableBufferPointer { scores in
          let (from, to, kept) = (features.baseAddress!, decisions.baseAddress!, scores.baseAddress!)
          try context.run(features: from, count: 29, decisions: to, scores: kept)
          pare_runtime_counters_reset()
          for _ in 0..<20 { try context.run(features: from, count: 29, decisions: to, scores: kept) }
          return pare_runtime_counters_read()
        }
      }
    }
    #expect(counts.allocations == 0)
  }

  private func run(_ plan: BatchPlan, _ features: [Float], rows: Int) throws -> ([Int8], [Float]) {
    let context = plan.makeContext()
    var (decisions, scores) = ([Int8](repeating: 9, count: rows + 1), [Float](repeating: 0, count: rows * 3))
    try context.run(features: features, count: rows, decisions: &decisions, scores: &scores)
    #expect(decisions[rows] == 9, "nothing is written behind the last")
    return (Array(decisions.dropLast()), scores)
  }
}

@Suite struct PlanSlotTests {
  @Test func readersTakeUpNewPlansWhileTheyRun() async throws {
    let networks = try (0..<2).map { try RandomNetwork([20, 33, 15, 3], seed: UInt64($0 + 1)).graph(quantized: true) }
    let plans = try networks.map { try ExecutionPlan($0) }
    let features = RandomNetwork([20, 33, 15, 3], seed: 1).rows(1, seed: 7)
    let answers = try plans.map { plan in
      let context = plan.makeContext()
      _ = try context.run(features: features)
      return Array(try #require(context.output("logits", as: Float.self)))
    }
    #expect(answers[0] != answers[1])
    let slot = PlanSlot(plans[0])
    let swaps = 200
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<4 {
        group.addTask {
          let reader = slot.makeReader()
          var last = 0
          // Until the last plan is reached; every answer is that of the edition that gave it.
          while reader.editionNumber < swaps {
            _ = try reader.run(features: features)
            guard reader.editionNumber >= last,
              reader.context.output("logits", as: Float.self).map(Array.init) == answers[reader.editionNumber % 2]
            else { return false }
            last = reader.editionNumber
            await Task.yield()
          }
          return true
        }
      }
      for swap in 1...swaps {
        try slot.publish(plans[swap % 2])
        await Task.yield()
      }
      let areRight = try await group.allSatisfy { $0 }
      #expect(areRight)
    }
  }

  @Test func aPlanWithOtherInputsIsRefused() throws {
    let slot = PlanSlot(try ExecutionPlan(RandomNetwork([20, 16, 3], seed: 1).graph(quantized: false)))
    let other = try ExecutionPlan(RandomNetwork([21, 16, 3], seed: 1).graph(quantized: false))
    #expect(throws: InferenceError.self) { try slot.publish(other) }
    #expect(slot.makeReader().editionNumber == 0)
  }

  @Test func anOldPlanIsFreedWhenItsLastReaderHasLeftIt() throws {
    let graph = try RandomNetwork([20, 16, 3], seed: 1).graph(quantized: false)
    let slot: PlanSlot
    weak var old: ExecutionPlan?
    do {
      let plan = try ExecutionPlan(graph)
      old = plan
      slot = PlanSlot(plan)
    }
    let reader = slot.makeReader()
    try slot.publish(ExecutionPlan(graph))
    #expect(old != nil)
    #expect(reader.refresh() && !reader.refresh())
    #expect(old == nil)
  }

  @Test(.enabled(if: pare_runtime_counters_available() != 0, "needs glibc's allocator"))
  func readingNeitherAllocatesNorCountsReferences() throws {
    let network = RandomNetwork([20, 16, 8, 3], seed: 1)
    let reader = PlanSlot(try ExecutionPlan(network.graph(quantized: true))).makeReader()
    let features = network.rows(1, seed: 2)
    let counts = try features.withUnsafeBufferPointer { features in
      let base = try #require(features.baseAddress)
      _ = try reader.run(features: base)
      pare_runtime_counters_reset()
      for _ in 0..<100 { _ = try reader.run(features: base) }
      return pare_runtime_counters_read()
    }
    #expect(counts.allocations == 0)
    #expect(counts.retains < 10 && counts.releases < 10)
  }
}
