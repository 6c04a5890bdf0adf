import Foundation
import PareGraph
import PareTensor
import PareTraining
import Testing

struct TrainerTests {
  private static let quick = TrainingSettings(epochs: 8, batchSize: 32, optimizer: .adam(learningRate: 0.01), seed: 3)

  private static func weights(_ graph: Graph) -> [Tensor] {
    graph.parameters.values.filter(\.isTrainable).map { $0.storage.decoded() }
  }

  @Test func exclusiveOrIsLearned() throws {
    let data = try TrainingData([
      "features": Tensor([Float(0), 0, 0, 1, 1, 0, 1, 1], shape: [4, 2]), "labels": Tensor([Int64(0), 1, 1, 0]),
    ])
    let settings = TrainingSettings(epochs: 300, batchSize: 4, optimizer: .adam(learningRate: 0.05), patience: nil)
    let result = try Trainer(settings).train(
      SampleNetworks.dense([2, 8, 2], activation: "Tanh"), loss: CrossEntropy(), on: data)
    #expect(try SampleNetworks.accuracy(result.graph, on: data) == 1)
    #expect(result.history.count == 300 && result.bestEpoch == 300 && !result.stoppedEarly)
  }

  @Test(arguments: [
    Optimizer.sgd(learningRate: 0.1, momentum: 0.9), .adam(learningRate: 0.01),
    .adamW(learningRate: 0.01, weightDecay: 1e-3),
  ])
  func spiralsAreLearnedByEveryOptimizer(optimizer: Optimizer) throws {
    let settings = TrainingSettings(epochs: 150, batchSize: 32, optimizer: optimizer, gradientNorm: 5, patience: nil)
    let data = try SampleNetworks.spirals(rows: 600, seed: 1)
    let result = try Trainer(settings).train(SampleNetworks.dense([2, 32, 32, 2]), loss: CrossEntropy(), on: data)
    #expect(try SampleNetworks.accuracy(result.graph, on: SampleNetworks.spirals(rows: 400, seed: 2)) > 0.97)
  }

  /// A step of LAMB moves each tensor by a share of its norm, so that its rate has to fall.
  @Test func spiralsAreLearnedByLayersOfRatesOfTheirOwn() throws {
    let settings = TrainingSettings(
      epochs: 150, batchSize: 32, optimizer: .lamb(learningRate: 0.005, weightDecay: 1e-3),
      schedule: LearningRateSchedule(.cosine()), patience: nil)
    let data = try SampleNetworks.spirals(rows: 600, seed: 1)
    let result = try Trainer(settings).train(SampleNetworks.dense([2, 32, 32, 2]), loss: CrossEntropy(), on: data)
    let accuracy = try SampleNetworks.accuracy(result.graph, on: SampleNetworks.spirals(rows: 400, seed: 2))
    #expect(accuracy > 0.97, "\(accuracy)")
  }

  /// More parameters than a thread takes, with a limit to the norm and one that freezes.
  @Test func ratesOfLayersDoNotDependOnTheThreads() throws {
    let data = try SampleNetworks.linear(rows: 64, features: 64, classes: 3, seed: 1)
    let graph = try SampleNetworks.dense([64, 512, 512, 3])
    let settings = TrainingSettings(
      epochs: 2, batchSize: 32, optimizer: .lamb(), gradientNorm: 0.1, patience: nil,
      freezing: TrainingSettings.Freezing(["b1"], from: 2))
    func train(_ threads: Int) throws -> [Tensor] {
      Self.weights(
        try Trainer(settings, resources: TrainingResources(threads: threads)).train(graph, loss: CrossEntropy(), on: data).graph)
    }
    let alone = try train(1)
    #expect(try train(3) == alone && alone != Self.weights(graph))
  }

  @Test func aStudentLearnsFromItsTeacherWithoutLabels() throws {
    let teacher = try SampleNetworks.dense([2, 16, 2], seed: 11)
    let rows = try SampleNetworks.spirals(rows: 512, seed: 3)
    let logits = try #require(Scorer(teacher).run(rows)["logits"])
    let data = try TrainingData(["features": try #require(rows["features"]), "teacherLogits": logits])
    let settings = TrainingSettings(epochs: 60, batchSize: 64, optimizer: .adam(learningRate: 0.01), patience: nil)
    let result = try Trainer(settings).train(
      SampleNetworks.dense([2, 16, 2], seed: 12), loss: DistillationLoss(hardWeight: 0, temperature: 2), on: data)
    let (first, last) = (try #require(result.history.first), try #require(result.history.last))
    #expect(last.trainingLoss < first.trainingLoss / 20)
  }

  @Test func theSameSeedGivesTheSameBitsAndAnotherSeedOthers() throws {
    let data = try SampleNetworks.linear(rows: 333, features: 6, classes: 3, seed: 1)
    let graph = try SampleNetworks.dense([6, 8, 3], dropout: 0.2)
    func train(seed: UInt64) throws -> TrainingResult {
      var settings = Self.quick
      settings.seed = seed
      return try Trainer(settings).train(graph, loss: CrossEntropy(), on: data.rows(0..<250), validation: data.rows(250..<333))
    }
    let (first, again, other) = (try train(seed: 1), try train(seed: 1), try train(seed: 2))
    #expect(Self.weights(first.graph) == Self.weights(again.graph))
    #expect(first.history == again.history)
    #expect(Self.weights(first.graph) != Self.weights(other.graph))
  }

  @Test func dropoutActsInTrainingOnly() throws {
    let data = try SampleNetworks.linear(rows: 128, features: 6, classes: 3, seed: 1)
    let with = try SampleNetworks.dense([6, 16, 3], dropout: 0.5)
    let without = try SampleNetworks.dense([6, 16, 3])
    let once = TrainingSettings(epochs: 1, batchSize: 128, optimizer: .sgd(learningRate: 1e-9))
    let losses = try [with, without].map {
      try Trainer(once).train($0, loss: CrossEntropy(), on: data, validation: data).history[0]
    }
    #expect(losses[0].trainingLoss != losses[1].trainingLoss)
    #expect(losses[0].validationLoss == losses[1].validationLoss)
  }

  /// Validation rows with the labels turned around: the better training goes, the worse they get.
  @Test func earlyStoppingRestoresTheBestWeights() throws {
    let data = try SampleNetworks.linear(rows: 256, features: 4, classes: 2, seed: 1)
    let labels = try #require(data["labels"]).values(as: Int64.self)
    let turned = try data.with("labels", Tensor(labels.map { 1 - $0 }))
    var settings = TrainingSettings(epochs: 50, batchSize: 32, optimizer: .adam(learningRate: 0.01), patience: 4)
    let graph = try SampleNetworks.dense([4, 8, 2])
    let result = try Trainer(settings).train(graph, loss: CrossEntropy(), on: data, validation: turned)
    #expect(result.stoppedEarly && result.history.count == result.bestEpoch + 4)
    let losses = result.history.compactMap(\.validationLoss)
    #expect(losses.min() == losses[result.bestEpoch - 1])
    // As many epochs as led to the best one, without validation, give the same weights.
    settings.epochs = result.bestEpoch
    let repeated = try Trainer(settings).train(graph, loss: CrossEntropy(), on: data)
    #expect(Self.weights(result.graph) == Self.weights(repeated.graph))
  }

  @Test(arguments: [
    Optimizer.sgd(learningRate: 0.05, momentum: 0.9, weightDecay: 1e-3), .adamW(learningRate: 0.01),
    .lamb(learningRate: 0.01),
  ])
  func prunedZerosStayZeroAndTheRestLearns(optimizer: Optimizer) throws {
    var graph = try SampleNetworks.dense([6, 16, 3])
    let weight = try #require(graph.parameters["w1"]).storage.decoded()
    let pruned = weight.values(as: Float.self).enumerated().map { $0.offset % 3 == 0 ? $0.element : 0 }
    graph.parameters["w1"]?.storage = ParameterStorage(Tensor(pruned, shape: weight.shape), layout: .bitmask)
    let data = try SampleNetworks.linear(rows: 200, features: 6, classes: 3, seed: 1)
    var settings = Self.quick
    settings.optimizer = optimizer
    let result = try Trainer(settings).train(graph, loss: CrossEntropy(), on: data)
    let storage = try #require(result.graph.parameters["w1"]?.storage)
    #expect(storage.layout == .bitmask)
    let trained = storage.decoded().values(as: Float.self)
    #expect(zip(trained, pruned).allSatisfy { ($0 == 0) == ($1 == 0) })
    #expect(trained != pruned)
  }

  @Test func whatIsNotTrainableStaysToTheBit() throws {
    var graph = try SampleNetworks.dense([6, 8, 3])
    graph.parameters["w1"]?.isTrainable = false
    let data = try SampleNetworks.linear(rows: 100, features: 6, classes: 3, seed: 1)
    let result = try Trainer(Self.quick).train(graph, loss: CrossEntropy(), on: data)
    #expect(result.graph.parameters["w1"] == graph.parameters["w1"])
    #expect(result.graph.parameters["w2"] != graph.parameters["w2"])
    #expect(result.graph.nodes == graph.nodes)
  }

  @Test func oneGradientOfTwoParametersReachesBoth() throws {
    var builder = GraphBuilder(name: "twins")
    let x = try builder.input("features", ValueType(.float32, ["batch", 1]))
    let a = try builder.parameter("a", Tensor([Float(1)], shape: [1, 1]), isTrainable: true)
    let b = try builder.parameter("b", Tensor([Float(2)], shape: [1, 1]), isTrainable: true)
    let sum = try builder.apply("Add", [a, b])
    try builder.output(builder.apply("MatMul", [x, sum], output: "y"))
    let data = try TrainingData([
      "features": Tensor([Float(1), 1], shape: [2, 1]), "target": Tensor([Float(0), 0], shape: [2, 1]),
    ])
    let once = TrainingSettings(epochs: 1, batchSize: 2, optimizer: .sgd(learningRate: 0.1))
    let result = try Trainer(once).train(builder.graph, loss: MeanSquaredError(prediction: "y"), on: data)
    #expect(result.graph.parameters["a"]?.storage.decoded().doubles[0] == Double(Float(1) - Float(0.1) * 6))
    #expect(result.graph.parameters["b"]?.storage.decoded().doubles[0] == Double(Float(2) - Float(0.1) * 6))
  }

  @Test func everyRowCountsOncePerEpoch() throws {
    let data = try SampleNetworks.linear(rows: 101, features: 4, classes: 2, seed: 1)
    let frozen = TrainingSettings(epochs: 1, batchSize: 32, optimizer: .sgd(learningRate: 1e-30))
    let record = try Trainer(frozen).train(
      SampleNetworks.dense([4, 8, 2]), loss: CrossEntropy(), on: data, validation: data
    ).history[0]
    // Weights that do not move: both are the mean over the same rows, added in other orders.
    #expect(abs(record.trainingLoss - (record.validationLoss ?? 0)) < 1e-6)
  }

  @Test func progressIsReportedAfterEveryStepAndMayEndTheTraining() throws {
    let data = try SampleNetworks.linear(rows: 100, features: 4, classes: 2, seed: 1)
    var positions: [TrainingProgress] = []
    let graph = try SampleNetworks.dense([4, 8, 2])
    _ = try Trainer(Self.quick).train(graph, loss: CrossEntropy(), on: data) { positions.append($0) }
    #expect(positions.count == 8 * 4 && positions.count { $0.epochRecord != nil } == 8)
    #expect(positions.map(\.step).prefix(5) == [1, 2, 3, 4, 1])
    #expect(throws: CancellationError.self) {
      try Trainer(Self.quick).train(graph, loss: CrossEntropy(), on: data) { _ in throw CancellationError() }
    }
  }

  @Test func whatCannotBeTrainedIsAnErrorThatSaysWhy() throws {
    let data = try SampleNetworks.linear(rows: 64, features: 4, classes: 2, seed: 1)
    let graph = try SampleNetworks.dense([4, 8, 2])
    func failure(_ graph: Graph, _ data: TrainingData, _ settings: TrainingSettings = Self.quick) -> String {
      do {
        _ = try Trainer(settings).train(graph, loss: CrossEntropy(), on: data)
        return "none"
      } catch { return "\(error)" }
    }
    #expect(failure(graph, try TrainingData(["features": try #require(data["features"])])).contains("'labels'"))
    #expect(failure(try SampleNetworks.dense([5, 2]), data).contains("float32[64, 5], found float32[64, 4]"))
    let broken = try data.with("features", Tensor([Float](repeating: .nan, count: 64 * 4), shape: [64, 4]))
    #expect(failure(graph, broken).contains("epoch 1, step 1: expected a finite loss"))
    let unknown = try data.with("labels", Tensor([Int64](repeating: 2, count: 64)))
    #expect(failure(graph, unknown).contains("labels in 0 ..< 2"))
    var frozen = graph
    for name in graph.parameters.keys { frozen.parameters[name]?.isTrainable = false }
    #expect(failure(frozen, data).contains("a trainable parameter"))
    #expect(throws: TrainingError.self) { try TrainingData(["a": Tensor([Float(1)]), "b": Tensor([Float(1), 2])]) }
    #expect(throws: TrainingError.self) { try TrainingData([:]) }
  }
}
