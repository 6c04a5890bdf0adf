import PareCompression
import PareGraph
import PareInference
import PareModels
import PareTensor
import PareTraining
import Testing

/// Training of layers of signs.
@Suite struct BinaryTrainingTests {
  typealias QAT = QuantizationAwareTraining
  static let short = TrainingSchedule(epochs: 2, batchSize: 64, learningRate: 1e-3)

  /// The fraction of rows whose class the model finds.
  static func accuracy(_ graph: Graph, _ rows: TrainingData) throws -> Double {
    let logits = try #require(Scorer(graph, outputs: ["logits"]).run(rows)["logits"]).doubles
    let labels = try #require(rows["labels"]).values(as: Int64.self)
    let hits = labels.indices.count { row in
      let scores = logits[row * 3..<row * 3 + 3]
      return scores.max() == logits[row * 3 + Int(labels[row])]
    }
    return Double(hits) / Double(labels.count)
  }

  @Test func hiddenLayersBecomeSignsAndHandBitsOn() throws {
    let model = try Fixture.model(hidden: [40, 70, 33])
    let result = try QAT(.binary, training: Self.short).compress(model, in: Fixture.context())
    let graph = result.model.graph
    #expect(
      graph.nodes.map(\.operatorName.description)
        == ["Sub", "Mul", "Clip", "Gemm", "pare.BinaryDense", "pare.BinaryDense", "Relu", "Gemm", "Softmax", "pare.Decide"])
    for (name, shape) in [("dense_1.weight", [70, 40] as Shape), ("dense_2.weight", [33, 70])] {
      let weight = try #require(graph.parameters[name]).storage
      #expect(weight.element == .sign && weight.shape == shape && weight.byteCount == (shape.elementCount + 7) / 8)
    }
    #expect(result.layers.map(\.layer) == ["dense_1", "dense_2"])
    let lowered = try BinaryLowering.lower(graph)
    #expect(lowered.nodes.contains { $0.attributes["packs"] == .int(1) })
    _ = try ExecutionPlan(graph)
    // ONNX's standard operators say the same.
    let rows = try Fixture.rows(100, seed: 4)
    let decomposed = try BinaryDecomposition.decompose(graph)
    let (ours, standard) = (
      try #require(Scorer(graph, outputs: ["logits"]).run(rows)["logits"]), try #require(Scorer(decomposed, outputs: ["logits"]).run(rows)["logits"])
    )
    #expect((ErrorMeasure(of: standard.doubles, against: ours.doubles).signalToNoiseDecibels ?? .infinity) > 80)
  }

  /// Classes are steps of a linear score with a third of the rows each, so chance is about 0.37.
  @Test func signsLearnFarBeyondChance() throws {
    let model = try QuantizationAwareTrainingTests.trained(hidden: [64, 64])
    let technique = QAT(.binary, training: TrainingSchedule(epochs: 40, batchSize: 64, learningRate: 5e-3, patience: 40))
    let graph = try technique.apply(to: model, in: Fixture.context()).graph
    let rows = try Fixture.rows(4000, seed: 77)
    let (real, binary) = (try Self.accuracy(model.graph, rows), try Self.accuracy(graph, rows))
    #expect(real > 0.9)
    #expect(binary > 0.75)
  }

  @Test func theTrainedGraphIsTheDeployedOne() throws {
    let model = try QuantizationAwareTrainingTests.trained(hidden: [24, 40, 24])
    let (rows, fresh) = (try Fixture.rows(), try Fixture.rows(1000, seed: 21))
    let layers = try LayerSelector.exceptFirstAndLast.layers(of: model.graph)
    let form = try BinaryForm(model.graph, layers: layers, rows: rows)
    let settings = TrainingSettings(epochs: 4, batchSize: 64, optimizer: .adam(learningRate: 5e-3), seed: 3)
    let trained = try Trainer(settings).train(form.graph, loss: CrossEntropy(), on: rows).graph
    let deployed = try form.deployed(trained)
    #expect(!deployed.nodes.contains { $0.operatorName == Binarize.name })
    let (ours, theirs) = (
      try #require(Scorer(deployed, outputs: ["logits"]).run(fresh)["logits"]).doubles,
      try #require(Scorer(trained, outputs: ["logits"]).run(fresh)["logits"]).doubles
    )
    // A number beside 0 may have the other sign, since a normalization is taken into the scale before it.
    #expect(zip(ours, theirs).count { abs($0 - $1) <= 1e-4 * (1 + abs($1)) } >= 2970)
  }

  @Test func aTeacherIsHeardToo() throws {
    let model = try QuantizationAwareTrainingTests.trained(hidden: [24, 24])
    let technique = QAT(
      .binary, hardWeight: 0.5, temperature: 2, training: TrainingSchedule(epochs: 15, batchSize: 64, learningRate: 5e-3))
    let graph = try technique.apply(to: model, in: Fixture.context()).graph
    #expect(try Self.accuracy(graph, Fixture.rows(2000, seed: 31)) > 0.6)
  }

  @Test func oneRowAndConstantLayersAreTrained() throws {
    var model = try Fixture.model(hidden: [12, 10, 8])
    model.graph.parameters["dense_1.weight"]?.storage = ParameterStorage(Tensor(zeros: .float32, shape: [10, 12]))
    let context = CompressionContext(training: try Fixture.rows(1), seed: 1)
    let graph = try QAT(.binary, training: Self.short).apply(to: model, in: context).graph
    #expect(graph.parameters.values.allSatisfy { $0.storage.decoded().doubles.allSatisfy(\.isFinite) })
    _ = try ExecutionPlan(graph)
  }

  @Test func whatCannotBeSignsStaysOrIsRefused() throws {
    let context = try Fixture.context()
    let pruned = try Pruning(sparsity: 0.5, layers: .named(["dense_1"])).apply(to: Fixture.model(hidden: [12, 10, 8]), in: context)
    let result = try QAT(.binary, training: Self.short).compress(pruned, in: context)
    #expect(result.layers.map(\.outcome)[0] == "left in Float32: it has weights that stay zero")
    // The normalization before the next layer's signs is folded into it, under its mask.
    let folded = try #require(result.model.graph.parameters["dense_1.folded_weight"])
    #expect(folded.storage.elementType == .float32 && folded.storage.layout == .bitmask && folded.isTrainable)
    #expect(result.model.graph.nodes.count { $0.operatorName == BinaryDense.name } == 1)
    let error = try #require(throws: CompressionError.self) {
      try QAT(.binary, layers: .named(["dense_1"]), training: Self.short).apply(to: pruned, in: context)
    }
    #expect(
      error.description
        == "model 'mlp': expected a selected layer whose weights can be signs, found dense_1: it has weights that stay zero")
    let rows = try TrainingData([
      "features": Tensor([Float](repeating: .nan, count: 12), shape: [2, 6]), "labels": Tensor([Int64(0), 1]),
    ])
    let nan = try #require(throws: CompressionError.self) {
      try QAT(.binary).apply(to: Fixture.model(), in: CompressionContext(training: rows))
    }
    #expect(nan.code == "compression.non-finite-value")
  }
}
