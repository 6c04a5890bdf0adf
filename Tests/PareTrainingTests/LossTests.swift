import Foundation
import PareGraph
import PareTensor
import PareTraining
import Testing

/// Losses against values worked out by hand.
struct LossTests {
  /// Two rows of two logits; softmax of (0, ln 3) is (1/4, 3/4).
  private static let logits: [Float] = [0, log(3), log(3), 0]

  private func value(of loss: some Loss, _ inputs: [String: Tensor]) throws -> Double {
    var builder = GraphBuilder(name: "loss")
    let logits = try builder.input("logits", ValueType(.float32, ["batch", 2]))
    let scalar = try loss.append(to: &builder)
    let given = inputs.merging([logits: Tensor(Self.logits, shape: [2, 2])]) { $1 }
    let evaluator = try ReferenceEvaluator(builder.graph, binding: ["batch": 2], precision: .float64, outputs: [scalar])
    return try #require(try evaluator.run(given)[scalar]).doubles[0]
  }

  /// ln 3 is rounded to Float32.
  private func expect(_ actual: Double, _ expected: Double) {
    #expect(abs(actual - expected) < 1e-6, "\(actual), expected \(expected)")
  }

  @Test func crossEntropyIsTheMeanOfTheLabelsLogarithms() throws {
    let labels = Tensor([Int64(1), 1])
    expect(try value(of: CrossEntropy(), ["labels": labels]), -(log(0.75) + log(0.25)) / 2)
  }

  @Test func meanSquaredErrorIsTheMeanOverAllElements() throws {
    let target = Tensor([Float(1), log(3), log(3), -2], shape: [2, 2])
    expect(try value(of: MeanSquaredError(prediction: "logits"), ["target": target]), (1 + 4) / 4.0)
  }

  @Test func divergenceFromAnEvenTeacherIsByHand() throws {
    let teacher = Tensor([Float(5), 5, -1, -1], shape: [2, 2])
    let kl = 0.5 * log(0.5 / 0.25) + 0.5 * log(0.5 / 0.75)
    expect(try value(of: KullbackLeibler(), ["teacherLogits": teacher]), kl)
    // At T = 2 the student's odds are √3.
    let q = sqrt(3.0) / (1 + sqrt(3.0))
    let softened = 0.5 * log(0.5 / q) + 0.5 * log(0.5 / (1 - q))
    expect(try value(of: KullbackLeibler(temperature: 2), ["teacherLogits": teacher]), softened)
  }

  @Test func aStudentLikeItsTeacherDivergesByNothing() throws {
    let same = Tensor(Self.logits, shape: [2, 2])
    expect(try value(of: KullbackLeibler(temperature: 3), ["teacherLogits": same]), 0)
  }

  @Test func distillationWeighsLabelsAndTeacher() throws {
    let inputs = ["labels": Tensor([Int64(1), 0]), "teacherLogits": Tensor([Float(5), 5, -1, -1], shape: [2, 2])]
    let hard = -log(0.75)
    let q = sqrt(3.0) / (1 + sqrt(3.0))
    let soft = 0.5 * log(0.5 / q) + 0.5 * log(0.5 / (1 - q))
    expect(try value(of: DistillationLoss(hardWeight: 0.3, temperature: 2), inputs), 0.3 * hard + 0.7 * 4 * soft)
    expect(try value(of: DistillationLoss(hardWeight: 1, temperature: 2), ["labels": Tensor([Int64(1), 0])]), hard)
    expect(
      try value(of: DistillationLoss(hardWeight: 0, temperature: 2), inputs.filter { $0.key != "labels" }), 4 * soft)
  }

  @Test func noGradientFlowsToTheTeacher() throws {
    var builder = try GraphBuilder(SampleNetworks.dense([4, 3]))
    let loss = try DistillationLoss(hardWeight: 0.5, temperature: 2).append(to: &builder)
    #expect(try Differentiation(of: loss, in: builder.graph).gradients.keys == ["w1", "b1"])
  }

  @Test func settingsOutOfRangeAreNamed() throws {
    var builder = try GraphBuilder(SampleNetworks.dense([4, 3]))
    #expect(throws: TrainingError.self) { try DistillationLoss(hardWeight: 1.5, temperature: 2).append(to: &builder) }
    #expect(throws: TrainingError.self) { try KullbackLeibler(temperature: 0).append(to: &builder) }
    #expect(throws: GraphError.self) { try CrossEntropy(logits: "nowhere").append(to: &builder) }
  }
}
