import Foundation
import PareArtifact
import PareCompression
import PareEvaluation
import PareGraph
import PareTensor
import Testing

/// The figures of a model that is compressed by itself, against a case worked out by hand.
@Suite struct ModelFiguresTests {
  /// Logits 2x + y and x/2 + 3y. Without the two smaller weights they are 2x and 3y.
  private func model() throws -> Model {
    var builder = GraphBuilder(name: "two")
    let features = try builder.input("features", ValueType(.float32, ["batch", 2]))
    let weight = try builder.parameter("weight", Tensor([2, 1, 0.5, 3] as [Float], shape: [2, 2]), isTrainable: true)
    let logits = try builder.apply(
      "Gemm", [features, weight], attributes: ["transB": .int(1)], name: "dense", output: "logits")
    try builder.output(logits)
    return Model(graph: builder.graph)
  }

  /// The original says 1, 0, 0, 1; without the smaller weights it is 1, 1, 0, 1.
  private let rows = Tensor([1, 1, 4, 2.8, 1, 0, 0, 1] as [Float], shape: [4, 2])
  private let labels = Tensor([1, 0, 0, 0] as [Int64])
  private let recipe = Recipe("half") { Pruning(sparsity: 0.5) }

  @Test func figuresAreThoseOfTheHand() throws {
    let model = try model()
    let outcome = try ModelCompression(model, recipe: recipe).run(inputs: ["features": rows], labels: labels, validationShare: 0)
    let before = outcome.before
    #expect(before["accuracy"] == 0.75 && before["agreement"] == 1 && before["decisions_changed"] == 0)
    // Nothing differs.
    #expect(before["output_snr_db"] == .infinity)
    #expect(before["non_zeros"] == 4 && before["multiply_adds"] == 4)
    #expect(before["bytes"] == Double(try Artifact.encode(model).count))
    #expect(try #require(before["estimate_ns"]) > 0)

    let after = try #require(outcome.compressed.steps.first).figures
    #expect(after["accuracy"] == 0.5 && after["agreement"] == 0.75 && after["decisions_changed"] == 0.25)
    #expect(after["non_zeros"] == 2 && after["multiply_adds"] == 4)
    // What is taken off is y and x/2; the logits vary about means of 4.2 and 4.35.
    let noise = (1 + 7.84 + 0 + 1) + (0.25 + 4 + 0.25 + 0)
    let signal = (1.44 + 43.56 + 4.84 + 10.24) + (0.7225 + 36.6025 + 14.8225 + 1.8225)
    #expect(abs(try #require(after["output_snr_db"]) - 10 * log10(signal / noise)) < 1e-5)
  }

  @Test func rowsThatStopTrainingAreTheOnesThatCount() throws {
    // The last row alone: there the two agree, and the label is missed.
    let outcome = try ModelCompression(model(), recipe: recipe).run(
      inputs: ["features": rows], labels: labels, validationShare: 0.25)
    let after = try #require(outcome.compressed.steps.first).figures
    #expect(after["agreement"] == 1 && after["decisions_changed"] == 0 && after["accuracy"] == 0)
  }

  @Test func whatCannotBeSaidIsLeftOut() throws {
    let costs: Set = ["bytes", "non_zeros", "multiply_adds", "estimate_ns"]
    let alone = try ModelCompression(model(), recipe: recipe).run(inputs: [:], labels: nil)
    #expect(Set(alone.before.keys) == costs)
    let unlabelled = try ModelCompression(model(), recipe: recipe).run(inputs: ["": rows], labels: nil, validationShare: 0)
    #expect(try Set(#require(unlabelled.compressed.steps.first).figures.keys)
      == costs.union(["agreement", "decisions_changed", "output_snr_db"]))
    let json = try JSONEncoder().encode(ModelCompression(model(), recipe: Recipe("none") { Pruning(sparsity: 0) })
      .run(inputs: ["": rows], labels: nil).compressed.steps)
    #expect(!String(decoding: json, as: UTF8.self).contains("output_snr_db"), "no JSON holds what is infinite")
    // Numbers that stand for themselves have no likeliest class.
    var builder = GraphBuilder(name: "number")
    let features = try builder.input("features", ValueType(.float32, ["batch", 2]))
    let weight = try builder.parameter("weight", Tensor([2, 1] as [Float], shape: [2, 1]), isTrainable: true)
    try builder.output(try builder.apply("MatMul", [features, weight], name: "dense", output: "forecast"))
    let number = try ModelCompression(Model(graph: builder.graph), recipe: recipe).run(
      inputs: ["features": rows], labels: nil, validationShare: 0)
    #expect(try Set(#require(number.compressed.steps.first).figures.keys) == costs.union(["output_snr_db"]))
  }
}
