import PareCompression
import PareGraph
import PareModels
import PareTensor
import PareTraining
import Testing

@Suite struct LowRankAdaptationTests {
  private static let training = FineTuning(TrainingSchedule(epochs: 6, batchSize: 32, learningRate: 0.01))

  /// Rows on which high and low have changed places.
  private static func turned(_ count: Int, seed: UInt64) throws -> TrainingData {
    let rows = try Fixture.rows(count, seed: seed)
    let labels = try #require(rows["labels"]).values(as: Int64.self).map { 2 - $0 }
    return try rows.with("labels", Tensor(labels))
  }

  private static func context() throws -> CompressionContext {
    CompressionContext(training: try turned(512, seed: 11), validation: try turned(256, seed: 12), seed: 5)
  }

  private static func logits(_ graph: Graph, _ rows: TrainingData) throws -> [Double] {
    try #require(Scorer(graph, outputs: ["logits"]).run(rows)["logits"]).doubles
  }

  private static func student() throws -> Model {
    try Distillation(into: .mlp(hidden: [8]), temperature: 1, hardWeight: 1, training: DistillationTests.schedule).apply(
      to: Fixture.model(), in: Fixture.context())
  }

  @Test func aStudentIsFittedToAMarketThatTurnedRound() throws {
    let student = try Self.student()
    let fresh = try Self.turned(500, seed: 13)
    func accuracy(_ graph: Graph) throws -> Double {
      let logits = try Self.logits(graph, fresh)
      let labels = try #require(fresh["labels"]).values(as: Int64.self)
      let right = labels.indices.count { row in
        (0..<3).max { logits[row * 3 + $0] < logits[row * 3 + $1] } == Int(labels[row])
      }
      return Double(right) / Double(labels.count)
    }
    let adapted = try LowRankAdaptation(rank: 4, strength: 4, training: Self.training).apply(to: student, in: Self.context())
    #expect(try accuracy(student.graph) < 0.5)
    #expect(try accuracy(adapted.graph) > 0.7)
  }

  @Test func mergedAndUnmergedSayTheSame() throws {
    let student = try Self.student()
    let apart = try LowRankAdaptation(rank: 2, merges: false, training: Self.training).apply(to: student, in: Self.context())
    let merged = try LowRankAdaptation(rank: 2, training: Self.training).apply(to: student, in: Self.context())
    #expect(merged.graph.nodes == student.graph.nodes)
    #expect(apart.graph.nodes.count == student.graph.nodes.count + 4 * 2)
    let rows = try Fixture.rows(64, seed: 99)
    for (one, other) in zip(try Self.logits(apart.graph, rows), try Self.logits(merged.graph, rows)) {
      #expect(abs(one - other) <= 1e-4 * max(1, abs(one)))
    }
  }

  @Test func onlyAdaptersAndBiasesMove() throws {
    let student = try Self.student()
    let apart = try LowRankAdaptation(rank: 2, merges: false, training: Self.training).apply(to: student, in: Self.context())
    for (name, parameter) in student.graph.parameters where !name.hasSuffix("bias") {
      #expect(apart.graph.parameters[name] == parameter, "\(name)")
    }
    #expect(apart.graph.parameters["dense_0.bias"] != student.graph.parameters["dense_0.bias"])
  }

  @Test func aSecondAdapterBesideTheFirstIsRefused() throws {
    let technique = LowRankAdaptation(rank: 1, merges: false, training: FineTuning(TrainingSchedule(epochs: 1)))
    let once = try technique.apply(to: Self.student(), in: Self.context())
    #expect(throws: CompressionError.self) { try technique.apply(to: once, in: Self.context()) }
  }
}
