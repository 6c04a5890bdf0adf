import Foundation
import PareGraph
import PareTensor
import PareTraining
import Testing

/// The three terms on a teacher's reasons, for a linear student: each by hand, and the student's copies.
struct ExplanationRegularizationTests {
  /// `ŷ = relu(x W) v` over one row of one day, two symbols and two features.
  private func model() throws -> GraphBuilder {
    var builder = GraphBuilder(name: "student")
    let features = try builder.input("features", ValueType(.float32, ["batch", 1, 2, 2]))
    _ = try builder.input("mask", ValueType(.float32, ["batch", 1, 2]))
    let weight = try builder.parameter("first", Tensor([1, 0, 0, 2].map { Float($0) }, shape: [2, 2]), isTrainable: true)
    let embedding = try builder.apply("Relu", [builder.apply("MatMul", [features, weight])], output: "embedding")
    let vector = try builder.parameter("last", Tensor([1, 1].map { Float($0) }, shape: [2, 1]), isTrainable: true)
    let scores = try builder.apply("MatMul", [embedding, vector])
    _ = try builder.apply("Squeeze", [scores, builder.constant(Tensor([Int64(3)]))], output: "scores")
    return builder
  }

  private static let inputs = [
    "features": Tensor([1, 2, 3, 4].map { Float($0) }, shape: [1, 1, 2, 2]), "mask": Tensor([1, 1].map { Float($0) }, shape: [1, 1, 2]),
    "teacherScores": Tensor([0, 10].map { Float($0) }, shape: [1, 1, 2]),
    "explanation.keywords": Tensor([1, 0, 0, 1].map { Float($0) }, shape: [1, 1, 2, 2]),
    "explanation.shares": Tensor([0.5, 0.5].map { Float($0) }, shape: [1, 1, 2]),
  ]

  private func value(_ distinguishing: Double, _ decoupling: Double, _ aligning: Double) throws -> Double {
    var builder = try model()
    let loss = try ExplanationRegularization(
      firstWeight: "first", teacherScores: "teacherScores", distinguishing: distinguishing, decoupling: decoupling, aligning: aligning
    ).append(to: &builder)
    // The layer that tells keywords from bias says nothing, for a hand's sake.
    var graph = builder.graph
    if graph.parameters["explanation.weight"] != nil {
      graph.parameters["explanation.weight"]?.storage = ParameterStorage(Tensor([Float](repeating: 0, count: 4), shape: [2, 2]))
    }
    let evaluator = try ReferenceEvaluator(graph, binding: ["batch": 1], precision: .float64, outputs: [loss])
    return try #require(evaluator.run(Self.inputs.filter { name, _ in graph.inputs.contains { $0.name == name } })[loss]).doubles[0]
  }

  @Test func tellingKeywordsFromBiasByNothingCostsLogTwo() throws {
    #expect(abs(try value(2, 0, 0) - 2 * log(2.0)) < 1e-6)
  }

  @Test func firstWeightsArePulledTowardsTheTeachersShares() throws {
    // Squares of the rows are 1 and 4: shares of 0.2 and 0.8, 0.3 off both.
    #expect(abs(try value(0, 1, 0) - 2 * 0.09) < 1e-6)
  }

  @Test func keywordsAreToScoreAsTheTeacherDoesAndTheRestNothing() throws {
    // On keywords (1, 0) and (0, 4) the scores are 1 and 8, off by 1 and −2; on the rest, (0, 2) and (3, 0), they are 4 and 3, 0.5 off their
    // mean both.
    #expect(abs(try value(0, 0, 1) - (1 + 4 + 0.25 + 0.25) / 2) < 1e-6)
  }

  @Test func gradientsMatchFiniteDifferences() throws {
    var builder = try model()
    let loss = try ExplanationRegularization(firstWeight: "first", teacherScores: "teacherScores").append(to: &builder)
    let differentiation = try Differentiation(of: loss, in: builder.graph)
    let gradient = try #require(differentiation.gradients["first"])
    func run(_ graph: Graph, _ weights: [Double], _ output: String) throws -> [Double] {
      var graph = graph
      graph.parameters["first"]?.storage = ParameterStorage(Tensor(weights.map { Float($0) }, shape: [2, 2]))
      let evaluator = try ReferenceEvaluator(graph, binding: ["batch": 1], precision: .float64, outputs: [output])
      return try #require(evaluator.run(Self.inputs)[output]).doubles
    }
    let point = [1.0, 0.25, 0.5, 2]
    let exact = try run(differentiation.graph, point, gradient)
    for index in point.indices {
      let sides = try [0x1p-8, -0x1p-8].map { step in
        var moved = point
        moved[index] += step
        return try run(builder.graph, moved, loss)[0]
      }
      #expect(abs(exact[index] - (sides[0] - sides[1]) / 0x1p-7) < 1e-3)
    }
  }
}
