import PareCompression
import PareGraph
import PareInference
import PareTensor
import PareTraining
import Testing

@Suite struct LookUpTableTests {
  /// Rows whose scores, as a teacher's, are given by two features.
  private static func taught(_ count: Int, seed: UInt64 = 7, _ odds: (Float, Float) -> Float) throws -> TrainingData {
    let rows = try Fixture.rows(count, seed: seed)
    let values = try #require(rows["features"]).values(as: Float.self)
    var scores: [Float] = []
    for row in 0..<count { scores += [0, odds(values[6 * row + 1], values[6 * row + 4]), 0] as [Float] }
    return try rows.with("teacherScores", Tensor(scores, shape: [count, 3]))
  }

  private static func table(_ technique: LookUpTable, _ rows: TrainingData) throws -> CompressionResult {
    try technique.compress(Fixture.model(), in: CompressionContext(training: rows))
  }

  /// What the table says of class 1 against the others.
  private static func odds(_ graph: Graph, _ rows: TrainingData) throws -> [Float] {
    let logits = try #require(Scorer(graph, outputs: ["logits"]).run(rows)["logits"]).values(as: Float.self)
    return (0..<rows.rowCount).map { logits[3 * $0 + 1] - logits[3 * $0] }
  }

  @Test func theFeaturesThatExplainTheTeacherAreTaken() throws {
    let rows = try Self.taught(4096) { $1 > 0 ? 2 + $0 : -$0 }
    let result = try Self.table(LookUpTable(features: 2, bins: 8), rows)
    #expect(result.layers[0].outcome == "64 cells of features 4, 1 in place of the layers")
    #expect(try #require(result.layers[0].figures["explained"]) > 0.9)
    #expect(
      result.model.graph.nodes.map { $0.operatorName.description } == ["Sub", "Mul", "Clip", "pare.TreeEnsemble", "Softmax", "pare.Decide"])
    let fresh = try Self.taught(1000, seed: 99) { $1 > 0 ? 2 + $0 : -$0 }
    let expected = try #require(fresh["teacherScores"]).values(as: Float.self)
    let found = try Self.odds(result.model.graph, fresh)
    var error: Float = 0
    for row in 0..<1000 {
      let difference = found[row] - expected[3 * row + 1]
      error += difference * difference
    }
    #expect(error < 200)
  }

  @Test func whatExplainsNothingIsNotTaken() throws {
    // A third feature would split cells of which each is right already.
    let rows = try Self.taught(2048) { first, second in first + 0 * second }
    let result = try Self.table(LookUpTable(features: 3, bins: 4), rows)
    #expect(result.layers[0].outcome == "4 cells of features 1 in place of the layers")
    let constant = try Self.table(LookUpTable(), Self.taught(256) { _, _ in 1 })
    #expect(constant.layers[0].outcome == "1 cells of features none in place of the layers")
  }

  /// Where hardly a row has both features high, the table has what each says by itself.
  @Test func aThinCellIsWhatTheFeaturesSayOneByOne() throws {
    func odds(_ first: Float, _ second: Float) -> Float {
      let one: Float = first > 0 ? 1 : -1
      return second > 0 ? one + 2 : one
    }
    let all = try Self.taught(4096, odds)
    let values = try #require(all["features"]).values(as: Float.self)
    let scores = try #require(all["teacherScores"]).values(as: Float.self)
    let kept = (0..<4096).filter { !(values[6 * $0 + 1] > 0 && values[6 * $0 + 4] > 0) }
    var (keptValues, keptScores): ([Float], [Float]) = ([], [])
    for row in kept {
      keptValues += values[6 * row..<6 * row + 6]
      keptScores += scores[3 * row..<3 * row + 3]
    }
    let rows = try TrainingData([
      "features": Tensor(keptValues, shape: [kept.count, 6]), "teacherScores": Tensor(keptScores, shape: [kept.count, 3]),
    ])
    let graph = try Self.table(LookUpTable(features: 2, bins: 16, shrinkage: 1), rows).model.graph
    let corner = try TrainingData(["features": Tensor([0, 2, 0, 0, 2, 0] as [Float], shape: [1, 6])])
    // Beyond what either says alone (−1 + 2 and 1 + 0).
    #expect(try Self.odds(graph, corner)[0] > 1.5)
  }

  @Test func theTableIsOneTreeOfEvenDepthAndThePlanWalksIt() throws {
    let rows = try Self.taught(4096) { $0 + $1 + $0 * $1 }
    let model = try Self.table(LookUpTable(features: 2, bins: 8), rows).model
    let plan = try ExecutionPlan(model)
    #expect(plan.steps.contains { $0.kernel.hasPrefix("tree_ensemble/") } && plan.steps.allSatisfy(\.isFast))
    #expect(model.graph.parameters["trees.roots"]?.storage.shape.elementCount == 1)
    #expect(model.graph.parameters["trees.thresholds"]?.storage.shape.elementCount == 63)
    let context = plan.makeContext()
    let values = try #require(rows["features"]).values(as: Float.self)
    let expected = try ReferenceEvaluator(model.graph, binding: ["batch": 4096]).run(["features": #require(rows["features"])])["logits"]
    let logits: [Float] = try #require(expected).values(as: Float.self)
    for row in 0..<200 {
      _ = try context.run(features: Array(values[6 * row..<6 * row + 6]))
      let found = try #require(context.output("logits", as: Float.self))
      let expected = logits[3 * row..<3 * row + 3]
      #expect(Array(found) == Array(expected))
    }
    // 8 × 8 cells, each of them reached.
    let distinct = Set(stride(from: 1, to: logits.count, by: 3).map { logits[$0] })
    #expect(distinct.count == 64)
  }
}
