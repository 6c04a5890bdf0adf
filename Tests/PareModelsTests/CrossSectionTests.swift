import PareGraph
import PareModels
import PareTensor
import PareTraining
import Testing

struct CrossSectionTests {
  private static let section = CrossSection(symbols: 4, inputs: 2, outputs: 3)

  private func run(_ graph: Graph, _ features: Tensor, mask: [Float], _ outputs: [String] = ["logits"]) throws -> [String: Tensor] {
    try ReferenceEvaluator(graph, binding: ["batch": features.shape[0]], precision: .float64, outputs: outputs)
      .run(["features": features, "mask": Tensor(mask, shape: [features.shape[0], 4])])
  }

  /// The logits of one row, by symbol.
  private func logits(_ graph: Graph, _ features: Tensor, mask: [Float]) throws -> [[Double]] {
    let values = try #require(run(graph, features, mask: mask)["logits"]).doubles
    return (0..<4).map { Array(values[3 * $0..<3 * $0 + 3]) }
  }

  /// The rows of a tensor's axis in another order.
  private func permuted(_ tensor: Tensor, axis: Int, _ order: [Int]) -> Tensor {
    let extents = tensor.shape.dimensions
    let inner = extents[(axis + 1)...].reduce(1, *)
    let values = tensor.values(as: Float.self)
    let moved = values.indices.map { index -> Float in
      let place = index / inner % extents[axis]
      return values[index + (order[place] - place) * inner]
    }
    return Tensor(moved, shape: tensor.shape)
  }

  @Test(arguments: ArchitectureSample.crossSections) func theOrderOfSymbolsMeansNothing(_ sample: ArchitectureSample) throws {
    let graph = try sample.build(6)
    let order = [2, 0, 3, 1]
    var turned = graph
    for (name, axes) in [("adjacency", [0, 1]), ("embedding", [0])] {
      guard let parameter = graph.parameters[name] else { continue }
      let tensor = axes.reduce(parameter.storage.decoded()) { permuted($0, axis: $1, order) }
      turned.parameters[name] = Parameter(ParameterStorage(tensor), isTrainable: parameter.isTrainable)
    }
    let (features, mask): (Tensor, [Float]) = (sample.features(1), [1, 1, 1, 0])
    let before = try logits(graph, features, mask: mask)
    let after = try logits(turned, permuted(features, axis: 1, order), mask: order.map { mask[$0] })
    // Sums in another order.
    for (place, symbol) in order.enumerated() {
      for (one, other) in zip(after[place], before[symbol]) { #expect(abs(one - other) < 1e-12) }
    }
  }

  @Test(arguments: ArchitectureSample.crossSections) func anAbsentSymbolChangesNothing(_ sample: ArchitectureSample) throws {
    let graph = try sample.build(7)
    let mask: [Float] = [1, 0, 1, 1]
    let features = sample.features(1)
    let before = try logits(graph, features, mask: mask)
    let size = sample.row.dropFirst().reduce(1, *)
    var values = features.values(as: Float.self)
    for value in [Float(1000), .nan, .infinity] {
      for index in size..<2 * size { values[index] = value }
      #expect(try logits(graph, Tensor(values, shape: features.shape), mask: mask) == before)
    }
    #expect(before[1] == [0, 0, 0])
    // One that is there is seen.
    values = features.values(as: Float.self)
    for index in 0..<size { values[index] += 1 }
    let changed = try logits(graph, Tensor(values, shape: features.shape), mask: mask)
    #expect(changed[0] != before[0] && changed[3] != before[3])
  }

  @Test(arguments: ArchitectureSample.crossSections) func oneSymbolAloneAndNoneAtAllGiveNumbers(_ sample: ArchitectureSample) throws {
    let graph = try sample.build(8)
    let alone = try logits(graph, sample.features(1), mask: [0, 0, 1, 0])
    #expect(alone.joined().allSatisfy(\.isFinite) && alone[2].contains { $0 != 0 })
    #expect(try logits(graph, sample.features(1), mask: [0, 0, 0, 0]).joined().allSatisfy { $0 == 0 })
    let executor = try BatchExecutor(graph, binding: ["batch": 1], outputs: ["probabilities"])
    for mask: [Float] in [[0, 0, 1, 0], [0, 0, 0, 0]] {
      let inputs = ["features": sample.features(1), "mask": Tensor(mask, shape: [1, 4])]
      #expect(try executor.run(inputs)["probabilities"]?.doubles.allSatisfy(\.isFinite) == true)
    }
  }

  /// The third symbol of the sample has no edges: it answers as it does alone, and attends to itself.
  @Test func aSymbolWithoutNeighboursKeepsItsOwnValue() throws {
    let network = GraphAttentionNetwork(
      CrossSection(symbols: 4, inputs: 2, outputs: 3, edges: .given(ArchitectureSample.adjacency)), hidden: [4, 4], heads: 2)
    let graph = try network.graph(seed: 9)
    let features = ArchitectureSample.crossSections[0].features(1)
    let together = try logits(graph, features, mask: [1, 1, 1, 1])
    #expect(try logits(graph, features, mask: [0, 0, 1, 0])[2] == together[2])
    #expect(try logits(graph, features, mask: [1, 0, 0, 0])[0] != together[0])
    let weights = try #require(
      run(graph, features, mask: [1, 1, 1, 1], ["attention_0.weights"])["attention_0.weights"]
    ).doubles
    #expect(Array(weights[8..<12]) == [0, 0, 1, 0])
  }

  /// Weights of edges multiply the terms of the softmax.
  @Test func twiceTheWeightIsTwiceTheAttention() throws {
    func weights(_ edge: Float) throws -> [Double] {
      var matrix = [Float](repeating: 1, count: 16)
      matrix[1] = edge
      let network = GraphAttentionNetwork(
        CrossSection(symbols: 4, inputs: 2, outputs: 3, edges: .given(SymbolAdjacency(symbols: 4, weights: matrix))), hidden: [2], heads: 1)
      let features = ArchitectureSample.crossSections[0].features(1)
      return try #require(
        run(network.graph(seed: 1), features, mask: [1, 1, 1, 1], ["attention_0.weights"])["attention_0.weights"]
      ).doubles
    }
    let (once, twice) = (try weights(1), try weights(2))
    #expect(abs(twice[1] / twice[0] / (2 * once[1] / once[0]) - 1) < 1e-6)
  }

  @Test func attentionsAreReadByName() throws {
    for sample in ArchitectureSample.crossSections {
      let graph = try sample.build(1)
      let features = sample.features(3)
      let data = try TrainingData([
        "features": features, "mask": Tensor((0..<12).map { Float($0 == 5 ? 0 : 1) }, shape: [3, 4]),
      ])
      let attentions = try graph.attentions(on: data)
      #expect(attentions.count == graph.attentionValues.count && graph.attentionValues.first == "attention_0.weights")
      for weights in attentions.values {
        #expect(weights.shape[0] == 3 && weights.shape.dimensions.suffix(2) == [4, 4])
        let values = weights.values(as: Float.self)
        for row in 0..<values.count / 4 { #expect(abs(values[4 * row..<4 * row + 4].reduce(0, +) - 1) < 1e-5) }
        // The second symbol of the second row is absent.
        let heads = weights.shape[1]
        for query in 0..<4 * heads { #expect(values[(4 * heads + query) * 4 + 1] == 0) }
      }
    }
  }

  /// Each symbol's class is whether its feature lies above the mean of those that are there, which it cannot know alone.
  @Test(arguments: [false, true]) func aCrossSectionIsLearnt(isTransformer: Bool) throws {
    var generator = SeededGenerator(seed: 3)
    let rows = 256
    let features = (0..<rows * 4).map { _ in Float(generator.normal()) }
    let mask = (0..<rows * 4).map { _ in Float(generator.uniform() < 0.8 ? 1 : 0) }
    let labels = (0..<rows * 4).map { index -> Int64 in
      guard mask[index] == 1 else { return CrossSectionCrossEntropy.absent }
      let others = (index / 4 * 4..<index / 4 * 4 + 4).filter { mask[$0] == 1 }
      return features[index] >= others.reduce(0) { $0 + features[$1] } / Float(others.count) ? 1 : 0
    }
    let data = try TrainingData([
      "features": Tensor(features, shape: [rows, 4, 1]), "mask": Tensor(mask, shape: [rows, 4]), "labels": Tensor(labels, shape: [rows, 4]),
    ])
    let section = CrossSection(symbols: 4, inputs: 1, outputs: 2)
    let graph =
      isTransformer
      ? try GraphTransformer(section, layers: 1, heads: 2, width: 16).graph(seed: 1)
      : try GraphAttentionNetwork(section, hidden: [16, 16], heads: 2).graph(seed: 1)
    let settings = TrainingSettings(epochs: 30, batchSize: 32, optimizer: .adam(learningRate: 0.01))
    let result = try Trainer(settings).train(graph, loss: CrossSectionCrossEntropy(), on: data)
    // Alone a symbol's sign says most of it; the rest takes the others.
    #expect(result.history[29].trainingLoss < 0.15)
  }

  /// The third symbol is up where the first and the second add up to more than 0, the fourth where the second exceeds the first: no
  /// weights that are at least 0 and the same in both directions say both.
  @Test(arguments: [false, true]) func learnedEdgesHaveDirectionsAndSigns(isTransformer: Bool) throws {
    var generator = SeededGenerator(seed: 5)
    let rows = 512
    let features = (0..<rows * 4).map { _ in Float(generator.normal()) }
    let labels = (0..<rows).flatMap { row -> [Int64] in
      let (one, two) = (features[4 * row], features[4 * row + 1])
      return [CrossSectionCrossEntropy.absent, CrossSectionCrossEntropy.absent, one + two > 0 ? 1 : 0, two - one > 0 ? 1 : 0]
    }
    let data = try TrainingData([
      "features": Tensor(features, shape: [rows, 4, 1]), "mask": Tensor([Float](repeating: 1, count: rows * 4), shape: [rows, 4]),
      "labels": Tensor(labels, shape: [rows, 4]),
    ])
    let section = CrossSection(symbols: 4, inputs: 1, outputs: 2, edges: .learned(dimensions: 4))
    let graph =
      isTransformer
      ? try GraphTransformer(section, layers: 1, heads: 2, width: 16).graph(seed: 1)
      : try GraphAttentionNetwork(section, hidden: [16], heads: 4).graph(seed: 1)
    let settings = TrainingSettings(epochs: 60, batchSize: 32, optimizer: .adam(learningRate: 0.01))
    let result = try Trainer(settings).train(graph, loss: CrossSectionCrossEntropy(), on: data)
    // Half of the symbols count: nothing known is 0.35.
    #expect(result.history[59].trainingLoss < 0.08)
  }

  @Test func settingsOutOfRangeAreNamed() {
    func message(_ network: GraphAttentionNetwork) -> String {
      do { return "built \(try network.graph(seed: 1).name)" } catch { return "\(error)" }
    }
    var section = Self.section
    section.edges = .given(SymbolAdjacency(symbols: 3, weights: [Float](repeating: 1, count: 9)))
    #expect(message(GraphAttentionNetwork(section)).contains("graph-attention: adjacency: expected 4 × 4 weights, found 9 for 3 symbols"))
    section.edges = .given(SymbolAdjacency(symbols: 4, weights: [0, 1, 1, 1, -1] + [Float](repeating: 1, count: 11)))
    #expect(message(GraphAttentionNetwork(section)).contains("adjacency[1][0]: expected a number of at least 0, found -1.0"))
    #expect(
      message(GraphAttentionNetwork(Self.section, hidden: [6], heads: 4)).contains("heads: expected a divisor of the width 6, found 4"))
    section = Self.section
    section.symbols = 0
    #expect(message(GraphAttentionNetwork(section)).contains("symbols: expected 1 to 4096, found 0"))
    section = Self.section
    section.steps = 4
    section.sequence = .tcn(channels: [], kernel: 3)
    #expect(message(GraphAttentionNetwork(section)).contains("layers: expected 1 to 16, found 0"))
  }
}
