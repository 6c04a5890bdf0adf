import PareCompression
import PareGraph
import PareTensor
import PareTraining
import Testing

@Suite struct WeightSharingTests {
  static func numbers(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float(generator.normal() * (generator.uniform() < 0.1 ? 4 : 1)) }
  }

  @Test(arguments: 1...8) func aLayerHasAtMostTwoToTheBitsValues(_ bits: Int) throws {
    let model = try Fixture.model(hidden: [32, 32])
    let graph = try WeightSharing(bits: bits).apply(to: model, in: CompressionContext()).graph
    for layer in graph.linearLayers {
      #expect(Set(try Fixture.weights(graph, layer.weight)).count <= 1 << bits)
    }
    let storage = try #require(graph.parameters["dense_1.weight"]).storage
    #expect(storage.element == .codebook(bits: bits))
    let values = Set(try Fixture.weights(graph, "dense_1.weight")).count
    #expect(storage.byteCount == 32 * 32 * bits / 8 + 4 * values)
  }

  @Test func theCostIsNeverAboveThatOfEvenlySpacedValues() throws {
    for seed in 0..<20 as Range<UInt64> {
      let numbers = Self.numbers(300, seed: seed)
      for clusters in [1, 2, 3, 8, 16] {
        let search = try #require(ScalarKMeans(numbers, clusters: clusters))
        let uniform = search.clustering(search.linearStart())
        let linear = search.converged(from: search.linearStart())
        #expect(linear.cost <= uniform.cost)
        var generator = SeededGenerator(seed: seed)
        let start = search.plusPlusStart(&generator)
        #expect(search.converged(from: start).cost <= search.clustering(start).cost)
      }
    }
  }

  /// Independent of the running sums: centres against members found by comparing all distances.
  @Test func centresAreTheMeansOfTheirMembers() throws {
    let numbers = Self.numbers(200, seed: 3)
    let search = try #require(ScalarKMeans(numbers, clusters: 6))
    let clustering = search.converged(from: search.linearStart())
    var cost = 0.0
    var members = [[Double]](repeating: [], count: clustering.centres.count)
    for number in numbers {
      let distances = clustering.centres.map { (Double($0) - Double(number)).magnitude }
      let nearest = try #require(distances.indices.min { distances[$0] < distances[$1] })
      #expect(clustering.nearest(to: number) == clustering.centres[nearest])
      members[nearest].append(Double(number))
      cost += distances[nearest] * distances[nearest]
    }
    #expect((cost - clustering.cost).magnitude <= 1e-9 * cost)
    for (centre, members) in zip(clustering.centres, members) {
      let mean = members.reduce(0, +) / Double(members.count)
      #expect((mean - Double(centre)).magnitude <= mean.magnitude * 0x1p-23)
    }
  }

  @Test func kMeansPlusPlusIsNoWorseThanLinear() throws {
    let model = try Fixture.model(hidden: [32, 32])
    func noise(_ start: WeightSharing.Start, seed: UInt64) throws -> [Double] {
      try WeightSharing(bits: 3, start: start).compress(model, in: CompressionContext(seed: seed)).layers.map {
        try #require($0.weightError).noiseEnergy
      }
    }
    let linear = try noise(.linear, seed: 0)
    for seed in 0..<5 as Range<UInt64> {
      for (drawn, linear) in zip(try noise(.kMeansPlusPlus, seed: seed), linear) { #expect(drawn <= linear) }
    }
  }

  @Test func fewDistinctWeightsAreKeptExactly() throws {
    var model = try Fixture.model()
    let weights = (0..<120).map { Float([-0.75, 0.1, 0.3, 1.5][$0 % 4]) }
    model.graph.parameters["dense_1.weight"]?.storage = ParameterStorage(Tensor(weights, shape: [10, 12]))
    let graph = try WeightSharing(bits: 2).apply(to: model, in: CompressionContext()).graph
    #expect(try Fixture.weights(graph, "dense_1.weight") == weights)
    let again = try WeightSharing(bits: 2).apply(to: Model(graph: graph), in: CompressionContext()).graph
    #expect(again.parameters == graph.parameters)
  }

  @Test(arguments: 1...4) func prunedWeightsStayZero(_ bits: Int) throws {
    let pruned = try Pruning(sparsity: 0.7).apply(to: Fixture.model(hidden: [32, 32]), in: CompressionContext())
    let graph = try WeightSharing(bits: bits).apply(to: pruned, in: CompressionContext()).graph
    for layer in graph.linearLayers {
      let (before, after) = (try Fixture.weights(pruned.graph, layer.weight), try Fixture.weights(graph, layer.weight))
      #expect(Set(after).count <= 1 << bits)
      for (b, a) in zip(before, after) { #expect((b == 0) == (a == 0)) }
    }
  }

  @Test func aLayerOfZerosIsLeftAlone() throws {
    var model = try Fixture.model()
    model.graph.parameters["dense_1.weight"]?.storage = ParameterStorage(Tensor(zeros: .float32, shape: [10, 12]))
    let graph = try WeightSharing(bits: 2).apply(to: model, in: CompressionContext()).graph
    #expect(try Fixture.weights(graph, "dense_1.weight").allSatisfy { $0 == 0 })
  }

  @Test func theSmallestStorageLosesNothing() throws {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<200 {
      let table = (0..<1 + generator.below(6)).map { _ in Float(generator.normal()) } + [0, -0.0]
      let values = (0..<1 + generator.below(80)).map { _ in table[generator.below(table.count)] }
      let tensor = Tensor(values)
      for sharing in [false, true] {
        let storage = ParameterStorage.smallest(of: tensor, sharing: sharing)
        #expect(storage.decoded() == tensor)
        #expect(storage.byteCount <= tensor.byteCount)
      }
    }
  }

  @Test func aValueMovesByTheGradientsOfAllThatShareIt() throws {
    let context = try Fixture.context()
    let model = try Pruning(sparsity: 0.4).apply(to: Fixture.model(), in: context)
    let schedule = TrainingSchedule(epochs: 4, batchSize: 64, learningRate: 0.01)
    let found = try WeightSharing(bits: 3).apply(to: model, in: context)
    let trained = try WeightSharing(bits: 3, fineTuning: FineTuning(schedule)).apply(to: model, in: context)
    for layer in model.graph.linearLayers {
      let (before, after) = (try Fixture.weights(found.graph, layer.weight), try Fixture.weights(trained.graph, layer.weight))
      #expect(before != after)
      // The same weights share a value as before, and zero is still zero.
      let pairs = Set(zip(before, after).map { [$0, $1] })
      #expect(pairs.count == Set(before).count)
      for (old, new) in zip(before, after) where old == 0 { #expect(new == 0) }
    }
    func loss(_ model: Model) throws -> Double {
      try Trainer().loss(of: model.graph, by: CrossEntropy(logits: "logits"), on: Fixture.rows(256, seed: 8))
    }
    #expect(try loss(trained) < loss(found))
  }

  @Test func oneSetOfValuesServesTheWholeModel() throws {
    let shared = try WeightSharing(bits: 4, scope: .model).apply(to: Fixture.model(), in: CompressionContext())
    let values = Set(try shared.graph.linearLayers.flatMap { try Fixture.weights(shared.graph, $0.weight) })
    #expect(values.count <= 16 && values.count > 8)
  }
}
