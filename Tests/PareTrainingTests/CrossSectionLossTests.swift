import Foundation
import PareGraph
import PareTensor
import PareTraining
import Testing

/// Cross-entropy over a cross-section: two rows of two symbols of two classes.
struct CrossSectionLossTests {
  /// Softmax of (0, ln 3) is (1/4, 3/4).
  private static let logits: [Float] = [0, log(3), log(3), 0, 0, log(3), 0, 0]

  private func builder(_ loss: some Loss) throws -> (GraphBuilder, String) {
    var builder = GraphBuilder(name: "loss")
    _ = try builder.input("logits", ValueType(.float32, ["batch", 2, 2]))
    let scalar = try loss.append(to: &builder)
    return (builder, scalar)
  }

  private func value(_ labels: [Int64], logits: [Float] = Self.logits, rows: Int = 2) throws -> Double {
    let (builder, scalar) = try builder(CrossSectionCrossEntropy())
    let evaluator = try ReferenceEvaluator(builder.graph, binding: ["batch": rows], precision: .float64, outputs: [scalar])
    return try #require(
      try evaluator.run(["logits": Tensor(logits, shape: [rows, 2, 2]), "labels": Tensor(labels, shape: [rows, 2])])[scalar]
    ).doubles[0]
  }

  @Test func itIsTheMeanOverRowsOfTheSumOverSymbolsByTheirNumber() throws {
    let (likely, unlikely) = (-log(0.75), -log(0.25))
    #expect(abs(try value([1, 1, 0, 0]) - ((likely + unlikely) / 2 + (unlikely + log(2)) / 2) / 2) < 1e-6)
  }

  @Test func anAbsentSymbolCountsForNothingAndItsScoresMayBeNaN() throws {
    let (likely, unlikely) = (-log(0.75), -log(0.25))
    #expect(abs(try value([1, -1, 0, -1]) - (likely / 2 + unlikely / 2) / 2) < 1e-6)
    var logits = Self.logits
    logits[2] = .nan
    #expect(try value([1, -1, 0, -1], logits: logits) == value([1, -1, 0, -1]))
    #expect(try value([-1, -1, -1, -1]) == 0)
  }

  @Test func noRowsPartDependsOnOtherRows() throws {
    let whole = try value([1, -1, 0, 1])
    let parts = try [value([1, -1], logits: Array(Self.logits[..<4]), rows: 1), value([0, 1], logits: Array(Self.logits[4...]), rows: 1)]
    #expect(abs(whole - (parts[0] + parts[1]) / 2) < 1e-12)
  }

  /// Central differences in Float64.
  @Test func gradientsMatchFiniteDifferences() throws {
    let loss = CrossSectionCrossEntropy(rowWeights: "weights")
    let (builder, scalar) = try builder(loss)
    let differentiation = try Differentiation(of: scalar, in: builder.graph, by: ["logits"])
    let gradient = try #require(differentiation.gradients["logits"])
    let evaluator = try ReferenceEvaluator(
      differentiation.graph, binding: ["batch": 2], precision: .float64, outputs: [scalar, gradient])
    func run(_ point: [Float]) throws -> [String: Tensor] {
      try evaluator.run([
        "logits": Tensor(point, shape: [2, 2, 2]), "labels": Tensor([Int64(1), -1, 0, 1], shape: [2, 2]),
        "weights": Tensor([Float(3), 0.5]),
      ])
    }
    let point: [Float] = [0.5, 1.5, -2, 0.125, 1, -1, 0.25, 0.75]
    let derivative = try #require(run(point)[gradient]).doubles
    #expect(derivative[2] == 0 && derivative[3] == 0 && derivative[0] != 0)
    for index in point.indices {
      // A central difference is off by h²/6 times a third derivative, which is below 10.
      let h: Float = 0x1p-10
      var (above, below) = (point, point)
      above[index] += h
      below[index] -= h
      let (right, left) = (try #require(run(above)[scalar]).doubles[0], try #require(run(below)[scalar]).doubles[0])
      #expect(abs((right - left) / Double(2 * h) - derivative[index]) < 10.0 / 6 * Double(h * h))
    }
  }

  @Test func scoresOfAnotherRankAndLabelsThatAreNoClassAreRefused() throws {
    var builder = GraphBuilder(name: "loss")
    _ = try builder.input("logits", ValueType(.float32, ["batch", 2]))
    let error = #expect(throws: TrainingError.self) { try CrossSectionCrossEntropy().append(to: &builder) }
    #expect(error?.code == "training.loss-input")
    #expect(throws: GraphError.self) { try value([2, 0, 0, 0]) }
  }
}
