import CRuntimeCounters
import PareCompression
import PareGraph
import PareInference
import PareModels
import PareTensor
import PareTraining
import Testing

private let availableSets = InstructionSet.allCases.filter(\.isAvailable)

/// Networks over panels, day by day.
@Suite struct PanelPlanTests {
  static func network(symbols: Int? = nil) -> StockStateSpaceGraph {
    StockStateSpaceGraph(PanelShape(symbols: symbols, inputs: 11), width: 12, rank: 5, states: 3, memory: 5)
  }

  /// Of every kind that has steps of its own.
  private static func graphs(seed: UInt64) throws -> [Graph] {
    let shape = PanelShape(inputs: 11)
    return try [network()].map { try $0.graph(seed: seed) }
      + [(12, 5, 3, 5), (8, 2, 2, 2), (8, 4, 1, 0), (8, 8, 2, 4)].map { width, rank, states, memory in
        try StockStateSpaceGraph(shape, width: width, rank: rank, states: states, memory: memory, isCompact: true).graph(seed: seed)
      }
  }

  /// Runs all days and returns their scores.
  private func stream(_ context: PanelContext, _ days: PanelDays) throws -> [Double] {
    var scores: [Double] = []
    for day in 0..<days.days {
      #expect(try context.run(features: days.features[day], mask: days.masks[day]))
      scores += context.scores.map(Double.init)
    }
    return scores
  }

  @Test(arguments: availableSets)
  func everyStepHasAKernel(set: InstructionSet) throws {
    let plan = try PanelPlan(Self.network().graph(seed: 1), symbols: 37, kernels: KernelSelection(set))
    #expect(plan.plan.steps.allSatisfy { $0.isFast }, "\(plan.plan)")
    #expect(plan.states.count == 3 && plan.stateByteCount == 3 * 37 * 3 * 5 * 4)
  }

  @Test(arguments: availableSets)
  func whatAFactorIsMadeOfIsOneStepOfACompactNetwork(set: InstructionSet) throws {
    for graph in try Self.graphs(seed: 1).dropFirst() {
      let plan = try PanelPlan(graph, symbols: 37, kernels: KernelSelection(set)).plan
      #expect(plan.steps.allSatisfy { $0.isFast } && plan.steps.count { $0.kernel.hasPrefix("weighted_columns") } == 1, "\(plan)")
    }
  }

  /// The reference in Float32 and the plan both stay within bounds of the same form; see `NetworkPlanTests`.
  @Test(arguments: availableSets)
  func daysOneByOneAreAsNearToFloat64AsTheReferenceOnAllAtOnce(set: InstructionSet) throws {
    for graph in try Self.graphs(seed: 1) {
      let days = PanelDays(days: 9, symbols: 37, inputs: 11, seed: 2)
      let context = try PanelPlan(graph, symbols: 37, kernels: KernelSelection(set)).makeContext()
      let (exact, reference, found) = (try days.scores(graph, precision: .float64), try days.scores(graph), try stream(context, days))
      func distance(_ values: [Double]) -> Double { zip(values, exact).map { ($0 - $1).magnitude }.max() ?? 0 }
      let largest = exact.map(\.magnitude).max() ?? 0
      #expect(distance(found) <= max(4 * distance(reference), 8 * 0x1p-24 * largest))
      for day in 0..<9 {
        for symbol in 0..<37 where days.masks[day][symbol] == 0 { #expect(found[day * 37 + symbol] == 0) }
      }
    }
  }

  /// A plan for all days at once gives the bits of the days one by one: what a day computes does not depend on the others.
  @Test(arguments: availableSets)
  func daysOneByOneEqualAllAtOnceToTheBit(set: InstructionSet) throws {
    let graph = try Self.network().graph(seed: 3)
    let days = PanelDays(days: 6, symbols: 21, inputs: 11, seed: 4)
    let whole = try ExecutionPlan(graph, extents: ["steps": 6, "symbols": 21], kernels: KernelSelection(set))
    #expect(whole.steps.allSatisfy { $0.isFast }, "\(whole)")
    let context = try PanelPlan(graph, symbols: 21, kernels: KernelSelection(set)).makeContext()
    let scores = try #require(try whole.makeContext().run(days.tensors)["scores"]).doubles
    #expect(try stream(context, days) == scores)
    context.reset()
    #expect(context.scores.allSatisfy { $0 == 0 })
    #expect(try stream(context, days) == scores)
  }

  /// Columns that a graph picks are all that a day has to bring, and the scores are those of the graph with all of them.
  @Test func aDayBringsTheColumnsThatAGraphPicks() throws {
    let graph = try Self.network().graph(seed: 8)
    let context = CompressionContext(training: try TrainingData(PanelDays(days: 9, symbols: 21, inputs: 11, absent: 1 << 20, seed: 9).tensors), seed: 1)
    let selected = try FeatureSelection(keep: 4).apply(to: Model(graph: graph), in: context).graph
    let plan = try PanelPlan(selected, symbols: 21)
    #expect(plan.featureCount == 4 && plan.columns == plan.columns.sorted())
    #expect(try PanelPlan(graph, symbols: 21).columns == Array(0..<11))
    let days = PanelDays(days: 5, symbols: 21, inputs: 11, seed: 10)
    let (exact, own) = (try days.scores(selected, precision: .float64), plan.makeContext())
    for day in 0..<5 {
      let picked = (0..<21).flatMap { symbol in plan.columns.map { days.features[day][symbol * 11 + $0] } }
      #expect(try own.run(features: picked, mask: days.masks[day]))
      for (score, wanted) in zip(own.scores, exact[day * 21..<day * 21 + 21]) { #expect(abs(Double(score) - wanted) < 1e-5) }
    }
  }

  @Test func aDayWithANumberThatIsNotFiniteIsRefusedAndChangesNothing() throws {
    let graph = try Self.network().graph(seed: 5)
    let days = PanelDays(days: 4, symbols: 21, inputs: 11, seed: 6)
    let (context, other) = (try PanelPlan(graph, symbols: 21).makeContext(), try PanelPlan(graph, symbols: 21).makeContext())
    for day in 0..<4 {
      let present = try #require(days.masks[day].firstIndex(of: 1))
      let before = Array(context.scores)
      for value in [Float.nan, .infinity, -.infinity] {
        var features = days.features[day]
        features[present * 11 + 10] = value
        #expect(try !context.run(features: features, mask: days.masks[day]))
        #expect(Array(context.scores) == before)
      }
      #expect(try context.run(features: days.features[day], mask: days.masks[day]))
      #expect(try other.run(features: days.features[day], mask: days.masks[day]))
      #expect(Array(context.scores) == Array(other.scores))
    }
  }

  @Test(.enabled(if: pare_runtime_counters_available() != 0, "needs glibc's allocator"))
  func aDayNeitherAllocatesNorCountsReferences() throws {
    let days = PanelDays(days: 1, symbols: 37, inputs: 11, seed: 7)
    let context = try PanelPlan(Self.network().graph(seed: 1), symbols: 37).makeContext()
    let counts = try days.features[0].withUnsafeBufferPointer { features in
      try days.masks[0].withUnsafeBufferPointer { mask in
        let (features, mask) = (try #require(features.baseAddress), try #require(mask.baseAddress))
        _ = try context.run(features: features, mask: mask)
        pare_runtime_counters_reset()
        for _ in 0..<100 { _ = try context.run(features: features, mask: mask) }
        return pare_runtime_counters_read()
      }
    }
    #expect(counts.allocations == 0)
    #expect(counts.retains < 10 && counts.releases < 10)
  }

  @Test func whatIsNoPanelOrMixesStepsIsRefusedByName() throws {
    func refusal(_ graph: Graph, symbols: Int?) -> String {
      do {
        _ = try PanelPlan(graph, symbols: symbols)
        return ""
      } catch { return "\(error)" }
    }
    let open = try Self.network().graph(seed: 1)
    #expect(refusal(open, symbols: nil).contains("symbols"))
    #expect(refusal(open, symbols: 0).contains("symbols"))
    #expect(refusal(try Self.network(symbols: 4).graph(seed: 1), symbols: 5).contains("4, as the graph has"))
    let shape = PanelShape(steps: 5, symbols: 4, inputs: 3)
    #expect(refusal(try PanelRecurrentNetwork(shape, .gru, hidden: [5]).graph(seed: 1, name: nil), symbols: nil).contains("node '"))
    let transformer = try PanelTransformer(shape, layers: 1, heads: 2, width: 8).graph(seed: 1, name: nil)
    #expect(refusal(transformer, symbols: nil) != "")
    #expect(refusal(Graph(name: "nothing"), symbols: nil).contains("features [batch, steps, symbols, inputs]"))
    #expect(throws: InferenceError.self) { try ExecutionPlan(open, extents: ["symbol": 3]) }
    #expect(throws: InferenceError.self) { try ExecutionPlan(open, extents: ["symbols": 0]) }
  }
}
