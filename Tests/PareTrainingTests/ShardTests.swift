import PareGraph
import PareTensor
import PareTraining
import Testing

/// Batches in pieces, on any number of threads.
struct ShardTests {
  /// A linear layer of small integers with squared errors: every sum of the gradient is exact in Float32 in whatever order
  /// it is taken, so that pieces must give the very bits of the whole.
  @Test(arguments: [1, 2, 5]) func piecesAddUpToTheWholeBatch(threads: Int) throws {
    let (rows, features, outputs) = (256, 512, 256)
    var generator = SeededGenerator(seed: 4)
    func integers(_ count: Int) -> [Float] { (0..<count).map { _ in Float(generator.below(3)) - 1 } }
    let (x, w, t) = (integers(rows * features), integers(outputs * features), integers(rows * outputs))
    var builder = GraphBuilder(name: "linear")
    let input = try builder.input("features", ValueType(.float32, ["batch", .fixed(features)]))
    let weight = try builder.parameter("w", Tensor(w, shape: [outputs, features]), isTrainable: true)
    try builder.output(builder.apply("Gemm", [input, weight], attributes: ["transB": .int(1)], output: "y"))
    let loss = try MeanSquaredError(prediction: "y").append(to: &builder)
    let data = try TrainingData([
      "features": Tensor(x, shape: [rows, features]), "target": Tensor(t, shape: [rows, outputs]),
    ])
    let step = try TrainingStep(
      builder.graph, loss: loss, data: data, settings: TrainingSettings(batchSize: rows, optimizer: .sgd(learningRate: 0.5)),
      threads: threads)
    #expect(step.pieceCount == 2 && step.threadCount == min(threads, 2))
    _ = try Array(0..<rows).withUnsafeBufferPointer { try step.run(rows: $0) }
    // dL/dW = 2 / (rows · outputs) · (x Wᵀ − t)ᵀ x; times ½ that is a shift by 16 bits.
    var expected = w
    for output in 0..<outputs {
      var gradient = [Float](repeating: 0, count: features)
      for row in 0..<rows {
        var error = -t[row * outputs + output]
        for feature in 0..<features { error += x[row * features + feature] * w[output * features + feature] }
        for feature in 0..<features { gradient[feature] += error * x[row * features + feature] }
      }
      for feature in 0..<features { expected[output * features + feature] -= gradient[feature] * 0x1p-16 }
    }
    #expect(Array(step.parameters.elements.prefix(expected.count)) == expected)
  }

  /// Dropout, limits to the gradient, a mask, validation, an uneven batch at the end: 1 thread, 2 and 3.
  @Test func noBitDependsOnTheNumberOfThreads() throws {
    var graph = try SampleNetworks.dense([256, 512, 256, 3], dropout: 0.1)
    let weight = try #require(graph.parameters["w1"]).storage.decoded()
    let pruned = weight.values(as: Float.self).map { abs($0) < 0.01 ? 0 : $0 }
    graph.parameters["w1"]?.storage = ParameterStorage(Tensor(pruned, shape: weight.shape), layout: .bitmask)
    let data = try SampleNetworks.linear(rows: 3000, features: 256, classes: 3, seed: 1)
    let (training, validation) = (data.rows(0..<900), data.rows(900..<3000))
    let settings = TrainingSettings(
      epochs: 2, batchSize: 512, optimizer: .adam(learningRate: 0.01), gradientNorm: 0.5, gradientValue: 0.1)
    let results = try [1, 2, 3].map { threads in
      try Trainer(settings, resources: TrainingResources(threads: threads)).train(
        graph, loss: CrossEntropy(labelSmoothing: 0.1), on: training, validation: validation)
    }
    func weights(_ graph: Graph) -> [Tensor] { graph.parameters.values.map { $0.storage.decoded() } }
    for other in results.dropFirst() {
      #expect(other.history == results[0].history)
      #expect(weights(other.graph) == weights(results[0].graph))
    }
    #expect(results[0].history[1].trainingLoss < results[0].history[0].trainingLoss)
  }

  /// Learned scales among them, whose gradients are sums over the batch, and some frozen half-way.
  @Test func noBitOfFakeQuantizationDependsOnTheNumberOfThreads() throws {
    let graph = try QuantizedStepTimeReport.quantized(SampleNetworks.dense([256, 512, 256, 3]), blockSize: 32)
    let data = try SampleNetworks.linear(rows: 1100, features: 256, classes: 3, seed: 1)
    let logarithms = Array(graph.parameters.keys).filter { $0.hasSuffix("logarithm") }
    let settings = TrainingSettings(
      epochs: 2, batchSize: 512, optimizer: .adam(learningRate: 0.001), freezing: .init(logarithms, from: 2))
    let results = try [1, 2, 3].map { threads in
      try Trainer(settings, resources: TrainingResources(threads: threads)).train(
        graph, loss: CrossEntropy(), on: data.rows(0..<900), validation: data.rows(900..<1100))
    }
    for other in results.dropFirst() {
      #expect(other.history == results[0].history)
      #expect(other.graph.parameters == results[0].graph.parameters)
    }
    #expect(results[0].graph.parameters != graph.parameters)
  }

  @Test func recurrentLayersAreCutToo() throws {
    let (steps, features, rows) = (12, 20, 64)
    var generator = SeededGenerator(seed: 3)
    let data = try TrainingData([
      "features": Tensor((0..<rows * steps * features).map { _ in Float(generator.normal()) }, shape: [rows, steps, features]),
      "labels": Tensor((0..<rows).map { _ in Int64(generator.below(3)) }),
    ])
    let graph = try SampleNetworks.recurrent("LSTM", hidden: [64, 64], steps: steps, features: features)
    func train(_ threads: Int) throws -> [Float] {
      var builder = try GraphBuilder(graph)
      let loss = try CrossEntropy().append(to: &builder)
      let step = try TrainingStep(
        builder.graph, loss: loss, data: data, settings: TrainingSettings(batchSize: rows), threads: threads)
      #expect(step.pieceCount == 4)
      let losses = try Array(0..<rows).withUnsafeBufferPointer { order in try (0..<3).map { _ in try step.run(rows: order) } }
      return losses + Array(step.parameters.elements)
    }
    #expect(try train(1) == train(2))
  }

  /// Batch statistics are those of all rows, and a fixed number of rows cannot be cut.
  @Test func rowsThatBelongTogetherStayTogether() throws {
    let data = try SampleNetworks.linear(rows: 256, features: 512, classes: 3, seed: 1)
    let settings = TrainingSettings(batchSize: 256)
    func pieces(_ change: (inout Graph) throws -> Void) throws -> Int {
      var graph = try SampleNetworks.dense([512, 256, 256, 3])
      try change(&graph)
      var builder = try GraphBuilder(graph)
      let loss = try CrossEntropy().append(to: &builder)
      return try TrainingStep(builder.graph, loss: loss, data: data, settings: settings, threads: 1).pieceCount
    }
    #expect(try pieces { _ in } == 2)
    #expect(try pieces { $0 = try SampleNetworks.normalized($0) } == 1)
    #expect(try pieces { graph in graph.inputs[0].type = ValueType(.float32, [256, 512]) } == 1)
  }

  @Test func anErrorInAPieceReachesTheCaller() throws {
    var data = try SampleNetworks.linear(rows: 256, features: 512, classes: 3, seed: 1)
    var labels = try #require(data["labels"]).values(as: Int64.self)
    labels[200] = 7
    data = try data.with("labels", Tensor(labels))
    let trainer = Trainer(TrainingSettings(epochs: 1, batchSize: 256), resources: TrainingResources(threads: 2))
    let error = #expect(throws: GraphError.self) {
      try trainer.train(SampleNetworks.dense([512, 256, 256, 3]), loss: CrossEntropy(), on: data)
    }
    #expect("\(error as Any)".contains("labels in 0 ..< 3"))
  }

  @Test func scoresDoNotDependOnTheNumberOfThreads() throws {
    let graph = try SampleNetworks.dense([64, 128, 128, 3])
    let data = try SampleNetworks.linear(rows: 2500, features: 64, classes: 3, seed: 9)
    let scores = try [1, 2, 4].map { try Scorer(graph, chunkSize: 256, threads: $0).run(data)["logits"] }
    #expect(scores[0] != nil && scores[0] == scores[1] && scores[0] == scores[2])
  }
}
