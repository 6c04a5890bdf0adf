import Foundation
import PareGraph
import PareModels
import PareTensor
import PareTraining
import Testing

struct MultilayerPerceptronTests {
  private static let teacher = MultilayerPerceptron(inputs: 20, hidden: [128, 64, 32], outputs: 3)

  @Test func theGraphFollowsTheConventions() throws {
    let normalizer = Normalizer(offset: [Float](repeating: 1, count: 20), scale: [Float](repeating: 2, count: 20))
    let graph = try Self.teacher.graph(
      seed: 1, normalizer: normalizer, thresholds: DecisionThresholds(short: 0.4, long: 0.5))
    #expect(graph.outputs.map(\.name) == ["logits", "probabilities", "decision"])
    #expect(graph.nodes.filter { $0.operatorName == "Gemm" }.map(\.name) == ["dense_0", "dense_1", "dense_2", "dense_3"])
    #expect(graph.nodes.filter { $0.operatorName == "Relu" }.map(\.name) == ["relu_0", "relu_1", "relu_2"])
    let types = try graph.inferredTypes()
    #expect(types["normalized"] == ValueType(.float32, ["batch", 20]))
    #expect(types["dense_0.weight"] == ValueType(.float32, [128, 20]))
    #expect(types["logits"] == ValueType(.float32, ["batch", 3]))
    #expect(types["decision"] == ValueType(.int8, ["batch"]))
    #expect(graph.trainableElementCount == Self.teacher.parameterCount)
    #expect(Self.teacher.parameterCount == 13_123)
    #expect(graph.parameters["normalizer.scale"]?.isTrainable == false)
  }

  @Test func withoutHiddenLayersItIsLogisticRegression() throws {
    let graph = try MultilayerPerceptron(inputs: 5, hidden: [], outputs: 2).graph(seed: 1)
    #expect(graph.nodes.map(\.operatorName) == ["Gemm", "Softmax"])
    #expect(graph.outputs.map(\.name) == ["logits", "probabilities"])
  }

  @Test(arguments: Activation.allCases)
  func everyActivationRunsAndTrains(activation: Activation) throws {
    let network = MultilayerPerceptron(inputs: 2, hidden: [8], outputs: 2, activation: activation, dropout: 0.1)
    var generator = SeededGenerator(seed: 1)
    let features = (0..<128).map { _ in Float(generator.normal()) }
    let labels = (0..<64).map { Int64(features[2 * $0] > features[2 * $0 + 1] ? 1 : 0) }
    let data = try TrainingData(["features": Tensor(features, shape: [64, 2]), "labels": Tensor(labels)])
    let settings = TrainingSettings(epochs: 40, batchSize: 16, optimizer: .adam(learningRate: 0.02))
    let result = try Trainer(settings).train(network.graph(seed: 1), loss: CrossEntropy(), on: data)
    #expect(result.history[39].trainingLoss < result.history[0].trainingLoss / 2)
  }

  @Test func weightsAreDrawnWithinTheirLimitsUnderTheSeed() throws {
    let graph = try Self.teacher.graph(seed: 4)
    func weight(_ layer: Int, _ graph: Graph) -> [Float] {
      graph.parameters["dense_\(layer).weight"]?.storage.decoded().values() ?? []
    }
    for (layer, limit) in [(0, sqrt(6.0 / 20)), (1, sqrt(6.0 / 128)), (3, sqrt(6.0 / (32 + 3)))] {
      let magnitudes = weight(layer, graph).map { Double(abs($0)) }
      let highest = try #require(magnitudes.max())
      #expect(highest <= limit * (1 + 1e-6) && highest > limit * 0.9)
      // Uniform on ±limit: the mean magnitude is half the limit, its deviation limit / √(12 n).
      let mean = magnitudes.reduce(0, +) / Double(magnitudes.count)
      #expect(abs(mean - limit / 2) < 5 * limit / sqrt(12 * Double(magnitudes.count)))
    }
    #expect(graph.parameters["dense_0.bias"]?.storage.decoded().doubles.allSatisfy { $0 == 0 } == true)
    #expect(try weight(0, Self.teacher.graph(seed: 4)) == weight(0, graph))
    #expect(try weight(0, Self.teacher.graph(seed: 5)) != weight(0, graph))
  }

  @Test func normalizerAndDecisionComputeWhatTheySay() throws {
    let normalizer = Normalizer(offset: [1, -1], scale: [2, 0.5], range: -1...1)
    let graph = try MultilayerPerceptron(inputs: 2, hidden: [], outputs: 3).graph(
      seed: 1, normalizer: normalizer, thresholds: DecisionThresholds(short: 0, long: 0))
    let executor = try BatchExecutor(graph, binding: ["batch": 2], outputs: ["normalized", "probabilities", "decision"])
    let values = try executor.run(["features": Tensor([Float(1.25), 0, 9, -9], shape: [2, 2])])
    #expect(values["normalized"]?.values(as: Float.self) == [0.5, 0.5, 1, -1])
    let p = try #require(values["probabilities"]).values(as: Float.self)
    let expected = (0..<2).map { row in p[3 * row] > p[3 * row + 2] ? Int8(-1) : 1 }
    #expect(values["decision"]?.values(as: Int8.self) == expected)
  }

  @Test func thresholdsCanBeChangedAndAdded() throws {
    let bare = try MultilayerPerceptron(inputs: 2, hidden: [4], outputs: 3).graph(seed: 1)
    let decided = try bare.decided(by: DecisionThresholds(short: 0.4, long: 0.6))
    #expect(decided.outputs.last?.name == "decision")
    let changed = try decided.decided(by: DecisionThresholds(short: 0.3, long: 0.7))
    #expect(changed.parameters["decision.thresholds"]?.storage.decoded().values(as: Float.self) == [0.3, 0.7])
    #expect(changed.nodes == decided.nodes)
  }

  @Test func impossibleArchitecturesAreNamed() {
    for network in [
      MultilayerPerceptron(inputs: 0, hidden: [4], outputs: 2), MultilayerPerceptron(inputs: 2, hidden: [0], outputs: 2),
      MultilayerPerceptron(inputs: 2, hidden: [4], outputs: 0),
      MultilayerPerceptron(inputs: 2, hidden: [4], outputs: 2, dropout: 1),
      MultilayerPerceptron(inputs: 2, hidden: [1 << 24, 1 << 24], outputs: 2),
      MultilayerPerceptron(inputs: .max, hidden: [.max], outputs: 2),
    ] {
      let error = #expect(throws: GraphError.self) { try network.graph(seed: 1) }
      #expect(error?.code == "graph.architecture")
    }
    let wrong = Normalizer(offset: [0], scale: [1])
    #expect(throws: GraphError.self) { try Self.teacher.graph(seed: 1, normalizer: wrong) }
  }

  @Test func decodingWhatWasEncodedGivesItBack() throws {
    let network = MultilayerPerceptron(inputs: 20, hidden: [16, 8], outputs: 3, activation: .leakyRelu, dropout: 0.1)
    #expect(try JSONDecoder().decode(MultilayerPerceptron.self, from: JSONEncoder().encode(network)) == network)
  }
}
