import Foundation
import PareGraph
import PareTensor
import PareTraining
import Testing

/// Truncated back-propagation through time.
struct SequenceTrainerTests {
  private static let still = TrainingSettings(epochs: 1, optimizer: .sgd(learningRate: 1e-30), patience: nil)

  private static func series(rows: Int, seed: UInt64) throws -> TrainingData {
    var generator = SeededGenerator(seed: seed, stream: "series")
    return try TrainingData([
      "features": .normal([rows, 2], seed: seed), "labels": Tensor((0..<rows).map { _ in Int64(generator.below(3)) }),
    ])
  }

  /// The mean loss over rows, of which each is answered by the window from a start to it; and its gradient by a parameter.
  private static func windows(
    _ layer: OperatorName, _ data: TrainingData, from starts: [Int], by parameter: String
  ) throws -> (loss: Double, gradient: [Double]) {
    let (features, labels) = (try #require(data["features"]), try #require(data["labels"]).values(as: Int64.self))
    var (loss, gradient): (Double, [Double]) = (0, [])
    for row in labels.indices {
      let start = try #require(starts.last { $0 <= row })
      var builder = try GraphBuilder(SampleNetworks.recurrent(layer, hidden: [4], steps: row - start + 1, features: 2))
      let value = try CrossEntropy().append(to: &builder)
      let differentiation = try Differentiation(of: value, in: builder.graph, by: [parameter])
      let name = try #require(differentiation.gradients[parameter])
      let window = Tensor(Array(features.values(as: Float.self)[start * 2..<(row + 1) * 2]), shape: [1, row - start + 1, 2])
      let results = try ReferenceEvaluator(differentiation.graph, binding: ["batch": 1], precision: .float64, outputs: [value, name])
        .run(["features": window, "labels": Tensor([labels[row]])])
      loss += try #require(results[value]).doubles[0]
      let own = try #require(results[name]).doubles
      gradient = gradient.isEmpty ? own : zip(gradient, own).map(+)
    }
    return (loss / Double(labels.count), gradient.map { $0 / Double(labels.count) })
  }

  /// What one step of plain descent at rate 1 takes off a parameter is its gradient.
  @Test(arguments: ["LSTM", "GRU"] as [OperatorName], ["r0", "w0", "dense.weight"])
  func oneChunkOfTheWholeSeriesIsFullBackPropagation(layer: OperatorName, parameter: String) throws {
    let data = try Self.series(rows: 12, seed: 1)
    let window = try SampleNetworks.recurrent(layer, hidden: [4], steps: 3, features: 2)
    let settings = TrainingSettings(epochs: 1, optimizer: .sgd(learningRate: 1), patience: nil)
    let result = try SequenceTrainer(settings, sequence: SequenceSettings(steps: 12, streams: 1))
      .train(window, loss: CrossEntropy(), on: SequenceData(data))
    let expected = try Self.windows(layer, data, from: [0], by: parameter)
    #expect(abs(result.history[0].trainingLoss - expected.loss) < 1e-6)
    let (before, after) = (
      try #require(window.parameters[parameter]).storage.decoded().doubles,
      try #require(result.graph.parameters[parameter]).storage.decoded().doubles
    )
    for (index, gradient) in expected.gradient.enumerated() { #expect(abs(before[index] - after[index] - gradient) < 1e-6) }
  }

  @Test func statesGoOnFromChunkToChunkAndBeginAnewAtStartsAndParts() throws {
    let data = try Self.series(rows: 24, seed: 2)
    let window = try SampleNetworks.recurrent("LSTM", hidden: [4], steps: 3, features: 2)
    func loss(_ steps: Int, streams: Int, starts: [Int] = []) throws -> Double {
      try SequenceTrainer(Self.still, sequence: SequenceSettings(steps: steps, streams: streams))
        .train(window, loss: CrossEntropy(), on: SequenceData(data, starts: starts)).history[0].trainingLoss
    }
    let whole = try Self.windows("LSTM", data, from: [0], by: "r0").loss
    for steps in [2, 3, 4, 8, 24] { #expect(abs(try loss(steps, streams: 1) - whole) < 1e-6, "\(steps)") }
    let parts = try Self.windows("LSTM", data, from: [0, 12], by: "r0").loss
    #expect(abs(parts - whole) > 1e-4)
    #expect(abs(try loss(4, streams: 2) - parts) < 1e-6)
    #expect(abs(try loss(4, streams: 1, starts: [12]) - parts) < 1e-6)
    let gaps = try Self.windows("LSTM", data, from: [0, 4, 12], by: "r0").loss
    #expect(abs(try loss(2, streams: 2, starts: [4, 12]) - gaps) < 1e-6)
    // A stretch of 7 rows has three chunks of 2: the row behind them is left out, and nothing of it stays in a state.
    let rest = try Self.series(rows: 24, seed: 2).rows(7..<24)
    let tail = try Self.windows("LSTM", rest, from: [0], by: "r0").loss
    let head = try Self.windows("LSTM", data.rows(0..<6), from: [0], by: "r0").loss
    let last = try Self.windows("LSTM", rest.rows(0..<16), from: [0], by: "r0").loss
    #expect(abs(tail - last) > 1e-6)
    #expect(abs(try loss(2, streams: 1, starts: [7]) - (head * 6 + last * 16) / 22) < 1e-6)
  }

  @Test func validationContinuesInTime() throws {
    let data = try Self.series(rows: 32, seed: 3)
    let window = try SampleNetworks.recurrent("GRU", hidden: [4], steps: 3, features: 2)
    let (training, validation) = (data.rows(0..<20), data.rows(20..<32))
    func loss(leading: Int, starts: [Int] = []) throws -> Double {
      let trainer = SequenceTrainer(Self.still, sequence: SequenceSettings(steps: 4, streams: 1, leadingChunks: leading))
      return try #require(
        trainer.train(
          window, loss: CrossEntropy(), on: SequenceData(training), validation: SequenceData(validation, starts: starts)
        ).history[0].validationLoss)
    }
    let fresh = try Self.windows("GRU", validation, from: [0], by: "r0").loss
    #expect(abs(try loss(leading: 0) - fresh) < 1e-6)
    // Two chunks of four rows lead in, which are not counted.
    let led = try Self.windows("GRU", data.rows(12..<32), from: [0], by: "r0").loss * 20
    let uncounted = try Self.windows("GRU", data.rows(12..<20), from: [0], by: "r0").loss * 8
    #expect(abs(try loss(leading: 2) - (led - uncounted) / 12) < 1e-6)
    #expect(abs(try loss(leading: 2, starts: [0]) - fresh) < 1e-6)
  }

  /// The label is the sign of the last pulse, which came long before the chunk.
  private static func pulses(rows: Int, every period: Int, seed: UInt64) throws -> TrainingData {
    var generator = SeededGenerator(seed: seed, stream: "pulses")
    var (features, labels): ([Float], [Int64]) = ([], [])
    var sign: Float = 1
    for row in 0..<rows {
      let isPulse = row % period == 0
      if isPulse { sign = generator.uniform() < 0.5 ? 1 : -1 }
      features.append(isPulse ? sign : 0)
      features.append(isPulse ? 1 : 0)
      labels.append(sign > 0 ? 2 : 0)
    }
    return try TrainingData(["features": Tensor(features, shape: [rows, 2]), "labels": Tensor(labels)])
  }

  @Test func aMemoryLongerThanAChunkIsLearnedWhereStatesGoOnAndNotWhereTheyBeginAnew() throws {
    let (rows, steps) = (2400, 4)
    let data = try Self.pulses(rows: rows, every: 24, seed: 1)
    let unseen = try SequenceData(Self.pulses(rows: 480, every: 24, seed: 2))
    let window = try SampleNetworks.recurrent("LSTM", hidden: [6], steps: 3, features: 2)
    let settings = TrainingSettings(epochs: 15, optimizer: .adam(learningRate: 0.02), gradientNorm: 1, patience: nil)
    let trainer = SequenceTrainer(settings, sequence: SequenceSettings(steps: steps, streams: 10))
    func loss(resetting: Bool) throws -> Double {
      let starts = resetting ? Array(stride(from: 0, to: rows, by: steps)) : []
      let result = try trainer.train(window, loss: CrossEntropy(), on: SequenceData(data, starts: starts))
      let validation = resetting ? try SequenceData(unseen.rows, starts: Array(stride(from: 0, to: 480, by: steps))) : unseen
      return try trainer.loss(of: result.graph, by: CrossEntropy(), on: validation)
    }
    let (carried, reset) = (try loss(resetting: false), try loss(resetting: true))
    // Without a memory five chunks of six are a toss: 5/6 · ln 2 = 0.58.
    #expect(carried < 0.1, "\(carried)")
    #expect(reset > 0.5, "\(reset)")
  }

  @Test func aRunIsRepeatedToTheBitWhateverTheThreadsAndResumedToTheBit() throws {
    struct Killed: Error {}
    let data = try Self.series(rows: 96, seed: 4)
    let window = try SampleNetworks.recurrent("GRU", hidden: [4, 4], steps: 3, features: 2)
    let settings = TrainingSettings(epochs: 4, optimizer: .adam(learningRate: 0.01), patience: nil)
    func run(threads: Int, checkpoint: Checkpointing? = nil, killedAt last: Int? = nil) throws -> TrainingResult {
      var steps = 0
      let trainer = SequenceTrainer(
        settings, sequence: SequenceSettings(steps: 4, streams: 3), resources: TrainingResources(threads: threads))
      return try trainer.train(
        window, loss: CrossEntropy(), on: SequenceData(data.rows(0..<72), starts: [10]),
        validation: SequenceData(data.rows(72..<96)), checkpoint: checkpoint
      ) { _ in
        steps += 1
        if steps == last { throw Killed() }
      }
    }
    let straight = try run(threads: 1)
    #expect(try run(threads: 3).graph.parameters == straight.graph.parameters)
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("pare-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(throws: Killed.self) { try run(threads: 1, checkpoint: Checkpointing(path, every: .zero), killedAt: 9) }
    let resumed = try run(threads: 1, checkpoint: Checkpointing(path, resumes: true))
    #expect(resumed.graph.parameters == straight.graph.parameters && resumed.history == straight.history)
  }

  @Test func theEvolutionOfATeachersStateIsLearned() throws {
    let data = try Self.series(rows: 240, seed: 5)
    let teacher = try SequenceForm(SampleNetworks.recurrent("LSTM", hidden: [5], steps: 3, features: 2, seed: 7), streams: 1, steps: 240)
    let features = Tensor(try #require(data["features"]).values(as: Float.self), shape: [1, 240, 2])
    let states = try #require(
      BatchExecutor(teacher.graph, outputs: [teacher.states])
        .run(["features": features, SequenceForm.resets: Tensor([Float(1)])])[teacher.states])
    let series = try SequenceData(data.with("teacherStates", Tensor(states.values(as: Float.self), shape: [240, 5])))
    let window = try SampleNetworks.recurrent("GRU", hidden: [8], steps: 3, features: 2)
    let settings = TrainingSettings(epochs: 60, optimizer: .adam(learningRate: 0.02), patience: nil)
    let result = try SequenceTrainer(settings, sequence: SequenceSettings(steps: 12, streams: 4))
      .train(window, loss: StateEvolutionLoss(teacherWidth: 5), on: series)
    let (first, last) = (try #require(result.history.first), try #require(result.history.last))
    #expect(last.trainingLoss < first.trainingLoss / 5, "\(first.trainingLoss), \(last.trainingLoss)")
    #expect(result.lossParameters["evolution.map"]?.shape == [8, 5])
    try LossProbe(StateEvolutionLoss(student: "states", teacherWidth: 3), on: ["states": ValueType(.float32, [2, 4, 3])], rows: 2)
      .checkGradient(by: "states", ["states": .normal([2, 4, 3], seed: 1), "teacherStates": .normal([2, 4, 3], seed: 2)])
  }

  @Test func whatCannotBeCutIsRefused() throws {
    let data = try Self.series(rows: 24, seed: 6)
    let window = try SampleNetworks.recurrent("GRU", hidden: [4], steps: 3, features: 2)
    func train(_ sequence: SequenceSettings, _ data: TrainingData, starts: [Int] = []) throws {
      _ = try SequenceTrainer(Self.still, sequence: sequence)
        .train(window, loss: CrossEntropy(), on: SequenceData(data, starts: starts))
    }
    #expect(throws: TrainingError.self) { try train(SequenceSettings(steps: 8, streams: 4), data) }
    #expect(throws: TrainingError.self) { try train(SequenceSettings(steps: 1, streams: 4), data) }
    #expect(throws: TrainingError.self) { try train(SequenceSettings(steps: 4, streams: 0), data) }
    #expect(throws: TrainingError.self) { try train(SequenceSettings(steps: 4, streams: 1, leadingChunks: -1), data) }
    #expect(throws: TrainingError.self) { try train(SequenceSettings(steps: 4, streams: 1), data, starts: [3, 3]) }
    #expect(throws: TrainingError.self) { try train(SequenceSettings(steps: 4, streams: 1), data, starts: [24]) }
    let unlabelled = try TrainingData(["features": try #require(data["features"])])
    #expect(throws: TrainingError.self) { try train(SequenceSettings(steps: 4, streams: 1), unlabelled) }
  }
}
