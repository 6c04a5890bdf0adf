import CRuntimeCounters
import PareGraph
import PareInference
import PareTensor
import Testing

/// Whole windows, windows whose older rows are prepared, and streams: against the reference and against each other.
@Suite struct SequencePlanTests {
  static let networks = [
    RecurrentNetwork(isLSTM: true, features: 5, hidden: [17], steps: 7),
    RecurrentNetwork(isLSTM: true, features: 20, hidden: [33, 12], steps: 12, seed: 2, isTorch: true),
    RecurrentNetwork(isLSTM: false, features: 6, hidden: [40, 8, 5], steps: 9, seed: 3),
    RecurrentNetwork(isLSTM: false, features: 13, hidden: [16], steps: 4, seed: 4, isTorch: true),
    RecurrentNetwork(isLSTM: false, features: 9, hidden: [10, 10], steps: 10, seed: 5, isTorch: true, takesStates: true),
    RecurrentNetwork(isLSTM: true, features: 9, hidden: [10, 10], steps: 3, seed: 6, isTorch: true, takesStates: true),
  ] + otherForms
  /// Weights of four bits, and states that are reset before the product.
  static let otherForms = [
    RecurrentNetwork(isLSTM: true, features: 5, hidden: [17], steps: 9, seed: 7, weights: .int4(blockSize: 32)),
    RecurrentNetwork(
      isLSTM: true, features: 65, hidden: [33, 40], steps: 12, seed: 8, isTorch: true, weights: .int4(blockSize: 32)),
    RecurrentNetwork(isLSTM: false, features: 100, hidden: [36, 8, 5], steps: 9, seed: 9, weights: .int4(blockSize: 64)),
    RecurrentNetwork(
      isLSTM: false, features: 13, hidden: [130, 4], steps: 3, seed: 10, isTorch: true, weights: .int4(blockSize: 128)),
    RecurrentNetwork(isLSTM: false, features: 6, hidden: [33, 7], steps: 9, seed: 11, resetsFirst: true),
    RecurrentNetwork(
      isLSTM: false, features: 6, hidden: [40], steps: 10, seed: 12, isTorch: true, takesStates: true, resetsFirst: true,
      weights: .int4(blockSize: 32)),
  ]
  private static let both = [
    RecurrentNetwork(isLSTM: true, features: 5, hidden: [9, 7], steps: 5, direction: "bidirectional"),
    RecurrentNetwork(isLSTM: false, features: 5, hidden: [9], steps: 11, direction: "reverse"),
    RecurrentNetwork(isLSTM: false, features: 5, hidden: [9, 8], steps: 4, direction: "bidirectional", resetsFirst: true),
    RecurrentNetwork(
      isLSTM: true, features: 33, hidden: [9, 7], steps: 5, direction: "bidirectional", weights: .int4(blockSize: 32)),
  ]

  private func sets() -> [InstructionSet] { InstructionSet.allCases.filter(\.isAvailable) }

  // MARK: whole windows

  @Test(arguments: networks + both)
  func aWholeWindowOfIntegersEqualsTheReference(network: RecurrentNetwork) throws {
    let graph = try network.graph(quantized: true)
    let integers = try #require(graph.nodes.last { $0.operatorName.domain == "pare" && $0.operatorName.type.hasPrefix("Quantized") })
    let bytes = integers.outputs[0]
    var asked = graph
    asked.outputs.append(ValueInfo(bytes, try #require(try graph.inferredTypes()[bytes])))
    let reference = try ReferenceEvaluator(IntegerLowering.lower(asked))
    for set in sets() {
      let plan = try ExecutionPlan(asked, kernels: KernelSelection(set))
      #expect(plan.steps.count { $0.kernel.hasPrefix("recurrent_s16/") } == network.hidden.count)
      #expect(plan.steps.allSatisfy { $0.isFast })
      let context = plan.makeContext()
      for seed in 0..<3 as Range<UInt64> {
        let x = ["x": Tensor(network.window(seed: seed), shape: network.inputShape)]
        let (expected, found) = (try reference.run(x), try context.run(x))
        #expect(found[bytes] == expected[bytes], "\(set)")
      }
    }
  }

  @Test(arguments: networks + both)
  func aWholeWindowOfFloatsIsWithinItsBoundOfFloat64(network: RecurrentNetwork) throws {
    let graph = try network.graph(quantized: false)
    let exact = try ReferenceEvaluator(graph, precision: .float64)
    let bound = RecurrentErrorBound(network, graph)
    for set in sets() {
      let plan = try ExecutionPlan(graph, kernels: KernelSelection(set))
      #expect(plan.steps.count { $0.kernel.hasPrefix("recurrent_f32/") } == network.hidden.count)
      let context = plan.makeContext()
      let x = ["x": Tensor(network.window(seed: 5), shape: network.inputShape)]
      let (expected, found) = (try #require(exact.run(x)["y"]).doubles[0], try #require(context.run(x)["y"]).doubles[0])
      #expect(abs(found - expected) <= bound.value, "\(set): \(found - expected), bound \(bound.value)")
    }
  }

  @Test func givenStatesAndLastStatesAreTakenAndYielded() throws {
    for quantized in [false, true] {
      for isLSTM in [true, false] {
        let network = RecurrentNetwork(isLSTM: isLSTM, features: 3, hidden: [6], steps: 4)
        var graph = try network.graph(quantized: false)
        let index = try #require(graph.nodes.firstIndex { $0.name == network.name(0) })
        graph.nodes[index].inputs += ["", "h"] + (isLSTM ? ["c"] : [])
        graph.nodes[index].outputs = [network.name(0), "last_h"] + (isLSTM ? ["last_c"] : [])
        for state in isLSTM ? ["h", "c"] : ["h"] {
          graph.parameters[state] = Parameter(
            ParameterStorage(Tensor((0..<6).map { Float($0) / 8 - 0.4 }, shape: [1, 1, 6])), isTrainable: false)
        }
        for state in isLSTM ? ["last_h", "last_c"] : ["last_h"] {
          graph.outputs.append(ValueInfo(state, ValueType(.float32, [1, 1, 6])))
        }
        if quantized { graph = try RecurrentQuantization.quantize(graph, network.ranges) }
        let x = ["x": Tensor(network.window(seed: 1), shape: network.inputShape)]
        let expected = try ReferenceEvaluator(IntegerLowering.lower(graph)).run(x)
        let plan = try ExecutionPlan(graph)
        let found = try plan.makeContext().run(x)
        for name in isLSTM ? ["last_h", "last_c"] : ["last_h"] {
          let (a, b) = (try #require(found[name]).doubles, try #require(expected[name]).doubles)
          #expect(zip(a, b).allSatisfy { abs($0 - $1) <= (quantized ? 0 : 1e-6) }, "\(name)")
        }
        // Constant first states hold in a stream too.
        let streaming = try SequencePlan(graph, outputs: ["y"]).makeStreamingContext()
        let rows = network.window(seed: 1)
        try rows.withUnsafeBufferPointer { rows in
          for step in 0..<4 { _ = try streaming.run(row: try #require(rows.baseAddress) + 3 * step) }
        }
        #expect(streaming.output("y", as: Float.self)?.first.map { Double($0) } == found["y"]?.doubles.first)
      }
    }
  }

  // MARK: row by row

  @Test(arguments: networks, [false, true])
  func aPreparedWindowEqualsTheWholeWindowToTheBit(network: RecurrentNetwork, quantized: Bool) throws {
    let graph = try network.graph(quantized: quantized)
    for set in sets() {
      let whole = try ExecutionPlan(graph, kernels: KernelSelection(set)).makeContext()
      let plan = try SequencePlan(graph, kernels: KernelSelection(set))
      #expect(plan.windowLength == network.steps && plan.featureCount == network.features)
      let windowed = plan.makeWindowedContext()
      for seed in 0..<4 as Range<UInt64> {
        let window = network.window(seed: seed)
        let expected = try #require(whole.run(["x": Tensor(window, shape: network.inputShape)])["y"]).values(as: Float.self)
        let older = (network.steps - 1) * network.features
        try windowed.prepare(Array(window[..<older]))
        try window.withUnsafeBufferPointer { _ = try windowed.run(newestRow: try #require($0.baseAddress) + older) }
        #expect(windowed.output("y", as: Float.self).map(Array.init) == expected, "\(set)")
      }
    }
  }

  @Test(arguments: networks, [false, true])
  func aStreamEqualsTheWholeWindowsOfItsRows(network: RecurrentNetwork, quantized: Bool) throws {
    let graph = try network.graph(quantized: quantized)
    let stream = try SequencePlan(graph).makeStreamingContext()
    let rows = network.window(seed: 11)
    for round in 0..<2 {
      for count in 1...network.steps {
        try rows.withUnsafeBufferPointer { rows in
          if count % 2 == round { stream.prepare() }
          _ = try stream.run(row: try #require(rows.baseAddress) + (count - 1) * network.features)
        }
        guard count == network.steps else { continue }
        let whole = try ExecutionPlan(graph).makeContext()
        let expected = try #require(whole.run(["x": Tensor(rows, shape: network.inputShape)])["y"]).values(as: Float.self)
        #expect(stream.output("y", as: Float.self).map(Array.init) == expected)
      }
      stream.reset()
    }
  }

  @Test func whatWasPreparedIsForgottenByAReset() throws {
    for quantized in [false, true] {
      let network = Self.networks[0]
      let plan = try SequencePlan(network.graph(quantized: quantized))
      func answers(_ context: StreamingContext) throws -> [Float] {
        let rows = network.window(seed: 2)
        try rows.withUnsafeBufferPointer { rows in
          for step in 0..<3 { _ = try context.run(row: try #require(rows.baseAddress) + step * network.features) }
        }
        return Array(try #require(context.output("y", as: Float.self)))
      }
      let context = try plan.makeStreamingContext()
      let fresh = try answers(context)
      context.prepare()
      context.reset()
      #expect(try answers(context) == fresh)
    }
  }

  @Test func aNaNMakesTheWindowAndTheStreamInvalid() throws {
    var network = RecurrentNetwork(isLSTM: true, features: 4, hidden: [8], steps: 3)
    network.classes = 3
    let plan = try SequencePlan(network.graph(quantized: true), outputs: ["decision"])
    let (good, bad) = ([Float](repeating: 0.5, count: 4), [Float(0.5), .nan, 1, 1])
    let windowed = plan.makeWindowedContext()
    try windowed.prepare(bad + good)
    #expect(try windowed.run(newestRow: good) == ExecutionContext.invalidDecision)
    try windowed.prepare(good + good)
    #expect(try windowed.run(newestRow: bad) == ExecutionContext.invalidDecision)
    try windowed.prepare(good + good)
    #expect(try windowed.run(newestRow: good) != ExecutionContext.invalidDecision)
    let stream = try plan.makeStreamingContext()
    #expect(try stream.run(row: good) != ExecutionContext.invalidDecision)
    #expect(try stream.run(row: bad) == ExecutionContext.invalidDecision)
    #expect(try stream.run(row: good) == ExecutionContext.invalidDecision)
    stream.reset()
    #expect(try stream.run(row: good) != ExecutionContext.invalidDecision)
  }

  @Test func wrongUsesAreErrors() throws {
    let network = Self.networks[0]
    let windowed = try SequencePlan(network.graph(quantized: true)).makeWindowedContext()
    let row = [Float](repeating: 0, count: network.features)
    #expect(throws: InferenceError.self) { try windowed.run(newestRow: row) }
    #expect(throws: InferenceError.self) { try windowed.prepare(row) }
    #expect(throws: InferenceError.self) { try windowed.prepare([1]) }
    try windowed.prepare(network.window(seed: 1).dropLast(network.features))
    _ = try windowed.run(newestRow: row)
    #expect(throws: InferenceError.self) { try windowed.run(newestRow: row) }
  }

  @Test func whatCannotGoRowByRowIsRefusedByName() throws {
    func refusal(_ change: (inout Graph) throws -> Void) throws -> String {
      var graph = try RecurrentNetwork(isLSTM: true, features: 4, hidden: [8, 8], steps: 5).graph(quantized: false)
      try change(&graph)
      do {
        _ = try SequencePlan(graph).makeStreamingContext()
        return "none"
      } catch let error as InferenceError {
        #expect(error.code == "inference.row-by-row")
        return error.subject
      }
    }
    let gather = "gather"
    #expect(try refusal { _ in } == "none")
    #expect(try refusal { $0.nodes[1].attributes["direction"] = .string("reverse") }.contains("lstm_0"))
    #expect(try refusal { graph in
      let index = try #require(graph.nodes.firstIndex { $0.name == gather })
      graph.nodes[index].inputs[1] = "second"
      graph.parameters["second"] = Parameter(ParameterStorage(Tensor(scalar: Int64(1))), isTrainable: false)
    }.contains(gather))
    #expect(try refusal { graph in
      let index = try #require(graph.nodes.firstIndex { $0.name == gather })
      graph.nodes[index] = Node("ReduceMean", name: "mean", inputs: [graph.nodes[index].inputs[0], "axes"], outputs: graph.nodes[index].outputs, attributes: ["keepdims": .int(0)])
      graph.parameters["axes"] = Parameter(ParameterStorage(Tensor([Int64(0)])), isTrainable: false)
    }.contains("mean"))
    for network in Self.both {
      #expect(throws: InferenceError.self) { try SequencePlan(network.graph(quantized: true)).makeStreamingContext() }
    }
    #expect(throws: InferenceError.self) { try SequencePlan(RandomNetwork([4, 3], seed: 1).graph(quantized: false)) }
  }

  // MARK: the hot path

  @Test(.enabled(if: pare_runtime_counters_available() != 0, "needs glibc's allocator"), arguments: [nil, .int8, .int4(blockSize: 32)] as [RecurrentWeights?])
  func rowsNeitherAllocateNorCountReferences(weights: RecurrentWeights?) throws {
    let quantized = weights != nil
    let network = RecurrentNetwork(isLSTM: true, features: 10, hidden: [20, 20], steps: 6, weights: weights ?? .int8)
    let plan = try SequencePlan(network.graph(quantized: quantized))
    let (windowed, streaming) = (plan.makeWindowedContext(), try plan.makeStreamingContext())
    let rows = network.window(seed: 1)
    let counts = try rows.withUnsafeBufferPointer { rows in
      let base = try #require(rows.baseAddress)
      func round() throws {
        try windowed.prepare(base, count: 5)
        _ = try windowed.run(newestRow: base + 50)
        streaming.prepare()
        _ = try streaming.run(row: base)
      }
      try round()
      pare_runtime_counters_reset()
      for _ in 0..<50 { try round() }
      return pare_runtime_counters_read()
    }
    #expect(counts.allocations == 0)
  }
}

/// How far Float32 kernels may be from Float64, carried forward from step to step.
///
/// Let e be the error of a state's elements. An argument of a gate is a sum of n products: off by γₙ times the sum of
/// magnitudes, plus Σ|r| e, plus Σ|w| times the error of X. Sigmoid and tanh have slopes of 1/4 and 1 at most, and the
/// kernels' are within 8 units of roundoff of them; products and sums of numbers within (−1, 1) add a unit each. A cell's
/// magnitude is at most the number of steps, so it is taken as that.
struct RecurrentErrorBound {
  let value: Double

  init(_ network: RecurrentNetwork, _ graph: Graph) {
    let u = 0x1p-24
    func greatestRowSum(_ name: String) -> Double {
      guard let tensor = graph.parameters[name]?.storage.decoded() else { return 0 }
      let columns = tensor.shape.dimensions.last ?? 1
      let values = tensor.doubles
      return stride(from: 0, to: values.count, by: columns).map { start in
        values[start..<start + columns].reduce(0) { $0 + abs($1) }
      }.max() ?? 0
    }
    // Features are below 6 in magnitude, and each is multiplied once.
    var (x, inputError) = (6.0, 6 * u)
    for (layer, hidden) in network.hidden.enumerated() {
      let (w, r) = (greatestRowSum("W\(layer)"), greatestRowSum("R\(layer)"))
      let terms = Double((layer == 0 ? network.features : network.hidden[layer - 1]) + hidden + 4)
      let gamma = terms * u / (1 - terms * u)
      var (h, c) = (0.0, 0.0)
      for step in 1...network.steps {
        let argument = gamma * (w * x + r + 2) + w * inputError + r * h
        let (gate, candidate) = (argument / 4 + 8 * u, argument + 8 * u)
        if network.isLSTM {
          c = c + Double(step) * gate + gate + candidate + 4 * u * Double(step)
          h = gate + c + 10 * u
        } else {
          // n's argument has r∘(R h) in it, whose magnitude is at most R's row sum and a bias.
          h = 2 * gate + (candidate + gate * (r + 1)) + h + 8 * u
        }
      }
      (x, inputError) = (1, h)
    }
    // The head: rows of weights that sum to at most √n, and n roundings.
    let extent = Double(network.hidden[network.hidden.count - 1] * (network.direction == "bidirectional" ? 2 : 1))
    value = extent.squareRoot() * (inputError + (extent + 2) * u) + 4 * u
  }
}
