import PareBoostedTrees
import PareCompression
import PareGraph
import PareInference
import PareModels
import PareTensor
import PareTraining
import Testing

@Suite(.enabled(if: XGBoostLibrary.isAvailable, "XGBoost's library is not installed; scripts/setup installs it"))
struct TreeDistillationTests {
  @Test func theTreesAnswerAsTheTeacherDoes() throws {
    let teacher = try Fixture.model(seed: 5)
    var context = try Fixture.context()
    // No labels: with hard weight 0 none are needed.
    context.training = try TrainingData(["features": #require(Fixture.rows(4096)["features"])])
    let trees = try TreeDistillation(trees: 40, depth: 4, learningRate: 0.3).apply(to: teacher, in: context)
    #expect(try DistillationTests.agreement(trees.graph, teacher.graph, on: Fixture.rows(500, seed: 99)) > 0.85)
    #expect(
      trees.graph.nodes.map { $0.operatorName.description } == ["Sub", "Mul", "Clip", "pare.TreeEnsemble", "Softmax", "pare.Decide"])
    #expect(trees.graph.parameters["decision.thresholds"] == teacher.graph.parameters["decision.thresholds"])
  }

  @Test func oneTreeAColumnOfTheDepthThatIsAskedFor() throws {
    let result = try TreeDistillation(depth: 3).compress(Fixture.model(), in: Fixture.context())
    #expect(result.layers[0].outcome == "3 of depth 3 in place of the layers")
    let plan = try ExecutionPlan(result.model)
    #expect(plan.steps.contains { $0.kernel.hasPrefix("tree_ensemble/") } && plan.steps.allSatisfy(\.isFast))
  }

  /// Scores that rows bring along go before any teacher's.
  @Test func scoresAmongTheRowsAreTheTeachers() throws {
    let rows = try Fixture.rows(1024)
    let values = try #require(rows["features"]).values(as: Float.self)
    var scores: [Float] = []
    for row in 0..<1024 { scores += values[row * 6 + 4] > 0.3 ? [0, 1, 3] as [Float] : [2, 1, 0] }
    var context = try Fixture.context()
    context.training = try rows.with("teacherScores", Tensor(scores, shape: [1024, 3]))
    let trees = try TreeDistillation(depth: 1).apply(to: Fixture.model(), in: context)
    let found = try #require(Scorer(trees.graph, outputs: ["logits"]).run(rows)["logits"]).values(as: Float.self)
    // One split says it all, but for the few rows of its bin: centred, and a little less for the penalty on leaves.
    var right = 0
    for row in 0..<1024 {
      let mean = scores[3 * row..<3 * row + 3].reduce(0, +) / 3
      let differences = (0..<3).map { k in (found[3 * row + k] - scores[3 * row + k] + mean).magnitude }
      if differences.allSatisfy({ $0 < 0.02 }) { right += 1 }
    }
    #expect(right > 1000)
  }

  @Test func withHardWeightOneTheLabelsAreLearned() throws {
    let technique = TreeDistillation(trees: 30, depth: 3, learningRate: 0.3, hardWeight: 1)
    var context = try Fixture.context()
    context.training = try Fixture.rows(4096)
    let one = try technique.apply(to: Fixture.model(seed: 1), in: context)
    context.teacher = try Fixture.model(seed: 77)
    #expect(try technique.apply(to: Fixture.model(seed: 2), in: context).graph.parameters == one.graph.parameters)
    let rows = try Fixture.rows(500, seed: 99)
    let logits = try #require(Scorer(one.graph, outputs: ["logits"]).run(rows)["logits"]).doubles
    let labels = try #require(rows["labels"]).values(as: Int64.self)
    let right = labels.indices.count { row in
      let scores = Array(logits[3 * row..<3 * row + 3])
      return scores.indices.max { scores[$0] < scores[$1] } == Int(labels[row])
    }
    #expect(right > 400)
  }

  @Test func ofTwoClassesOneMarginIsLearned() throws {
    let graph = try MultilayerPerceptron(inputs: 6, hidden: [8], outputs: 2).graph(seed: 3)
    let rows = try Fixture.rows(2048)
    let context = CompressionContext(training: rows, seed: 1)
    let result = try TreeDistillation(trees: 20, depth: 4, learningRate: 0.4).compress(Model(graph: graph), in: context)
    #expect(result.layers[0].outcome == "20 of depth 4 in place of the layers")
    let found = try #require(Scorer(result.model.graph, outputs: ["logits"]).run(rows)["logits"]).values(as: Float.self)
    let expected = try #require(Scorer(graph, outputs: ["logits"]).run(rows)["logits"]).values(as: Float.self)
    let odds = (0..<2048).map { expected[2 * $0 + 1] - expected[2 * $0] }
    let mean = odds.reduce(0, +) / 2048
    var (error, spread): (Float, Float) = (0, 0)
    for row in 0..<2048 {
      let (miss, deviation) = (found[2 * row + 1] - odds[row], odds[row] - mean)
      error += miss * miss
      spread += deviation * deviation
    }
    #expect(error < 0.2 * spread)
    let first = stride(from: 0, to: found.count, by: 2).map { found[$0] }
    #expect(first.allSatisfy { $0 == 0 })
  }
}
