import PareCompression
import PareGraph
import PareTensor
import Testing

@Suite struct PruningTests {
  @Test(arguments: [0.0, 0.1, 0.333, 0.5, 0.9, 0.999])
  func exactlyTheFractionAskedForIsZero(_ sparsity: Double) throws {
    let model = try Fixture.model()
    let pruned = try Pruning(sparsity: sparsity).apply(to: model, in: CompressionContext())
    let weights = try pruned.graph.linearLayers.flatMap { try Fixture.weights(pruned.graph, $0.weight) }
    #expect(weights.count { $0 == 0 } == Int((sparsity * Double(weights.count)).rounded()))
  }

  @Test func theSmallestOfAllLayersGoAndTheRestKeepTheirBits() throws {
    let model = try Fixture.model()
    let pruned = try Pruning(sparsity: 0.6).apply(to: model, in: CompressionContext())
    var largestRemoved: Float = 0
    var smallestKept = Float.infinity
    for layer in model.graph.linearLayers {
      let after = try Fixture.weights(pruned.graph, layer.weight)
      for (old, new) in zip(try Fixture.weights(model.graph, layer.weight), after) {
        #expect(new == 0 || new == old)
        if new == 0 { largestRemoved = max(largestRemoved, old.magnitude) } else { smallestKept = min(smallestKept, old.magnitude) }
      }
    }
    #expect(largestRemoved <= smallestKept)
  }

  @Test func perLayerEveryLayerLosesTheSameFraction() throws {
    let pruned = try Pruning(sparsity: 0.25, scope: .perLayer).apply(to: Fixture.model(), in: CompressionContext())
    for layer in pruned.graph.linearLayers {
      let weights = try Fixture.weights(pruned.graph, layer.weight)
      #expect(weights.count { $0 == 0 } == Int((0.25 * Double(weights.count)).rounded()))
    }
  }

  @Test func equalMagnitudesGoInOrder() throws {
    var model = try Fixture.model()
    model.graph.parameters["dense_1.weight"]?.storage = ParameterStorage(
      Tensor((0..<120).map { $0 % 2 == 0 ? Float(0.5) : -0.5 }, shape: [10, 12]))
    let pruned = try Pruning(sparsity: 0.1, layers: .named(["dense_1"])).apply(to: model, in: CompressionContext())
    let weights = try Fixture.weights(pruned.graph, "dense_1.weight")
    #expect(weights.indices.filter { weights[$0] == 0 } == Array(0..<12))
  }

  @Test func aMaskIsUsedOnlyWhereItWeighsLess() throws {
    // A bit a weight costs 1/32 of the dense form.
    for (sparsity, layout) in [(0.02, ParameterStorage.Layout.dense), (0.2, .bitmask)] {
      let technique = Pruning(sparsity: sparsity, scope: .perLayer, layers: .named(["dense_1"]))
      let pruned = try technique.apply(to: Fixture.model(), in: CompressionContext())
      let storage = try #require(pruned.graph.parameters["dense_1.weight"]).storage
      #expect(storage.layout == layout)
      #expect(storage.byteCount <= 4 * 120)
    }
  }

  @Test func fineTuningLearnsOnButKeepsTheZeros() throws {
    let model = try Fixture.model()
    let context = try Fixture.context()
    let cut = try Pruning(sparsity: 0.8).apply(to: model, in: context)
    let tuned = try Pruning(sparsity: 0.8, fineTuning: FineTuning(TrainingSchedule(epochs: 3, batchSize: 32))).apply(
      to: model, in: context)
    for layer in cut.graph.linearLayers {
      let (before, after) = (try Fixture.weights(cut.graph, layer.weight), try Fixture.weights(tuned.graph, layer.weight))
      #expect(before != after)
      for (b, a) in zip(before, after) where b == 0 { #expect(a == 0) }
    }
  }

  @Test func sharedWeightsStaySharedWhenPruned() throws {
    let shared = try WeightSharing(bits: 2).apply(to: Fixture.model(hidden: [32, 32]), in: CompressionContext())
    let pruned = try Pruning(sparsity: 0.5).apply(to: shared, in: CompressionContext())
    let storage = try #require(pruned.graph.parameters["dense_1.weight"]).storage
    guard case .codebook = storage.element else {
      Issue.record("stored as \(storage.element)")
      return
    }
    #expect(storage.byteCount < 32 * 32)
  }

  @Test func aWeightThatIsNoNumberIsNamed() throws {
    var model = try Fixture.model()
    var weights = try Fixture.weights(model.graph, "dense_1.weight")
    weights[15] = .nan
    model.graph.parameters["dense_1.weight"]?.storage = ParameterStorage(Tensor(weights, shape: [10, 12]))
    for technique in [Pruning(sparsity: 0.5), WeightSharing(bits: 2), Quantization(.int8)] as [any CompressionTechnique] {
      let error = try #require(throws: CompressionError.self) {
        try technique.apply(to: model, in: CompressionContext(training: Fixture.rows()))
      }
      #expect(error.subject == "layer 'dense_1', dense_1.weight[1, 3]")
      #expect(error.code == "compression.non-finite-value")
    }
  }
}
