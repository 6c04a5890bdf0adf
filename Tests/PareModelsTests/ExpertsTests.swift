import PareGraph
import PareModels
import PareTensor
import PareTraining
import Testing

/// One network for each case.
@Suite struct ExpertsTests {
  private let experts = Experts(inputs: 6, cases: 2, hidden: [5], outputs: 3)

  private func logits(_ graph: Graph, _ features: Tensor) throws -> [Float] {
    let executor = try BatchExecutor(graph, binding: ["batch": features.shape[0]], outputs: ["logits"])
    return try #require(try executor.run(["features": features])["logits"]).values(as: Float.self)
  }

  @Test func aRowIsScoredByTheNetworkOfItsCase() throws {
    let graph = try experts.graph(seed: 3)
    let own: [Float] = [0.3, -1.2, 0.7, 2]
    let scores = try logits(graph, Tensor(own + [1, 0] + own + [0, 1] + own + [0, 0], shape: [3, 6]))
    for place in 0..<2 {
      // A perceptron of the same weights.
      var alone = try MultilayerPerceptron(inputs: 4, hidden: [5], outputs: 3).graph(seed: 1)
      for layer in 0..<2 {
        for part in ["weight", "bias"] { alone.parameters["dense_\(layer).\(part)"] = graph.parameters["dense_\(2 * place + layer).\(part)"] }
      }
      #expect(try logits(alone, Tensor(own, shape: [1, 4])) == Array(scores[3 * place..<3 * place + 3]))
    }
    #expect(Array(scores[6..<9]) == [0, 0, 0] && scores[0..<3] != scores[3..<6])
  }

  @Test func windowsAreCasesOfTheirNewestCandle() throws {
    let flat = try experts.graph(seed: 3)
    let window = try experts.graph(seed: 3, rowShape: [2, 3])
    let row: [Float] = [0.3, -1.2, 0.7, 2, 0, 1]
    #expect(try logits(window, Tensor(row, shape: [1, 2, 3])) == logits(flat, Tensor(row, shape: [1, 6])))
  }

  @Test func anExpertLearnsFromItsOwnRowsAlone() throws {
    var builder = try GraphBuilder(experts.graph(seed: 3))
    let loss = try CrossEntropy().append(to: &builder)
    let gradients = try Differentiation(of: loss, in: builder.graph)
    let wanted = try ["dense_0.weight", "dense_2.weight"].map { try #require(gradients.gradients[$0]) }
    let found = try ReferenceEvaluator(gradients.graph, binding: ["batch": 1], outputs: wanted).run([
      "features": Tensor([0.3, -1.2, 0.7, 2, 0, 1] as [Float], shape: [1, 6]), "labels": Tensor([Int64(2)]),
    ])
    #expect(found[wanted[0]]?.doubles.allSatisfy { $0 == 0 } == true)
    #expect(found[wanted[1]]?.doubles.contains { $0 != 0 } == true)
  }

  @Test func settingsOutOfRangeAreRefused() {
    for bad in [
      Experts(inputs: 3, cases: 3, outputs: 2), Experts(inputs: 6, cases: 1, outputs: 2),
      Experts(inputs: 6, cases: 2, hidden: [0], outputs: 2),
    ] {
      #expect(throws: GraphError.self) { try bad.graph(seed: 1) }
    }
  }
}
