import Foundation
import PareGraph
import PareModels
import PareTensor
import PareTraining
import Testing

struct EncoderTests {
  private func run(_ graph: Graph, _ features: Tensor, _ outputs: [String]) throws -> [String: Tensor] {
    try ReferenceEvaluator(graph, binding: ["batch": features.shape[0]], precision: .float64, outputs: outputs)
      .run(["features": features])
  }

  /// The state at a step depends on what came up to it and on nothing later: neither on later candles nor on how many there
  /// are.
  @Test func aTemporalConvolutionSeesOnlyThePast() throws {
    func graph(_ steps: Int) throws -> Graph {
      try TemporalConvolutionalNetwork(steps: steps, inputs: 2, channels: [3, 4], kernel: 3, outputs: 2).graph(seed: 1)
    }
    let sample = try #require(ArchitectureSample.single.first { $0.name == "tcn" })
    var features = sample.features(1).values(as: Float.self)
    let whole = try run(graph(6), Tensor(features, shape: [1, 6, 2]), ["residual_1.relu", "logits"])
    let states = try #require(whole["residual_1.relu"]).doubles
    for steps in 1...6 {
      let prefix = Tensor(Array(features.prefix(2 * steps)), shape: [1, steps, 2])
      let result = try run(graph(steps), prefix, ["residual_1.relu"])
      let last = try #require(result["residual_1.relu"]).doubles
      for channel in 0..<4 { #expect(last[channel * steps + steps - 1] == states[channel * 6 + steps - 1]) }
    }
    features[10] = .nan
    let changed = try #require(run(graph(6), Tensor(features, shape: [1, 6, 2]), ["residual_1.relu"])["residual_1.relu"]).doubles
    for channel in 0..<4 {
      #expect((0..<5).allSatisfy { changed[channel * 6 + $0] == states[channel * 6 + $0] })
      #expect(changed[channel * 6 + 5].isNaN || changed[channel * 6 + 5] != states[channel * 6 + 5])
    }
  }

  @Test func theNewestStepOfATemporalConvolutionSeesItsReceptiveFieldAndNoMore() throws {
    let network = TemporalConvolutionalNetwork(steps: 12, inputs: 1, channels: [16, 16], kernel: 2, outputs: 2)
    #expect(network.receptiveField == 7)
    let graph = try network.graph(seed: 2)
    let features = (0..<12).map { Float($0 % 5) - 2 }
    func logits(_ changed: Int?) throws -> [Double] {
      var values = features
      if let changed { values[changed] += 1 }
      return try #require(run(graph, Tensor(values, shape: [1, 12, 1]), ["logits"])["logits"]).doubles
    }
    let before = try logits(nil)
    for step in 0..<5 { #expect(try logits(step) == before) }
    #expect(try logits(5) != before)
  }

  @Test func deepLOBReadsALevelAsPriceAndQuantityOfAskAndBid() throws {
    let graph = try DeepLOB(snapshots: 8, levels: 3, channels: 2, hidden: 4, outputs: 3).graph(seed: 1)
    let types = try graph.inferredTypes()
    #expect(types["join_0"]?.dimensions == ["batch", 2, 8, 6])
    #expect(types["join_1"]?.dimensions == ["batch", 2, 8, 3])
    #expect(types["join_2"]?.dimensions == ["batch", 2, 8, 1])
    #expect(types["inception"]?.dimensions == ["batch", 12, 8, 1])
    // A column goes to its pair, a pair to its level.
    var features = [Float](repeating: 0, count: 8 * 12)
    let before = try run(graph, Tensor(features, shape: [1, 8, 12]), ["join_0", "join_1"])
    features[7 * 12 + 6] = 1
    let after = try run(graph, Tensor(features, shape: [1, 8, 12]), ["join_0", "join_1"])
    func places(_ name: String, _ width: Int) throws -> Set<Int> {
      let (old, new) = (try #require(before[name]).doubles, try #require(after[name]).doubles)
      return Set(old.indices.filter { old[$0] != new[$0] }.map { $0 % (8 * width) })
    }
    #expect(try places("join_0", 6) == [7 * 6 + 3])
    #expect(try places("join_1", 3) == [7 * 3 + 1])
  }

  /// Each column pair is a point on a circle that turns by `10000^(−2i/width)` a step.
  @Test func positionsAreSinesAndCosines() throws {
    let graph = try TransformerEncoder(steps: 3, inputs: 1, layers: 1, heads: 1, width: 4, outputs: 2).graph(seed: 1)
    let table = try #require(graph.parameters["positions"])
    #expect(!table.isTrainable)
    let expected = (0..<3).flatMap { step in [sin(Double(step)), cos(Double(step)), sin(Double(step) / 100), cos(Double(step) / 100)] }
    for (value, expected) in zip(table.storage.decoded().doubles, expected) { #expect(abs(value - expected) < 1e-7) }
  }

  @Test func aMeanOfRowsWithoutPositionsKnowsNoOrder() throws {
    var graph = try TransformerEncoder(steps: 3, inputs: 2, layers: 1, heads: 2, width: 4, pooling: .mean, outputs: 2).graph(seed: 1)
    func logits(_ rows: [Float]) throws -> [Double] {
      try #require(run(graph, Tensor(rows, shape: [1, 3, 2]), ["logits"])["logits"]).doubles
    }
    let (rows, turned): ([Float], [Float]) = ([1, 2, 3, 4, -1, 0.5], [-1, 0.5, 1, 2, 3, 4])
    #expect(zip(try logits(rows), try logits(turned)).contains { abs($0 - $1) > 1e-3 })
    graph.parameters["positions"] = Parameter(ParameterStorage(Tensor(zeros: .float32, shape: [3, 4])), isTrainable: false)
    for (one, other) in zip(try logits(rows), try logits(turned)) { #expect(abs(one - other) < 1e-12) }
  }

  @Test func attentionOfARecurrentNetworkIsASumOfStatesThatWeighsTo1() throws {
    let graph = try RecurrentNetwork(.gru, steps: 4, inputs: 2, hidden: [3], outputs: 2, hasAttention: true).graph(seed: 1)
    #expect(graph.attentionValues == ["attention.weights"])
    let sample = try #require(ArchitectureSample.single.first { $0.name == "gru" })
    let values = try run(graph, sample.features(2), ["attention.weights", "recurrent_0.states", "attention.row"])
    let (weights, states) = (try #require(values["attention.weights"]).doubles, try #require(values["recurrent_0.states"]).doubles)
    let row = try #require(values["attention.row"]).doubles
    for batch in 0..<2 {
      #expect(abs(weights[4 * batch..<4 * batch + 4].reduce(0, +) - 1) < 1e-12)
      for unit in 0..<3 {
        let sum = (0..<4).reduce(0.0) { $0 + weights[4 * batch + $1] * states[($1 * 2 + batch) * 3 + unit] }
        #expect(abs(row[3 * batch + unit] - sum) < 1e-12)
      }
    }
  }

  @Test func aResidualLayerWithoutWeightsPassesOnWhatItReads() throws {
    var graph = try MultilayerPerceptron(inputs: 3, hidden: [4, 4, 4], outputs: 2, isResidual: true).graph(seed: 1)
    let sample = try #require(ArchitectureSample.single.first)
    func values() throws -> [String: Tensor] { try run(graph, sample.features(2), ["dense_0", "residual_2"]) }
    #expect(try values()["residual_2"] != values()["dense_0"])
    for layer in 1...2 {
      graph.parameters["dense_\(layer).weight"] = Parameter(ParameterStorage(Tensor(zeros: .float32, shape: [4, 4])), isTrainable: true)
    }
    #expect(try values()["residual_2"] == values()["dense_0"])
  }

  @Test func anEightLayerResidualNetworkTrainsWhereAPlainOneHardlyDoes() throws {
    var generator = SeededGenerator(seed: 1)
    let features = (0..<512 * 4).map { _ in Float(generator.normal()) }
    let labels = (0..<512).map { Int64(features[4 * $0] * features[4 * $0 + 1] > 0 ? 1 : 0) }
    let data = try TrainingData(["features": Tensor(features, shape: [512, 4]), "labels": Tensor(labels)])
    let settings = TrainingSettings(epochs: 12, batchSize: 64, optimizer: .adam(learningRate: 2e-3))
    func loss(_ isResidual: Bool) throws -> Float {
      let network = MultilayerPerceptron(
        inputs: 4, hidden: [Int](repeating: 32, count: 8), outputs: 2, activation: .tanh, isResidual: isResidual)
      return Float(try Trainer(settings).train(network.graph(seed: 1), loss: CrossEntropy(), on: data).history[11].trainingLoss)
    }
    let residual = try loss(true)
    #expect(residual < 0.2)
    #expect(try residual < loss(false))
  }

  @Test func settingsOutOfRangeAreNamed() {
    func message(_ build: () throws -> Graph) -> String {
      do { return "built \(try build().name)" } catch { return "\(error)" }
    }
    #expect(
      message { try MultilayerPerceptron(inputs: 2, hidden: [4, 3], outputs: 2, isResidual: true).graph(seed: 1) }
        .contains("mlp: residual: expected hidden layers of one width, found [4, 3]"))
    #expect(
      message { try TemporalConvolutionalNetwork(steps: 4, inputs: 1, channels: [], outputs: 2).graph(seed: 1) }
        .contains("tcn: layers: expected 1 to 16, found 0"))
    #expect(
      message { try TemporalConvolutionalNetwork(steps: 4, inputs: 1, channels: [2], dropout: 1, outputs: 2).graph(seed: 1) }
        .contains("tcn: dropout: expected a probability in 0 ..< 1, found 1.0"))
    #expect(
      message { try TransformerEncoder(steps: 4, inputs: 1, heads: 3, width: 64, outputs: 2).graph(seed: 1) }
        .contains("transformer: heads: expected a divisor of the width 64, found 3"))
    #expect(
      message { try TransformerEncoder(steps: 4, inputs: 1, width: .max, outputs: 2).graph(seed: 1) }.contains("transformer: width"))
    #expect(
      message { try DeepLOB(snapshots: 4, levels: 0, outputs: 2).graph(seed: 1) }.contains("deeplob: levels: expected 1 to 256, found 0"))
  }
}
