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

  @Test func labelSmoothingSpreadsItsShareOverAllClasses() throws {
    let labels = Tensor([Int64(1), 1])
    let (likely, unlikely) = (-log(0.75), -log(0.25))
    // One row has its label likely, the other unlikely; both see the two classes once.
    let expected = 0.9 * (likely + unlikely) / 2 + 0.1 * (likely + unlikely) / 2
    expect(try value(of: CrossEntropy(labelSmoothing: 0.1), ["labels": labels]), expected)
    let turned = Tensor([Int64(1), 0])
    expect(try value(of: CrossEntropy(labelSmoothing: 0.2), ["labels": turned]), 0.8 * likely + 0.2 * (likely + unlikely) / 2)
  }

  @Test func weightsOfClassesAndRowsMultiplyEachRowsLossAndNothingElse() throws {
    let labels = Tensor([Int64(1), 1])
    let (likely, unlikely) = (-log(0.75), -log(0.25))
    expect(try value(of: CrossEntropy(classWeights: [5, 2]), ["labels": labels]), 2 * (likely + unlikely) / 2)
    let turned = Tensor([Int64(1), 0])
    expect(try value(of: CrossEntropy(classWeights: [5, 2]), ["labels": turned]), (2 * likely + 5 * likely) / 2)
    let rows = Tensor([Float(3), 0.5])
    let weighted = CrossEntropy(classWeights: [5, 2], rowWeights: "weights")
    expect(try value(of: weighted, ["labels": labels, "weights": rows]), (6 * likely + unlikely) / 2)
  }

  @Test func balancedWeightsLetEveryClassCountTheSame() {
    let labels = Tensor([Int64(0), 0, 0, 1, 3, 3])
    #expect(CrossEntropy.balancedWeights(labels, classCount: 4) == [6.0 / 9, 2, 0, 1])
  }

  @Test func regressionLossesAreByHand() throws {
    let target = Tensor([Float(1), log(3), log(3), -3], shape: [2, 2])
    expect(try value(of: MeanAbsoluteError(prediction: "logits"), ["target": target]), (1 + 3) / 4.0)
    // |d| = 1 lies within δ = 2, 3 beyond: 1/2 and 2 · (3 − 1).
    expect(try value(of: HuberLoss(prediction: "logits", delta: 2), ["target": target]), (0.5 + 4) / 4)
    let inputs = ["target": target, "weights": Tensor([Float(4), 2])]
    // Of each row the mean of its two elements, times its weight.
    let squared = MeanSquaredError(prediction: "logits", rowWeights: "weights")
    expect(try value(of: squared, inputs), (4 * 0.5 + 2 * 4.5) / 2)
    let absolute = MeanAbsoluteError(prediction: "logits", rowWeights: "weights")
    expect(try value(of: absolute, inputs), (4 * 0.5 + 2 * 1.5) / 2)
  }

  /// Central differences in Float64, away from the kinks of absolute values.
  @Test func gradientsMatchFiniteDifferences() throws {
    let losses: [any Loss] = [
      CrossEntropy(labelSmoothing: 0.1, classWeights: [2, 0.5], rowWeights: "weights"),
      DistillationLoss(hardWeight: 0.4, temperature: 2, hard: CrossEntropy(labelSmoothing: 0.2, rowWeights: "weights")),
      MeanSquaredError(prediction: "logits", rowWeights: "weights"), MeanAbsoluteError(prediction: "logits"),
      HuberLoss(prediction: "logits", delta: 0.7, rowWeights: "weights"),
    ]
    for loss in losses {
      var builder = GraphBuilder(name: "loss")
      let logits = try builder.input("logits", ValueType(.float32, ["batch", 2]))
      let scalar = try loss.append(to: &builder)
      let differentiation = try Differentiation(of: scalar, in: builder.graph, by: [logits])
      let gradient = try #require(differentiation.gradients[logits])
      let evaluator = try ReferenceEvaluator(
        differentiation.graph, binding: ["batch": 2], precision: .float64, outputs: [scalar, gradient])
      let others: [String: Tensor] = [
        "labels": Tensor([Int64(1), 0]), "weights": Tensor([Float(3), 0.5]),
        "teacherLogits": Tensor([Float(1), -1, 0.5, 2], shape: [2, 2]),
        "target": Tensor([Float(0.25), -1, 3, 1.5], shape: [2, 2]),
      ]
      let wanted = Set(builder.graph.inputs.map(\.name))
      func run(_ point: [Float]) throws -> [String: Tensor] {
        var given = others.filter { wanted.contains($0.key) }
        given[logits] = Tensor(point, shape: [2, 2])
        return try evaluator.run(given)
      }
      let point: [Float] = [0.5, 1.5, -2, 0.125]
      let derivative = try #require(run(point)[gradient]).doubles
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

  @Test func settingsThatMakeNoSenseAreRefused() throws {
    for loss in [CrossEntropy(labelSmoothing: 1), CrossEntropy(classWeights: [1, 2, 3]), CrossEntropy(classWeights: [1, -1])] {
      #expect(throws: TrainingError.self) { try value(of: loss, [:]) }
    }
    #expect(throws: TrainingError.self) { try value(of: HuberLoss(prediction: "logits", delta: 0), [:]) }
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
