import CRuntimeCounters
import PareGraph
import PareInference
import PareTensor
import Testing

private let availableSets = InstructionSet.allCases.filter(\.isAvailable)

/// Windows whose older rows are prepared, then slid on row by row, against the plan of whole windows.
@Suite struct WindowedNetworkTests {
  /// Answers for window after window, each by a slide but the first, and what the whole window's plan says of each.
  private func answers(
    _ network: WindowedNetwork, _ plan: SequencePlan, _ whole: ExecutionPlan, slides: Int, seed: UInt64,
    _ body: (_ found: [Float], _ whole: [Float], _ window: [Float]) throws -> Void
  ) throws {
    let rows = network.rows(network.steps + slides, seed: seed)
    let (windowed, context, output) = (plan.makeWindowedContext(), whole.makeContext(), whole.outputs[0].name)
    let older = (network.steps - 1) * network.width
    try windowed.prepare(Array(rows[..<older]))
    for slide in 0...slides {
      let start = slide * network.width
      let newest = Array(rows[start + older..<start + older + network.width])
      #expect(try windowed.run(newestRow: newest) == 0)
      let window = network.layout(rows[start..<start + older + network.width])
      _ = try context.run(features: window)
      try body(
        Array(try #require(windowed.output(output, as: Float.self))), Array(try #require(context.output(output, as: Float.self))),
        window)
      if slide < slides { try windowed.slide(newest) }
    }
  }

  @Test(arguments: WindowedNetwork.all.filter(\.isExact), availableSets)
  func integersEqualTheWholeWindowToTheBit(network: WindowedNetwork, set: InstructionSet) throws {
    let graph = try network.build()
    let (plan, whole) = (try network.plan(KernelSelection(set)), try ExecutionPlan(graph, kernels: KernelSelection(set)))
    #expect(plan.windowLength == network.steps && plan.featureCount == network.width)
    for seed in 1...3 as ClosedRange<UInt64> {
      try answers(network, plan, whole, slides: 2 * network.steps, seed: seed) { found, whole, _ in #expect(found == whole) }
    }
  }

  /// Held against the reference's own distance from Float64, as plans of whole windows are: at most four times that, or 16
  /// units of roundoff of the largest result, twice as many as there, since a sum in two parts is rounded in two orders.
  @Test(arguments: WindowedNetwork.all.filter { !$0.isExact }, availableSets)
  func floatsAreAsNearToFloat64AsTheReference(network: WindowedNetwork, set: InstructionSet) throws {
    let graph = try network.build()
    let (plan, whole) = (try network.plan(KernelSelection(set)), try ExecutionPlan(graph, kernels: KernelSelection(set)))
    #expect(plan.windowLength == network.steps && plan.featureCount == network.width)
    let exact = try ReferenceEvaluator(graph, precision: .float64)
    let reference = try ReferenceEvaluator(graph)
    let (input, output) = (graph.inputs[0].name, graph.outputs[0].name)
    var count = 0
    try answers(network, plan, whole, slides: network.steps + 3, seed: 7) { found, _, window in
      count += 1
      guard count % 5 == 1 || count < 4 else { return }
      let x = [input: Tensor(window, shape: Shape(network.shape))]
      let truth = try #require(exact.run(x)[output]).doubles
      func distance(_ values: [Double]) -> Double { zip(values, truth).map { ($0 - $1).magnitude }.max() ?? 0 }
      let largest = truth.map(\.magnitude).max() ?? 0
      let (own, allowed) = (
        distance(found.map(Double.init)),
        max(4 * distance(try #require(reference.run(x)[output]).doubles), 16 * 0x1p-24 * largest)
      )
      #expect(own <= allowed, "\(set), window \(count): \(own) over \(allowed)")
    }
  }

  @Test(arguments: WindowedNetwork.all)
  func everyStepHasAKernelAndThePlanSaysWhatItKeeps(network: WindowedNetwork) throws {
    let plan = try network.plan()
    let keeping = try #require(plan.keeping)
    // A softmax along another axis than the last has no kernel in a whole window's plan either.
    let areFast = try ExecutionPlan(network.build()).steps.allSatisfy { $0.isFast }
    #expect(plan.steps.allSatisfy { $0.isFast } == areFast, "\(plan.steps)")
    #expect((plan.prepareSteps + plan.slideSteps).allSatisfy { $0.isFast }, "\(plan.prepareSteps) \(plan.slideSteps)")
    #expect(keeping.isEmpty == !network.keepsSomething)
    #expect(keeping.byteCount > 0 && keeping.newestSteps > 0)
  }

  @Test(arguments: WindowedNetwork.all)
  func aNaNMakesEveryWindowInvalidThatHoldsIt(network: WindowedNetwork) throws {
    let windowed = try network.plan().makeWindowedContext()
    let good = network.rows(network.steps, seed: 3)
    var bad = Array(good[..<network.width])
    bad[0] = .nan
    let older = (network.steps - 1) * network.width
    try windowed.prepare(Array(good[..<older]))
    #expect(try windowed.run(newestRow: bad) == ExecutionContext.invalidDecision)
    for step in 0..<network.steps - 1 {
      try windowed.slide(step == 0 ? bad : Array(good[..<network.width]))
      #expect(try windowed.run(newestRow: good) == ExecutionContext.invalidDecision)
    }
    try windowed.slide(good)
    #expect(try windowed.run(newestRow: good) == 0)
    let output = windowed.plan.outputs[0].name
    #expect(try #require(windowed.output(output, as: Float.self)).allSatisfy { $0.isFinite })
  }

  @Test(.enabled(if: pare_runtime_counters_available() != 0, "needs glibc's allocator"), arguments: WindowedNetwork.all)
  func windowsNeitherAllocateNorCountReferences(network: WindowedNetwork) throws {
    let windowed = try network.plan().makeWindowedContext()
    let rows = network.rows(network.steps, seed: 1)
    let counts = try rows.withUnsafeBufferPointer { rows in
      let base = try #require(rows.baseAddress)
      let newest = base + (network.steps - 1) * network.width
      func round() throws {
        try windowed.prepare(base, count: network.steps - 1)
        _ = try windowed.run(newestRow: newest)
        try windowed.slide(newest)
        _ = try windowed.run(newestRow: newest)
      }
      try round()
      pare_runtime_counters_reset()
      for _ in 0..<50 { try round() }
      return pare_runtime_counters_read()
    }
    #expect(counts.allocations == 0)
  }

  /// The window is as long as the last step's view of it: zeros before the window's start reach nothing that is kept.
  @Test(arguments: ["tcn", "integer-tcn"])
  func aSlideComputesOneRowOfEachConvolution(name: String) throws {
    let network = try WindowedNetwork.named(name)
    let plan = try network.plan()
    let entering = network.steps - 2
    let products = plan.slideSteps.filter { $0.kernel.contains("dense") || $0.kernel.contains("conv") }.map(\.nodes)
      .filter { nodes in !nodes.contains { $0.contains("older") } }
    #expect(products.count >= 2)
    for nodes in products { #expect(nodes.contains { $0.contains("[\(entering)..<\(entering + 1)]") }, "\(nodes)") }
  }

  /// Three taps of weight 1 over a window of five: by hand.
  @Test func aMovingSumIsWhatItIsByHand() throws {
    var builder = GraphBuilder(name: "sum")
    let x = try builder.input("x", ValueType(.float32, [1, 1, 5]))
    let weights = try builder.constant(Tensor([Float(1), 1, 1], shape: [1, 1, 3]))
    let sums = try builder.apply("Conv", [x, weights], attributes: ["pads": .ints([2, 0])])
    try builder.output(builder.apply("Flatten", [sums], output: "y"))
    let windowed = try SequencePlan(builder.graph, timeAxis: 2).makeWindowedContext()
    try windowed.prepare([1, 2, 3, 4])
    _ = try windowed.run(newestRow: [5])
    #expect(windowed.output("y", as: Float.self).map(Array.init) == [1, 3, 6, 9, 12])
    try windowed.slide([5])
    _ = try windowed.run(newestRow: [6])
    // Zero again before the window's start: 2 and 2 + 3, not 1 + 2 and 1 + 2 + 3.
    #expect(windowed.output("y", as: Float.self).map(Array.init) == [2, 5, 9, 12, 15])
  }

  /// Features by steps, as convolutions have them, go row by row too.
  @Test func aStreamOfAsManyRowsAsAWindowAnswersAsTheWindow() throws {
    let network = try WindowedNetwork.named("tcn")
    let plan = try network.plan()
    let (stream, windowed) = (try plan.makeStreamingContext(), plan.makeWindowedContext())
    let rows = network.rows(64, seed: 4)
    try windowed.prepare(Array(rows[..<(63 * 20)]))
    for step in 0..<64 {
      let row = Array(rows[step * 20..<(step + 1) * 20])
      if step == 63 { _ = try windowed.run(newestRow: row) }
      _ = try stream.run(row: row)
    }
    let output = plan.outputs[0].name
    let (a, b) = (try #require(stream.output(output, as: Float.self)), try #require(windowed.output(output, as: Float.self)))
    // Nine layers of sums of at most 96 terms of order 1, in another order.
    #expect(zip(a, b).allSatisfy { abs($0 - $1) <= 9 * 97 * 0x1p-24 * max(1, abs($1)) })
  }

  @Test func anAxisOfTimeThatIsNoneIsRefused() throws {
    let graph = try WindowedNetwork.named("tcn").build()
    for axis in [0, 3, -1] {
      #expect { try SequencePlan(graph, timeAxis: axis) } throws: { ($0 as? InferenceError)?.code == "inference.window" }
    }
  }

  @Test func aSlideNeedsAWindowOfAKnownLengthThatWasPrepared() throws {
    let windowed = try WindowedNetwork.named("tcn").plan().makeWindowedContext()
    let row = [Float](repeating: 0, count: 20)
    #expect(throws: InferenceError.self) { try windowed.slide(row) }
    try windowed.prepare([Float](repeating: 0, count: 63 * 20))
    try windowed.slide(row)
    _ = try windowed.run(newestRow: row)
    #expect(throws: InferenceError.self) { try windowed.run(newestRow: row) }
  }

  @Test func aSlideOfARecurrentNetEqualsAPreparedWindow() throws {
    let network = RecurrentNetwork(isLSTM: true, features: 5, hidden: [17], steps: 7)
    let plan = try SequencePlan(network.graph(quantized: true))
    #expect(plan.keeping == nil)
    let (slid, prepared) = (plan.makeWindowedContext(), plan.makeWindowedContext())
    let rows = network.window(seed: 1) + network.window(seed: 2)
    try slid.prepare(Array(rows[..<30]))
    for start in 1...6 {
      try slid.slide(Array(rows[(start + 5) * 5..<(start + 6) * 5]))
      try prepared.prepare(Array(rows[start * 5..<(start + 6) * 5]))
      let newest = Array(rows[(start + 6) * 5..<(start + 7) * 5])
      _ = (try slid.run(newestRow: newest), try prepared.run(newestRow: newest))
      #expect(slid.output("y", as: Float.self).map(Array.init) == prepared.output("y", as: Float.self).map(Array.init))
    }
  }
}
