import Foundation
import PareGraph
import PareTensor
import PareTraining
import Testing

/// The batch executor against the reference, node by node: each node's output is compared with what the reference
/// makes in Float64 of the very inputs that the executor fed it, so that bounds are those of one operator.
struct BatchExecutorTests {
  @Test(arguments: UInt64(0)..<24)
  func everyNodeOfARandomGraphStaysWithinItsBound(seed: UInt64) throws {
    let sample = try RandomGraph(seed: seed)
    let graph = try Differentiation(of: sample.loss, in: sample.graph).graph
    try checkNodes(of: graph, inputs: sample.inputs, binding: ["batch": sample.rows])
  }

  @Test(arguments: [
    "Relu", "LeakyRelu", "Tanh", "Sigmoid", "Gelu", "Elu", "Softplus", "Mish", "Swish", "HardSwish", "HardSigmoid", "Erf",
    "Abs",
  ])
  func everyNodeOfANetworkAndItsGradientStaysWithinItsBound(activation: String) throws {
    let losses: [any Loss] = [DistillationLoss(hardWeight: 0.4, temperature: 3), MeanSquaredError(prediction: "logits")]
    for loss in losses {
      var builder = try GraphBuilder(SampleNetworks.dense([20, 33, 17, 3], activation: OperatorName(activation)))
      let value = try loss.append(to: &builder)
      let rows = 70
      var generator = SeededGenerator(seed: 4)
      func draw(_ count: Int) -> [Float] { (0..<count).map { _ in Float(generator.normal()) } }
      let inputs = [
        "features": Tensor(draw(rows * 20), shape: [rows, 20]),
        "labels": Tensor((0..<rows).map { _ in Int64(generator.below(3)) }),
        "teacherLogits": Tensor(draw(rows * 3), shape: [rows, 3]), "target": Tensor(draw(rows * 3), shape: [rows, 3]),
      ]
      try checkNodes(
        of: Differentiation(of: value, in: builder.graph).graph, inputs: inputs, binding: ["batch": rows])
    }
  }

  /// Asking for every value leaves nothing to fuse and nothing to reuse.
  private func checkNodes(of graph: Graph, inputs: [String: Tensor], binding: [String: Int]) throws {
    let everything = graph.nodes.flatMap(\.outputs)
    let executor = try BatchExecutor(graph, binding: binding, outputs: everything)
    let needed = inputs.filter { executor.inputNames.contains($0.key) }
    var values = try executor.run(needed)
    // What the executor keeps of every value, a plan with fused nodes and shared memory computes too, to the bit.
    let last = try #require(graph.nodes.last?.outputs.first)
    let wanted = graph.outputs.map(\.name) + [last]
    let fused = try BatchExecutor(graph, binding: binding, outputs: wanted).run(needed)
    for name in wanted { #expect(fused[name] == values[name], "\(name)") }

    values.merge(needed) { $1 }
    for (name, parameter) in graph.parameters { values[name] = parameter.storage.decoded() }
    for node in graph.nodes {
      let actual = try #require(values[node.outputs[0]])
      if executor.referenceNodes.contains(node.name) {
        let reference = try evaluate(node, in: graph, values, precision: .stored)
        #expect(actual == reference, "\(node)")
        continue
      }
      let expected = try evaluate(node, in: graph, values, precision: .float64).doubles
      let bounds = try RoundingBound(node: node, values: values) { node, values in
        try evaluate(node, in: graph, values, precision: .float64).doubles
      }
      for (index, (a, e)) in zip(actual.doubles, expected).enumerated() {
        #expect(abs(a - e) <= bounds.bound(index, expected: e), "\(node.name) (\(node.operatorName)) [\(index)]: \(a), \(e)")
      }
    }
  }

  /// One node by the reference, on given inputs.
  private func evaluate(
    _ node: Node, in graph: Graph, _ values: [String: Tensor], precision: ReferenceEvaluator.Precision
  ) throws -> Tensor {
    var single = Graph(name: node.name)
    var inputs: [String: Tensor] = [:]
    for name in node.inputs where !name.isEmpty && inputs[name] == nil && single.parameters[name] == nil {
      let tensor = try #require(values[name])
      if let parameter = graph.parameters[name], !parameter.isTrainable {
        single.parameters[name] = parameter
      } else {
        single.inputs.append(ValueInfo(name, ValueType(tensor)))
        inputs[name] = tensor
      }
    }
    single.nodes = [node]
    let output = try ReferenceEvaluator(single, precision: precision, outputs: [node.outputs[0]]).run(inputs)
    return try #require(output[node.outputs[0]])
  }

  @Test func aReluBehindAGemmCostsNoStepAndNoBuffer() throws {
    let graph = try SampleNetworks.dense([16, 64, 64, 3])
    let fused = try BatchExecutor(graph, binding: ["batch": 64])
    let kept = try BatchExecutor(graph, binding: ["batch": 64], outputs: graph.nodes.flatMap(\.outputs))
    #expect(fused.bufferByteCount < kept.bufferByteCount)
    #expect(fused.referenceNodes.isEmpty)
  }

  @Test func brokenInputsAreNamed() throws {
    let graph = try SampleNetworks.dense([4, 3])
    #expect(throws: GraphError.self) { try BatchExecutor(graph) }
    #expect(throws: GraphError.self) { try BatchExecutor(graph, binding: ["batch": 2], outputs: ["nowhere"]) }
    let executor = try BatchExecutor(graph, binding: ["batch": 2])
    #expect(throws: GraphError.self) { try executor.run([:]) }
    #expect(throws: GraphError.self) { try executor.run(["features": Tensor(zeros: .float32, shape: [3, 4])]) }
    #expect(throws: TrainingError.self) { try executor.buffer(of: "w1") }
  }

  @Test func aLabelThatIsNoClassIsRefused() throws {
    var builder = try GraphBuilder(SampleNetworks.dense([4, 3]))
    let loss = try CrossEntropy().append(to: &builder)
    let executor = try BatchExecutor(builder.graph, binding: ["batch": 2], outputs: [loss])
    let features = Tensor(zeros: .float32, shape: [2, 4])
    for bad in [Int64(3), -1, .max, .min] {
      #expect(throws: GraphError.self) { try executor.run(["features": features, "labels": Tensor([0, bad])]) }
    }
  }

  @Test func notANumberInTheFeaturesReachesTheLogits() throws {
    let executor = try BatchExecutor(SampleNetworks.dense([4, 8, 3]), binding: ["batch": 1])
    let logits = try executor.run(["features": Tensor([Float.nan, 0, 0, 0], shape: [1, 4])])["logits"]
    #expect(logits?.values(as: Float.self).allSatisfy(\.isNaN) == true)
  }

  @Test func scoringInChunksEqualsScoringAtOnceWithinRounding() throws {
    let graph = try SampleNetworks.dense([20, 16, 3])
    let data = try SampleNetworks.linear(rows: 1000, features: 20, classes: 3, seed: 5)
    let whole = try #require(Scorer(graph, chunkSize: 1000).run(data)["logits"])
    let chunks = try #require(Scorer(graph, chunkSize: 64).run(data)["logits"])
    #expect(whole.shape == [1000, 3] && chunks.shape == [1000, 3])
    // BLAS may add in another order for another number of rows: γ of the longest product, twice, of sums below 64.
    for (a, b) in zip(whole.doubles, chunks.doubles) { #expect(abs(a - b) < 2 * 24 * 0x1p-24 * 64) }
    #expect(throws: TrainingError.self) { try Scorer(graph).run(try TrainingData(["other": Tensor([Float(1)])])) }
  }
}
