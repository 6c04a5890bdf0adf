import Foundation
import PareAgents
import PareGraph
import PareTensor
import PareTraining
import Testing

/// Losses of agents against values worked out by hand, and their gradients against finite differences.
struct AgentLossTests {
  /// Probabilities (1/4, 3/4) and (3/4, 1/4).
  private static let logits: [Float] = [0, log(3), log(3), 0]

  private static let inputs: [String: Tensor] = [
    "target": Tensor([Float(1), 7, 9, -2], shape: [2, 2]),
    "actionWeights": Tensor([Float(1), 0, 0, 1], shape: [2, 2]),
    "oldLogProbabilities": Tensor([log(Float(0.5)), log(0.5), log(0.5), log(0.5)], shape: [2, 2]),
    "entropyWeights": Tensor([Float(2), 4], shape: [2, 1]),
    "advantages": Tensor([Float(2), 2, -1, -1], shape: [2, 2]),
  ]

  private func value(of loss: some Loss) throws -> Double {
    var builder = GraphBuilder(name: "loss")
    let logits = try builder.input("logits", ValueType(.float32, ["batch", 2]))
    let scalar = try loss.append(to: &builder)
    let evaluator = try ReferenceEvaluator(builder.graph, binding: ["batch": 2], precision: .float64, outputs: [scalar])
    let names = Set(builder.graph.inputs.map(\.name))
    let given = Self.inputs.filter { names.contains($0.key) }.merging([logits: Tensor(Self.logits, shape: [2, 2])]) { $1 }
    return try #require(try evaluator.run(given)[scalar]).doubles[0]
  }

  /// Logarithms are rounded to Float32.
  private func expect(_ actual: Double, _ expected: Double) {
    #expect(abs(actual - expected) < 1e-6, "\(actual), expected \(expected)")
  }

  @Test func onlyTheWeighedActionsValueIsLearnt() throws {
    // Differences −1 and 2 of the chosen actions; δ = 1.5.
    expect(try value(of: ActionValueLoss(delta: 1.5)), (0.5 + 1.5 * (2 - 0.75)) / 2)
  }

  @Test func theSurrogateIsClippedWhereItWouldGain() throws {
    // Ratios ½ and ½: with advantage 2 the unclipped ratio is the smaller; with −1 the clipped 0.8 is.
    expect(try value(of: ClippedSurrogate(clipRange: 0.2)), -(0.5 * 2 - 0.8) / 2)
  }

  @Test func entropyIsThatOfTheSoftmax() throws {
    let negative = 0.25 * log(0.25) + 0.75 * log(0.75)
    expect(try value(of: NegativeEntropy()), negative)
    expect(try value(of: NegativeEntropy(isWeighted: true)), negative * (2 + 4) / 2)
  }

  /// Central differences in Float64, away from the kinks of clips.
  @Test func gradientsMatchFiniteDifferences() throws {
    let losses: [any Loss] = [
      ActionValueLoss(delta: 0.7), ClippedSurrogate(clipRange: 0.3), NegativeEntropy(isWeighted: true),
      WeightedSum([(1, ClippedSurrogate(clipRange: 0.1)), (0.5, NegativeEntropy())]),
    ]
    for loss in losses {
      var builder = GraphBuilder(name: "loss")
      let logits = try builder.input("logits", ValueType(.float32, ["batch", 2]))
      let scalar = try loss.append(to: &builder)
      let differentiation = try Differentiation(of: scalar, in: builder.graph, by: [logits])
      let gradient = try #require(differentiation.gradients[logits])
      let evaluator = try ReferenceEvaluator(
        differentiation.graph, binding: ["batch": 2], precision: .float64, outputs: [scalar, gradient])
      let names = Set(builder.graph.inputs.map(\.name))
      func run(_ point: [Float]) throws -> [String: Tensor] {
        var given = Self.inputs.filter { names.contains($0.key) }
        given[logits] = Tensor(point, shape: [2, 2])
        if names.contains("actionWeights") { given["actionWeights"] = Tensor([Float(0.5), 0.25, 0.75, 1], shape: [2, 2]) }
        return try evaluator.run(given)
      }
      let point: [Float] = [0.25, 0.375, -0.5, 0.125]
      let derivative = try #require(run(point)[gradient]).doubles
      #expect(derivative.contains { $0 != 0 })
      for index in point.indices {
        // A central difference is off by h²/6 times a third derivative, which is below 10 for all of these.
        let h: Float = 0x1p-10
        var (above, below) = (point, point)
        above[index] += h
        below[index] -= h
        let (right, left) = (try #require(run(above)[scalar]).doubles[0], try #require(run(below)[scalar]).doubles[0])
        #expect(abs((right - left) / Double(2 * h) - derivative[index]) < 10.0 / 6 * Double(h * h), "\(loss)")
      }
    }
  }

  @Test func settingsOutOfRangeAreRefused() throws {
    #expect(throws: AgentError.self) { try value(of: ActionValueLoss(delta: 0)) }
    #expect(throws: AgentError.self) { try value(of: ClippedSurrogate(clipRange: 1)) }
  }
}
