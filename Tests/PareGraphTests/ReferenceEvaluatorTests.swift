import PareGraph
import PareTensor
import Testing

@Suite struct ReferenceEvaluatorTests {
  /// Two dense layers with a symbolic batch.
  private func network() throws -> Graph {
    var builder = GraphBuilder(name: "network")
    let x = try builder.input("features", ValueType(.float32, ["batch", 4]))
    let w0 = try builder.parameter("dense_0.weight", .sample([3, 4]), isTrainable: true)
    let b0 = try builder.parameter("dense_0.bias", .sample([3], seed: 2), isTrainable: true)
    let w1 = try builder.parameter("dense_1.weight", .sample([2, 3], seed: 3), isTrainable: true)
    let h = try builder.apply("Gemm", [x, w0, b0], attributes: ["transB": .int(1)], name: "dense_0")
    let a = try builder.apply("Relu", [h], name: "relu_0")
    let logits = try builder.apply("Gemm", [a, w1], attributes: ["transB": .int(1)], name: "dense_1", output: "logits")
    try builder.output(logits)
    try builder.output(builder.apply("Softmax", [logits], output: "probabilities"))
    let labels = try builder.input("labels", ValueType(.int64, ["batch"]))
    try builder.output(builder.apply("SoftmaxCrossEntropyLoss", [logits, labels], output: "loss"))
    return builder.graph
  }

  @Test func aBatchIsItsRowsOneByOne() throws {
    let graph = try network()
    let features = Tensor.sample([5, 4], seed: 9)
    let whole = try ReferenceEvaluator(graph, binding: ["batch": 5], outputs: ["probabilities"]).run(["features": features])
    let single = try ReferenceEvaluator(graph, binding: ["batch": 1], outputs: ["probabilities"])
    let rows = try (0..<5).flatMap { row in
      let values = Array(features.values(as: Float.self)[row * 4..<row * 4 + 4])
      return try single.run(["features": Tensor(values, shape: [1, 4])])["probabilities"]?.values(as: Float.self) ?? []
    }
    #expect(whole["probabilities"]?.values() == rows)
  }

  @Test func onlyInputsThatOutputsDependOnAreAskedFor() throws {
    let graph = try network()
    let evaluator = try ReferenceEvaluator(graph, binding: ["batch": 1], outputs: ["logits"])
    #expect(try evaluator.run(["features": .sample([1, 4])]).keys.sorted() == ["logits"])
    let whole = try ReferenceEvaluator(graph, binding: ["batch": 1])
    #expect(throws: GraphError.self) { try whole.run(["features": .sample([1, 4])]) }
  }

  @Test func anyValueCanBeAskedFor() throws {
    let evaluator = try ReferenceEvaluator(network(), binding: ["batch": 2], outputs: ["relu_0", "dense_0", "features"])
    let features = Tensor.sample([2, 4])
    let values = try evaluator.run(["features": features])
    let before = try #require(values["dense_0"]).values(as: Float.self)
    #expect(values["relu_0"]?.values() == before.map { max($0, 0) })
    #expect(values["features"] == features)
  }

  @Test func aLossGivesEqualBitsTwice() throws {
    let evaluator = try ReferenceEvaluator(network(), binding: ["batch": 3])
    let inputs = ["features": Tensor.sample([3, 4]), "labels": Tensor([0, 1, 1] as [Int64])]
    let first = try evaluator.run(inputs)
    _ = try evaluator.run(["features": .sample([3, 4], seed: 5), "labels": Tensor([1, 1, 0] as [Int64])])
    #expect(try evaluator.run(inputs) == first)
  }

  @Test func unboundSymbolsAreNamed() throws {
    let error = #expect(throws: GraphError.self) { try ReferenceEvaluator(network()) }
    #expect(error?.code == "graph.unbound")
  }

  @Test(arguments: [-1, 1 << 40, Int.max])
  func bindingsThatNoMemoryHoldsAreRefused(_ batch: Int) throws {
    #expect(throws: GraphError.self) { try ReferenceEvaluator(network(), binding: ["batch": batch]) }
  }

  @Test func inputsOfAnotherTypeAreRefusedByName() throws {
    let evaluator = try ReferenceEvaluator(network(), binding: ["batch": 2], outputs: ["logits"])
    let error = #expect(throws: GraphError.self) { try evaluator.run(["features": .sample([4, 2])]) }
    #expect(error?.description == "input 'features': expected float32[2, 4], found float32[4, 2]")
  }

  @Test func aBatchOfNothingIsLegal() throws {
    let evaluator = try ReferenceEvaluator(network(), binding: ["batch": 0], outputs: ["probabilities"])
    #expect(try evaluator.run(["features": .sample([0, 4])])["probabilities"]?.shape == [0, 2])
  }

  @Test func prunedGraphsKeepWhatTheirOutputsNeed() throws {
    let graph = try network().pruned(to: ["relu_0"])
    #expect(graph.nodes.map(\.name) == ["dense_0", "relu_0"])
    #expect(Array(graph.parameters.keys) == ["dense_0.weight", "dense_0.bias"])
    #expect(graph.outputs.isEmpty)
  }
}
