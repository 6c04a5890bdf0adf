import PareGraph
import PareModels
import PareTensor
import PareTraining
import Testing

struct SequenceNetworkTests {
  private static let cells = RecurrentNetwork.Cell.allCases

  /// Windows of 8 candles of 2 features whose class is whether the first feature rose from the oldest candle to the newest.
  private func windows(_ count: Int) throws -> TrainingData {
    var generator = SeededGenerator(seed: 1)
    let features = (0..<count * 16).map { _ in Float(generator.normal()) }
    let labels = (0..<count).map { Int64(features[16 * $0 + 14] > features[16 * $0] ? 1 : 0) }
    return try TrainingData(["features": Tensor(features, shape: [count, 8, 2]), "labels": Tensor(labels)])
  }

  @Test func convolutionsStepThroughTheWindow() throws {
    let graph = try ConvolutionalNetwork(steps: 32, inputs: 20, channels: [16, 24, 8], outputs: 3).graph(
      seed: 1, normalizer: Normalizer(offset: [Float](repeating: 1, count: 20), scale: [Float](repeating: 2, count: 20)),
      thresholds: DecisionThresholds(short: 0.4, long: 0.5))
    let types = try graph.inferredTypes()
    #expect(types["normalized"] == ValueType(.float32, ["batch", 32, 20]))
    // (32 − 3) / 2 + 1 = 15, (15 − 3) / 2 + 1 = 7, (7 − 3) / 2 + 1 = 3.
    #expect(["relu_0", "relu_1", "relu_2"].map { types[$0]?.dimensions[2] } == [15, 7, 3])
    #expect(types["dense_0.weight"] == ValueType(.float32, [3, 24]))
    #expect(graph.outputs.map(\.name) == ["logits", "probabilities", "decision"])
    #expect(graph.trainableElementCount == 16 * 20 * 3 + 16 + 24 * 16 * 3 + 24 + 8 * 24 * 3 + 8 + 3 * 24 + 3)
  }

  @Test(arguments: cells) func recurrentLayersEndInTheLastState(_ cell: RecurrentNetwork.Cell) throws {
    let graph = try RecurrentNetwork(cell, steps: 8, inputs: 5, hidden: [12, 6], outputs: 2).graph(seed: 1)
    let (types, gates) = (try graph.inferredTypes(), cell == .lstm ? 4 : 3)
    #expect(types["recurrent_0.squeeze"] == ValueType(.float32, [8, "batch", 12]))
    #expect(types["recurrent_1.squeeze"] == ValueType(.float32, ["batch", 6]))
    #expect(types["logits"] == ValueType(.float32, ["batch", 2]))
    #expect(graph.trainableElementCount == gates * (12 * (5 + 12 + 2) + 6 * (12 + 6 + 2)) + 2 * 6 + 2)
    let bias = try #require(graph.parameters["recurrent_1.bias"]).storage.decoded().values(as: Float.self)
    #expect(bias.indices.filter { bias[$0] != 0 } == (cell == .lstm ? Array(12..<18) : []))
  }

  @Test func sequencesAreLearnt() throws {
    let data = try windows(256)
    let settings = TrainingSettings(epochs: 30, batchSize: 32, optimizer: .adam(learningRate: 0.02))
    var graphs = [try ConvolutionalNetwork(steps: 8, inputs: 2, channels: [8, 8], outputs: 2).graph(seed: 1)]
    graphs += try Self.cells.map { try RecurrentNetwork($0, steps: 8, inputs: 2, hidden: [8], outputs: 2).graph(seed: 1) }
    for graph in graphs {
      let result = try Trainer(settings).train(graph, loss: CrossEntropy(), on: data)
      #expect(result.history[29].trainingLoss < 0.3, "\(graph.name)")
    }
  }

  @Test func aSeedDecidesTheWeights() throws {
    func weights(_ seed: UInt64) throws -> [[Float]] {
      let graphs = [
        try ConvolutionalNetwork(steps: 8, inputs: 2, channels: [8], outputs: 2).graph(seed: seed),
        try RecurrentNetwork(.lstm, steps: 8, inputs: 2, hidden: [8], outputs: 2).graph(seed: seed),
      ]
      return graphs.flatMap { graph in
        graph.parameters.filter { $0.value.isTrainable }.map { $0.value.storage.decoded().values(as: Float.self) }
      }
    }
    #expect(try weights(1) == weights(1))
    #expect(try weights(1) != weights(2))
  }

  @Test func whatCannotBeBuiltIsNamed() throws {
    #expect {
      try ConvolutionalNetwork(steps: 8, inputs: 2, channels: [4, 4, 4], outputs: 2).graph(seed: 1)
    } throws: {
      "\($0)".contains("cnn: channels: expected at most as many layers of kernel 3 and stride 2 as leave something of 8 steps, found 3")
    }
    #expect { try RecurrentNetwork(.gru, steps: 8, inputs: 2, hidden: [], outputs: 2).graph(seed: 1) } throws: {
      "\($0)".contains("gru: layers: expected 1 to 64, found 0")
    }
    #expect { try RecurrentNetwork(.lstm, steps: 8, inputs: 2, hidden: [0], outputs: 2).graph(seed: 1) } throws: {
      "\($0)".contains("lstm: hidden: expected 1 to 8192, found 0")
    }
  }
}
