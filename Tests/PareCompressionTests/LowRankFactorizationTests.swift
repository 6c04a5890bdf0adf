import Foundation
import PareCompression
import PareGraph
import PareLinearAlgebra
import PareTensor
import PareTraining
import Testing

@Suite struct LowRankFactorizationTests {
  @Test func theErrorIsThatOfTheDiscardedSingularValues() throws {
    let model = try Fixture.model(hidden: [24, 24])
    let weight = try #require(model.graph.parameters["dense_1.weight"]).storage.decoded()
    let sigma = try SingularValueDecomposition(weight).singularValues
    for rank in [1, 3, 8, 11] {
      let result = try LowRankFactorization(.rank(rank), layers: .named(["dense_1"])).compress(model, in: CompressionContext())
      let report = try #require(result.layers.first)
      let discarded = sigma.dropFirst(rank).reduce(0) { $0 + $1 * $1 }
      let error = try #require(report.weightError)
      // The factors are rounded to Float32: each element of either by at most 2⁻²⁴ of itself, so that the product is
      // off by at most 2.1 · 2⁻²⁴ · Σ σ[i] < rank in norm.
      let rounding = 2.1 * 0x1p-24 * sigma.prefix(rank).reduce(0, +) * Double(rank).squareRoot()
      #expect((error.noiseEnergy.squareRoot() - discarded.squareRoot()).magnitude <= rounding)
      #expect((try #require(report.figures["truncation_error"]) - discarded.squareRoot()).magnitude <= 1e-12)
    }
  }

  @Test func twoNodesStandWhereOneStood() throws {
    let model = try Fixture.model(hidden: [24, 24])
    let graph = try LowRankFactorization(.rank(4), layers: .named(["dense_1"])).apply(to: model, in: CompressionContext()).graph
    #expect(graph.nodes.map { $0.name }.filter { $0.hasPrefix("dense") } == ["dense_0", "dense_1.v", "dense_1.u", "dense_2"])
    #expect(graph.parameters["dense_1.weight"] == nil)
    #expect(graph.parameters["dense_1.v.weight"]?.storage.shape == [4, 24])
    #expect(graph.parameters["dense_1.u.weight"]?.storage.shape == [24, 4])
    #expect(graph.trainableElementCount == model.graph.trainableElementCount - 24 * 24 + 2 * 4 * 24)
  }

  @Test func aMatrixOfThatRankIsReproduced() throws {
    var model = try Fixture.model(hidden: [16, 16])
    let weight: [Float] = (0..<256).map { index in
      let (row, column) = (index / 16, index % 16)
      return Float(row % 5) * Float(column % 3) + Float(row) * 0.25
    }
    model.graph.parameters["dense_1.weight"]?.storage = ParameterStorage(Tensor(weight, shape: [16, 16]))
    let result = try LowRankFactorization(.energy(1 - 1e-12), layers: .named(["dense_1"])).compress(model, in: CompressionContext())
    #expect(result.layers.first?.figures["rank"] == 2)
    #expect(try #require(result.layers.first?.weightError).maximumError < 1e-5)
  }

  @Test(arguments: [("Gemm", 1), ("Gemm", 0), ("MatMul", 0)])
  func everyOrientationComputesTheSameProduct(_ form: (operatorName: String, transB: Int)) throws {
    var generator = SeededGenerator(seed: 5)
    // Rank 2 in 9 × 7, so that nothing but rounding is lost.
    let left: [Double] = (0..<18).map { _ in generator.normal() }
    let right: [Double] = (0..<14).map { _ in generator.normal() }
    let product: [Float] = (0..<63).map { index in
      let (row, column) = (index / 7, index % 7)
      return Float(left[row * 2] * right[column] + left[row * 2 + 1] * right[7 + column])
    }
    var builder = GraphBuilder(name: "one")
    let width = form.transB == 1 ? 7 : 9
    let x = try builder.input("x", ValueType(.float32, ["batch", .fixed(width)]))
    let w = try builder.parameter("w", Tensor(product, shape: [9, 7]), isTrainable: true)
    let attributes: [String: Attribute] = form.operatorName == "Gemm" ? ["transB": .int(form.transB), "alpha": .float(0.5)] : [:]
    try builder.output(builder.apply(OperatorName(form.operatorName), [x, w], attributes: attributes, name: "layer", output: "y"))
    let model = Model(graph: builder.graph)
    let factorized = try LowRankFactorization(.rank(2)).apply(to: model, in: CompressionContext())
    #expect(factorized.graph.nodes.count == 2)
    let rows = try TrainingData(["x": Tensor((0..<4 * width).map { _ in Float(generator.normal()) }, shape: [4, width])])
    let before = try #require(Scorer(model.graph).run(rows)["y"]).doubles
    let after = try #require(Scorer(factorized.graph).run(rows)["y"]).doubles
    for (b, a) in zip(before, after) { #expect((b - a).magnitude < 1e-4) }
  }

  @Test func fineTuningLearnsOnWithinTheRank() throws {
    let model = try Fixture.model(hidden: [24, 24])
    let context = try Fixture.context()
    func loss(_ graph: Graph) throws -> Double {
      let rows = try Fixture.rows(256, seed: 8)
      let labels = try #require(rows["labels"]).values(as: Int64.self)
      let probabilities = try #require(Scorer(graph).run(rows)["probabilities"]).values(as: Float.self)
      return labels.enumerated().reduce(0) { $0 - log(Double(max(probabilities[3 * $1.offset + Int($1.element)], 1e-9))) }
    }
    let cut = try LowRankFactorization(.rank(3)).compress(model, in: context)
    let tuned = try LowRankFactorization(.rank(3), fineTuning: FineTuning(TrainingSchedule(epochs: 5, batchSize: 32, learningRate: 0.01)))
      .compress(model, in: context)
    #expect(try loss(tuned.model.graph) < 0.7 * loss(cut.model.graph))
    #expect(tuned.model.graph.parameters.mapValues(\.storage.shape) == cut.model.graph.parameters.mapValues(\.storage.shape))
    #expect(tuned.layers == cut.layers)
  }

  @Test func aLayerIsKeptWholeWhereFactorsWouldCostMore() throws {
    let model = try Fixture.model(hidden: [24, 24])
    // 12 · (24 + 24) = 24 · 24: no fewer.
    let result = try LowRankFactorization(.rank(12), layers: .named(["dense_1"])).compress(model, in: CompressionContext())
    #expect(result.model.graph.nodes == model.graph.nodes)
    #expect(result.layers.first?.outcome.hasPrefix("kept whole") == true)
  }

  @Test(arguments: [0.1, 0.3, 0.5, 0.8]) func aTargetRatioIsMet(_ ratio: Double) throws {
    let model = try Fixture.model(hidden: [40, 30])
    let graph = try LowRankFactorization(.ratio(ratio), layers: .named(["dense_1"])).apply(to: model, in: CompressionContext()).graph
    let factors = graph.parameters.filter { $0.key.hasPrefix("dense_1.") && $0.key.hasSuffix(".weight") }
    let count = factors.values.reduce(0) { $0 + $1.storage.shape.elementCount }
    #expect(factors.count == 2 && Double(count) <= ratio * 1200)
    #expect(Double(count) > ratio * 1200 - 70)
  }

  @Test func factorsCanBePrunedSharedAndQuantized() throws {
    let recipe = Recipe("all") {
      LowRankFactorization(.ratio(0.5), layers: .named(["dense_1"]))
      Pruning(sparsity: 0.5)
      WeightSharing(bits: 4)
      Quantization(.int8)
    }
    let model = try Fixture.model(hidden: [40, 30])
    let result = try recipe.apply(to: model, in: Fixture.context())
    #expect(result.model.graph.parameters["dense_1.u.weight"]?.storage.elementType == .int8)
    #expect(result.model.graph.storedByteCount * 3 < model.graph.storedByteCount)
    let output = try Scorer(result.model.graph, outputs: ["logits"]).run(Fixture.rows(16))
    #expect(try #require(output["logits"]).doubles.allSatisfy { $0.isFinite })
  }
}
