import PareCompression
import PareGraph
import PareTensor
import PareTraining
import Testing

@Suite struct VectorSharingTests {
  private static func vectors(_ count: Int, _ dimension: Int, seed: UInt64) -> [Float] {
    WeightSharingTests.numbers(count * dimension, seed: seed)
  }

  /// How many different runs of so many weights there are.
  private static func distinct(_ weights: [Float], _ dimension: Int) -> Int {
    Set(stride(from: 0, to: weights.count, by: dimension).map { Array(weights[$0..<$0 + dimension]) }).count
  }

  /// Distances in Float64, one pair at a time.
  @Test(arguments: [1, 2, 3, 4, 8]) func centresAreTheMeansOfTheVectorsNearestToThem(_ dimension: Int) throws {
    let vectors = Self.vectors(150, dimension, seed: 5)
    let search = try #require(VectorKMeans(vectors, dimension: dimension, clusters: 7))
    var generator = SeededGenerator(seed: 1)
    let start = search.plusPlusStart(&generator)
    let found = search.converged(from: start)
    #expect(found.cost <= search.clustering(start).cost)
    let k = found.centres.count / dimension
    func square(_ index: Int, _ centre: Int) -> Double {
      var sum = 0.0
      for place in 0..<dimension {
        let difference = Double(vectors[index * dimension + place]) - Double(found.centres[centre * dimension + place])
        sum += difference * difference
      }
      return sum
    }
    var cost = 0.0
    for index in 0..<150 {
      let least = try #require((0..<k).map { square(index, $0) }.min())
      // In Float32 a centre may look nearer that is as near but for rounding: of differences, squares and sums.
      let allowed = least * (1 + Double(dimension + 3) * 0x1p-23)
      #expect(square(index, found.nearest[index]) <= allowed)
      cost += square(index, found.nearest[index])
    }
    #expect((cost - found.cost).magnitude <= 1e-12 * cost)
    // Nothing is gained by another step.
    var next: [Float] = []
    for centre in 0..<k {
      let members = (0..<150).filter { found.nearest[$0] == centre }
      for place in 0..<dimension {
        let sum: Double = members.reduce(0) { $0 + Double(vectors[$1 * dimension + place]) }
        next.append(Float(sum / Double(members.count)))
      }
    }
    #expect(search.clustering(next).cost >= found.cost)
  }

  @Test func startsAreVectorsAndNoTwoAlike() throws {
    var vectors = Self.vectors(20, 2, seed: 8)
    vectors += vectors
    let all = Set((0..<20).map { [vectors[2 * $0], vectors[2 * $0 + 1]] })
    for clusters in [1, 5, 20, 64] {
      let search = try #require(VectorKMeans(vectors, dimension: 2, clusters: clusters))
      for seed in 0..<5 as Range<UInt64> {
        var generator = SeededGenerator(seed: seed)
        for start in [search.plusPlusStart(&generator), search.randomStart(&generator)] {
          let drawn = stride(from: 0, to: start.count, by: 2).map { [start[$0], start[$0 + 1]] }
          #expect(Set(drawn).isSubset(of: all) && Set(drawn).count == min(clusters, 20) && drawn.count == min(clusters, 20))
        }
      }
    }
    #expect(VectorKMeans([], dimension: 2, clusters: 3) == nil && VectorKMeans([1, 2, 3], dimension: 2, clusters: 3) == nil)
  }

  @Test(arguments: [2, 4, 8]) func weightsInARowShareAnIndex(_ vector: Int) throws {
    let model = try Fixture.model(hidden: [64, 64])
    let result = try WeightSharing(bits: 5, vector: vector).compress(model, in: CompressionContext())
    let storage = try #require(result.model.graph.parameters["dense_1.weight"]?.storage)
    #expect(storage.element == .codebook(bits: 5, dimension: vector))
    #expect(storage.byteCount == 64 * 64 / vector * 5 / 8 + 32 * vector * 4)
    #expect(Self.distinct(storage.decoded().values(as: Float.self), vector) == 32)
    #expect(result.layers[1].outcome == "32 vectors of \(vector), stored as dense, codebook of 5 bits for \(vector) in a row")
    // Rows of six inputs hold vectors of two.
    let first = try Fixture.weights(result.model.graph, "dense_0.weight")
    #expect(Self.distinct(first, 2) <= 32)
  }

  @Test func fewDistinctVectorsAreKeptExactly() throws {
    var model = try Fixture.model()
    let vectors: [[Float]] = [[-0.75, 0.1], [0.3, 1.5], [0, -0.0], [2, 2]]
    model.graph.parameters["dense_1.weight"]?.storage = ParameterStorage(
      Tensor((0..<60).flatMap { vectors[$0 % 4] }, shape: [10, 12]))
    let graph = try WeightSharing(bits: 2, vector: 2, start: .random).apply(to: model, in: CompressionContext()).graph
    #expect(graph.parameters["dense_1.weight"]?.storage.decoded() == model.graph.parameters["dense_1.weight"]?.storage.decoded())
    let again = try WeightSharing(bits: 2, vector: 2, start: .random).apply(to: Model(graph: graph), in: CompressionContext()).graph
    #expect(again.parameters == graph.parameters)
  }

  @Test func aVectorMovesByTheGradientsOfAllThatShareIt() throws {
    let context = try Fixture.context()
    let model = try Fixture.model(hidden: [16, 16])
    let schedule = TrainingSchedule(epochs: 4, batchSize: 64, learningRate: 0.01)
    let found = try WeightSharing(bits: 3, vector: 4).apply(to: model, in: context)
    let trained = try WeightSharing(bits: 3, vector: 4, fineTuning: FineTuning(schedule)).apply(to: model, in: context)
    let (before, after) = (try Fixture.weights(found.graph, "dense_1.weight"), try Fixture.weights(trained.graph, "dense_1.weight"))
    #expect(before != after)
    let pairs = stride(from: 0, to: before.count, by: 4).map { Array(before[$0..<$0 + 4] + after[$0..<$0 + 4]) }
    let firsts = Set(pairs.map { Array($0.prefix(4)) })
    #expect(Set(pairs).count == firsts.count)
    func loss(_ model: Model) throws -> Double {
      try Trainer().loss(of: model.graph, by: CrossEntropy(logits: "logits"), on: Fixture.rows(256, seed: 8))
    }
    #expect(try loss(trained) < loss(found))
  }

  @Test func outputsHaveTablesOfTheirOwn() throws {
    let pruned = try Pruning(sparsity: 0.5).apply(to: Fixture.model(hidden: [40, 40]), in: CompressionContext())
    let context = try Fixture.context()
    for fineTuning in [nil, FineTuning(TrainingSchedule(epochs: 1, batchSize: 64))] {
      let graph = try WeightSharing(bits: 2, scope: .outputs(16), fineTuning: fineTuning).apply(to: pruned, in: context).graph
      let (weights, zeros) = (try Fixture.weights(graph, "dense_1.weight"), try Fixture.weights(pruned.graph, "dense_1.weight"))
      for group in [0..<16, 16..<32, 32..<40] {
        #expect(Set(weights[group.lowerBound * 40..<group.upperBound * 40]).count == 4)
      }
      for (a, b) in zip(weights, zeros) { #expect((a == 0) == (b == 0)) }
      let storage = try #require(graph.parameters["dense_1.weight"]).storage
      #expect(storage.element == .codebook(bits: 2, groups: TableGroups(axis: 0, size: 16)))
    }
  }

  @Test func groupsOfColumnsAreThoseOfMatMul() throws {
    let graph = try WeightSharing(bits: 3, scope: .outputs(4), layers: .named(["query"])).apply(
      to: NetworkFixture.attentive(), in: CompressionContext()
    ).graph
    let weights = try Fixture.weights(graph, "wq")
    for group in 0..<4 {
      #expect(Set(weights.indices.filter { $0 % 16 / 4 == group }.map { weights[$0] }).count <= 8)
    }
    #expect(Set(weights).count > 8)
  }

  @Test func smallerGroupsLoseLess() throws {
    let model = try Fixture.model(hidden: [64, 64])
    let noise = try [WeightSharing.Scope.perLayer, .outputs(16), .outputs(4)].map { scope in
      try #require(try WeightSharing(bits: 3, scope: scope).compress(model, in: CompressionContext()).layers[1].weightError).noiseEnergy
    }
    #expect(noise[1] < noise[0] && noise[2] < noise[1])
  }

  @Test func whatDoesNotGoTogetherIsSaid() {
    func message(_ technique: WeightSharing) -> String? {
      do { try technique.validate(at: ParameterPath()) } catch { return "\(error)" }
      return nil
    }
    #expect(message(WeightSharing(bits: 4, vector: 3))?.contains("one of 1, 2, 4, 8") == true)
    #expect(message(WeightSharing(bits: 4, vector: 2, scope: .model))?.contains("'per-layer'") == true)
    #expect(message(WeightSharing(bits: 4, vector: 2, start: .linear))?.contains("vectors lie on no line") == true)
    #expect(message(WeightSharing(bits: 4, scope: .outputs(0)))?.contains("scope.outputs") == true)
    #expect(message(WeightSharing(bits: 4, convolutionBits: 9))?.contains("convolution-bits") == true)
    #expect(message(WeightSharing(bits: 4, convolutionBits: 8, scope: .model))?.contains("one set of values") == true)
    #expect(message(WeightSharing(bits: 4, convolutionBits: 8, vector: 8, start: .random)) == nil)
    let recipe = Recipe(name: "x", steps: [Pruning(sparsity: 0.5), WeightSharing(bits: 4, vector: 4)])
    #expect(recipe.warnings.count == 1)
  }
}
