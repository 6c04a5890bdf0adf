import Foundation
import PareArtifact
import PareGraph
import PareTensor
import PareTraining
import Testing

/// Runs that are killed and go on as if they had not been.
struct CheckpointTests {
  private struct Killed: Error {}

  private static let settings = TrainingSettings(
    epochs: 12, batchSize: 32, optimizer: .adamW(learningRate: 0.02),
    schedule: LearningRateSchedule(.plateau(factor: 0.5, patience: 1), warmUp: 5), gradientNorm: 1, patience: 4, seed: 3)

  /// A network with dropout, running averages and pruned weights, and rows of which the last batch is smaller.
  private static func problem() throws -> (graph: Graph, training: TrainingData, validation: TrainingData) {
    var graph = try SampleNetworks.normalized(SampleNetworks.dense([6, 16, 12, 3], dropout: 0.2))
    let weight = try #require(graph.parameters["w1"]).storage.decoded()
    let pruned = weight.values(as: Float.self).enumerated().map { $0.offset % 3 == 0 ? 0 : $0.element }
    graph.parameters["w1"]?.storage = ParameterStorage(Tensor(pruned, shape: weight.shape), layout: .bitmask)
    let data = try SampleNetworks.linear(rows: 240, features: 6, classes: 3, seed: 1)
    return (graph, data.rows(0..<150), data.rows(150..<240))
  }

  private static func weights(_ graph: Graph) -> [Tensor] {
    graph.parameters.values.map { $0.storage.decoded() }
  }

  private func withFile(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pare-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.appendingPathComponent("run.checkpoint").path)
  }

  @Test(arguments: [1, 3, 5, 7]) func aRunThatIsKilledAgainAndAgainEndsWithTheSameBits(stepsBetweenKills: Int) throws {
    let (graph, training, validation) = try Self.problem()
    let trainer = Trainer(Self.settings)
    let straight = try trainer.train(graph, loss: CrossEntropy(), on: training, validation: validation)
    #expect(straight.history.count > 5)
    try withFile { path in
      var kills = 0
      var resumed: TrainingResult?
      while resumed == nil {
        var left = stepsBetweenKills
        do {
          resumed = try trainer.train(
            graph, loss: CrossEntropy(), on: training, validation: validation,
            checkpoint: Checkpointing(path, every: .zero, resumes: true)
          ) { _ in
            left -= 1
            if left == 0 { throw Killed() }
          }
        } catch is Killed { kills += 1 }
      }
      #expect(kills >= straight.history.count * 5 / stepsBetweenKills - 1)
      #expect(resumed?.history == straight.history && resumed?.bestEpoch == straight.bestEpoch)
      #expect(resumed?.stoppedEarly == straight.stoppedEarly)
      #expect(try Self.weights(#require(resumed).graph) == Self.weights(straight.graph))
    }
  }

  /// A file that lags behind, as it does where one is written only now and then.
  @Test func anOldCheckpointIsAsGoodAsANewOne() throws {
    let (graph, training, validation) = try Self.problem()
    let trainer = Trainer(Self.settings)
    let straight = try trainer.train(graph, loss: CrossEntropy(), on: training, validation: validation)
    try withFile { path in
      var copies: [Data] = []
      _ = try trainer.train(
        graph, loss: CrossEntropy(), on: training, validation: validation, checkpoint: Checkpointing(path, every: .zero)
      ) { _ in copies.append(try Data(contentsOf: URL(fileURLWithPath: path))) }
      for copy in copies.enumerated().filter({ $0.offset % 9 == 4 }).map(\.element) {
        try copy.write(to: URL(fileURLWithPath: path))
        let resumed = try trainer.train(
          graph, loss: CrossEntropy(), on: training, validation: validation, checkpoint: Checkpointing(path, resumes: true))
        #expect(Self.weights(resumed.graph) == Self.weights(straight.graph) && resumed.history == straight.history)
      }
    }
  }

  @Test func anyReaderOfSafetensorsFindsTheWeights() throws {
    let (graph, training, _) = try Self.problem()
    try withFile { path in
      let result = try Trainer(Self.settings).train(graph, loss: CrossEntropy(), on: training, checkpoint: Checkpointing(path))
      let file = try Safetensors.read(path)
      #expect(file.tensors["weights/w2"] == result.graph.parameters["w2"]?.storage.decoded())
    }
  }

  @Test func whatCannotBeResumedIsRefused() throws {
    let (graph, training, _) = try Self.problem()
    func failure(_ path: String, _ settings: TrainingSettings = Self.settings, resumes: Bool = true) -> String {
      do {
        _ = try Trainer(settings).train(
          graph, loss: CrossEntropy(), on: training, checkpoint: Checkpointing(path, resumes: resumes))
        return "none"
      } catch { return "\(error)" }
    }
    try withFile { path in
      #expect(failure(path, resumes: false) == "none")
      #expect(failure(path, resumes: false).contains("to be told to resume"))
      // Over is over: the same result again.
      #expect(failure(path) == "none")
      var other = Self.settings
      other.seed = 4
      #expect(failure(path, other).contains("of another run"))
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      for position in stride(from: 9, to: whole.count, by: whole.count / 40) {
        var damaged = whole
        damaged[position] ^= 1
        try damaged.write(to: URL(fileURLWithPath: path))
        #expect(failure(path) != "none", "byte \(position)")
      }
      for length in [0, 7, whole.count / 2, whole.count - 1] {
        try whole.prefix(length).write(to: URL(fileURLWithPath: path))
        #expect(failure(path) != "none", "length \(length)")
      }
    }
    #expect(failure("/nonexistent/folder/run.checkpoint").contains("a file that can be written"))
  }
}
