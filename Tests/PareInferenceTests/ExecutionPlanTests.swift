import PareGraph
import PareInference
import PareTensor
import Testing

/// The instruction sets that this machine has; the others are named as skipped by `KernelVariantTests`.
private let availableSets = InstructionSet.allCases.filter(\.isAvailable)

@Suite struct ExecutionPlanTests {
  @Test(arguments: awkwardExtents, availableSets)
  func anInt8PlanEqualsTheReferenceBitForBit(extents: [Int], set: InstructionSet) throws {
    let network = RandomNetwork(extents, seed: UInt64(extents.reduce(7, &+)))
    let graph = try network.graph(quantized: true)
    let rows = 400
    let features = specials(network.rows(rows, seed: 3))
    let expected = try evaluate(
      IntegerLowering.lower(graph), ["features": Tensor(features, shape: [rows, network.featureCount])], rows: rows)
    let plan = try ExecutionPlan(graph, kernels: KernelSelection(set))
    #expect(plan.steps.allSatisfy { $0.isFast })
    let found = try run(plan, features, rows: rows)
    for output in plan.outputs.map(\.name) {
      // Compared first, so that a failure does not print thousands of bytes.
      let areEqual = found[output] == expected[output].map { $0.withUnsafeBytes { Array($0) } }
      #expect(areEqual, "\(output)")
    }
  }

  /// Per dense layer, |ŷ − y| ≤ |W| e + γ_{n+1} (|W| (|x| + e) + |b|), where e bounds the error of its input,
  /// γ_k = k u / (1 − k u) and u = 2^−24 (Higham 2002, §3.1: any order of summation, fused or not). The normalizer's
  /// subtraction and multiplication give γ_2; Clip and Relu do not widen an error.
  @Test(arguments: awkwardExtents, availableSets)
  func aFloat32PlanIsWithinTheRoundingBoundOfFloat64(extents: [Int], set: InstructionSet) throws {
    let network = RandomNetwork(extents, seed: 11)
    let graph = try network.graph(quantized: false)
    let rows = 100
    let features = network.rows(rows, seed: 5)
    let exact = try evaluate(
      graph, ["features": Tensor(features, shape: [rows, network.featureCount])], rows: rows, precision: .float64)
    let plan = try ExecutionPlan(graph, outputs: ["logits"], kernels: KernelSelection(set))
    #expect(plan.steps.allSatisfy { $0.isFast })
    let context = plan.makeContext()
    let logits = try #require(exact["logits"]).doubles
    let classes = extents[extents.count - 1]
    for row in 0..<rows {
      let x = Array(features[row * network.featureCount..<(row + 1) * network.featureCount])
      _ = try x.withUnsafeBufferPointer { try context.run(features: $0.baseAddress!) }
      let found = try #require(context.output("logits", as: Float.self))
      let bound = roundingBound(network, x)
      for output in 0..<classes {
        #expect((Double(found[output]) - logits[row * classes + output]).magnitude <= bound[output])
      }
    }
  }

  @Test func featuresThatAreNaNGiveAnInvalidDecision() throws {
    for quantized in [false, true] {
      let network = RandomNetwork([20, 16, 8, 3], seed: 1)
      let context = try ExecutionPlan(network.graph(quantized: quantized)).makeContext()
      var row = network.rows(1, seed: 1)
      for position in 0..<20 {
        let kept = row[position]
        row[position] = .nan
        #expect(try context.run(features: row) == ExecutionContext.invalidDecision)
        row[position] = kept
        #expect(try (-1...1).contains(context.run(features: row)))
      }
    }
  }

  @Test func infiniteAndHugeFeaturesSaturateLikeTheClip() throws {
    let network = RandomNetwork([20, 16, 8, 3], seed: 2)
    for quantized in [false, true] {
      let context = try ExecutionPlan(network.graph(quantized: quantized)).makeContext()
      var logits: [[Float]] = []
      for value in [Float.infinity, .greatestFiniteMagnitude, 1e6] {
        _ = try context.run(features: [Float](repeating: value, count: 20))
        logits.append(Array(try #require(context.output("logits", as: Float.self))))
      }
      #expect(logits[0] == logits[1] && logits[1] == logits[2])
      #expect(logits[0].allSatisfy { $0.isFinite })
    }
  }

  @Test func anOperatorWithoutAKernelRunsByItsReference() throws {
    var builder = GraphBuilder(name: "mixed")
    var value = try builder.input("features", ValueType(.float32, ["batch", 6]))
    value = try builder.apply("Sin", [value])
    let weight = try builder.parameter(
      "w", Tensor((0..<18).map { Float($0) / 10 - 0.8 }, shape: [6, 3]), isTrainable: true)
    value = try builder.apply("MatMul", [value, weight])
    value = try builder.apply("Add", [value, builder.parameter("b", Tensor([Float(0.1), 0.2, -0.3]), isTrainable: true)])
    value = try builder.apply("Cos", [value])
    value = try builder.apply("Softmax", [value], output: "probabilities")
    try builder.output(value)
    let plan = try ExecutionPlan(builder.graph, kernels: .best)
    #expect(plan.steps.filter { !$0.isFast }.map(\.nodes) == [["sin"], ["cos"]])
    #expect(plan.steps.contains { $0.nodes == ["matmul", "add"] && $0.isFast })
    let features: [Float] = [0.1, -2, 3, 0.5, -0.25, 1]
    let expected = try evaluate(builder.graph, ["features": Tensor(features, shape: [1, 6])], rows: 1)
    let context = plan.makeContext()
    #expect(try context.run(features: features) == 0)
    let found = try #require(context.output("probabilities", as: Float.self))
    // Sums of six products, then functions that do not widen an error.
    for (a, b) in zip(found, try #require(expected["probabilities"]).values(as: Float.self)) {
      #expect((a - b).magnitude <= 16 * 0x1p-24)
    }
    let named = try context.run(["features": Tensor(features, shape: [1, 6])])
    #expect(named["probabilities"]?.values(as: Float.self) == Array(found))
  }

  @Test func onlyWhatAnOutputNeedsIsPlanned() throws {
    let graph = try RandomNetwork([20, 16, 8, 3], seed: 1).graph(quantized: true)
    let logits = try ExecutionPlan(graph, outputs: ["logits"])
    #expect(logits.outputs.map(\.name) == ["logits"])
    #expect(!logits.steps.contains { $0.kernel.hasPrefix("softmax") })
    #expect(throws: InferenceError.self) { try ExecutionPlan(graph, outputs: ["nothing"]) }
  }

  @Test func storageMayBeSparseOrACodebookAndThePlanSaysSo() throws {
    var graph = try RandomNetwork([20, 16, 8, 3], seed: 4).graph(quantized: false)
    let weight = try #require(graph.parameters["dense_0.weight"]).storage.decoded()
    var values = weight.values(as: Float.self)
    for index in values.indices where index % 3 == 0 { values[index] = 0 }
    let pruned = Tensor(values, shape: weight.shape)
    graph.parameters["dense_0.weight"]?.storage = ParameterStorage(pruned)
    let dense = try ExecutionPlan(graph)
    graph.parameters["dense_0.weight"]?.storage = ParameterStorage(pruned, layout: .bitmask)
    let sparse = try ExecutionPlan(graph)
    #expect(dense.decodedParameters.isEmpty && sparse.decodedParameters == ["dense_0.weight"])
    #expect(sparse.description.contains("decoded to dense: dense_0.weight"))
    let row = (0..<20).map { Float($0) / 10 }
    let (a, b) = (dense.makeContext(), sparse.makeContext())
    #expect(try a.run(features: row) == b.run(features: row))
    #expect(Array(try #require(a.output("logits", as: Float.self))) == Array(try #require(b.output("logits", as: Float.self))))
  }

  @Test func residentBytesCoverPackedWeightsAndStayNearThem() throws {
    let network = RandomNetwork([20, 128, 64, 32, 3], seed: 1)
    let weights = zip(network.extents, network.extents.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 }
    let int8 = try ExecutionPlan(network.graph(quantized: true)).residentByteCount
    let float32 = try ExecutionPlan(network.graph(quantized: false)).residentByteCount
    #expect(int8 >= weights && int8 < 2 * weights)
    #expect(float32 >= 4 * weights && float32 < 6 * weights)
  }

  @Test func anUnknownOrMissingInstructionSetIsRefusedByName() throws {
    #expect(throws: InferenceError.self) { try KernelSelection.named("sse9") }
    #expect(try KernelSelection.named("scalar").extensions == 0)
    for set in InstructionSet.allCases where !set.isAvailable {
      #expect(throws: InferenceError.self) { try KernelSelection.named(set.rawValue) }
    }
  }

  @Test func latencyIsMeasuredOnWholeRowsOnly() throws {
    let network = RandomNetwork([20, 16, 8, 3], seed: 1)
    let plan = try ExecutionPlan(network.graph(quantized: true))
    #expect(throws: InferenceError.self) { try DecisionLatency(plan, inputs: [1, 2, 3]) }
    let latency = try DecisionLatency(plan, inputs: network.rows(50, seed: 1))
    #expect(try latency.chain(rounds: 2) > 0)
    var recorded = 0
    try latency.stamps(count: 120, clock: .init()) { _ in recorded += 1 }
    #expect(recorded == 120)
  }

  @Test func graphsThatTakeNoSingleRowOfFeaturesAreRefusedWhenRunOnOne() throws {
    var builder = GraphBuilder(name: "sum")
    let (a, b) = (
      try builder.input("a", ValueType(.float32, ["batch", 2])), try builder.input("b", ValueType(.float32, ["batch", 2])))
    try builder.output(builder.apply("Add", [a, b], output: "sum"))
    let context = try ExecutionPlan(builder.graph).makeContext()
    #expect(throws: InferenceError.self) { try context.run(features: [1, 2]) }
    let row = Tensor([Float(1), 2], shape: [1, 2])
    #expect(try context.run(["a": row, "b": row])["sum"] == Tensor([Float(2), 4], shape: [1, 2]))
    #expect(throws: InferenceError.self) { try context.run(["a": row]) }
  }

  @Test func aValueBeyondReasonIsRefusedBeforeMemoryIsAskedFor() throws {
    var builder = GraphBuilder(name: "huge")
    let x = try builder.input("features", ValueType(.float32, ["batch", .fixed(1 << 40)]))
    try builder.output(builder.apply("Sub", [x, builder.constant(Tensor(scalar: Float(1)))]))
    #expect(throws: InferenceError.self) { try ExecutionPlan(builder.graph) }
  }

  @Test func threadsShareAPlanAndDecideAlike() async throws {
    let network = RandomNetwork([20, 128, 64, 32, 3], seed: 6)
    let plan = try ExecutionPlan(network.graph(quantized: true))
    let rows = network.rows(500, seed: 8)
    let decisions = try await withThrowingTaskGroup(of: [Int8].self) { group in
      for _ in 0..<4 {
        group.addTask {
          let context = plan.makeContext()
          return try rows.withUnsafeBufferPointer { rows in
            try (0..<500).map { try context.run(features: rows.baseAddress! + $0 * 20) }
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let areEqual = decisions.allSatisfy { $0 == decisions[0] }
    #expect(areEqual && Set(decisions[0]).count > 1)
  }

  // MARK: helpers

  /// Puts NaN, infinities and huge numbers among the features.
  private func specials(_ features: [Float]) -> [Float] {
    var features = features
    let values: [Float] = [.nan, .infinity, -.infinity, .greatestFiniteMagnitude, -0.0, .leastNonzeroMagnitude]
    for index in stride(from: 0, to: features.count, by: 97) { features[index] = values[index / 97 % values.count] }
    return features
  }

  private func run(_ plan: ExecutionPlan, _ features: [Float], rows: Int) throws -> [String: [UInt8]] {
    let context = plan.makeContext()
    let width = features.count / rows
    var results: [String: [UInt8]] = [:]
    for row in 0..<rows {
      let tensor = Tensor(Array(features[row * width..<(row + 1) * width]), shape: [1, width])
      for (name, output) in try context.run(["features": tensor]) {
        results[name, default: []] += output.withUnsafeBytes { Array($0) }
      }
    }
    return results
  }

  private func roundingBound(_ network: RandomNetwork, _ features: [Float]) -> [Double] {
    func gamma(_ k: Int) -> Double { Double(k) * 0x1p-24 / (1 - Double(k) * 0x1p-24) }
    var x = zip(zip(features, network.offset), network.scale).map { (Double($0.0) - Double($0.1)) * Double($1) }
    var error = x.map { gamma(2) * $0.magnitude }
    x = x.map { min(max($0, -4), 4) }
    for layer in 0..<network.layerCount {
      let (columns, rows) = (network.extents[layer], network.extents[layer + 1])
      var y = [Double](repeating: 0, count: rows)
      var bound = y
      for row in 0..<rows {
        let bias = Double(network.biases[layer][row])
        var (sum, spread, magnitude) = (bias, 0.0, bias.magnitude)
        for column in 0..<columns {
          let weight = Double(network.weights[layer][row * columns + column])
          sum += weight * x[column]
          spread += weight.magnitude * error[column]
          magnitude += weight.magnitude * (x[column].magnitude + error[column])
        }
        y[row] = layer < network.layerCount - 1 ? max(sum, 0) : sum
        bound[row] = spread + gamma(columns + 1) * magnitude
      }
      (x, error) = (y, bound)
    }
    return error
  }
}
