import Foundation
import PareGraph
import PareTensor
import PareTraining
import Testing

/// Losses on hidden values and on positions, and what a loss itself learns.
struct RepresentationLossTests {
  private static let convolved = ["hidden": ValueType(.float32, ["batch", 2, 3])]
  private static let steps = ["logits": ValueType(.float32, ["batch", 4, 3])]

  @Test func gradientsMatchFiniteDifferences() throws {
    let hidden = Tensor.normal([3, 2, 3], seed: 1)
    try LossProbe(HintLoss(student: "hidden", teacherWidth: 4), on: Self.convolved, rows: 3)
      .checkGradient(by: "hidden", ["hidden": hidden, "teacherHidden": .normal([3, 2, 4], seed: 2)])
    try LossProbe(HintLoss(student: "hidden", teacherWidth: 4, axis: 1), on: Self.convolved, rows: 3)
      .checkGradient(by: "hidden", ["hidden": hidden, "teacherHidden": .normal([3, 4, 3], seed: 2)])
    try LossProbe(AttentionTransfer(student: "hidden", teacherChannels: 5), on: Self.convolved, rows: 3)
      .checkGradient(by: "hidden", ["hidden": hidden, "teacherHidden": .normal([3, 5, 3], seed: 2)])
    try LossProbe(TurnoverPenalty(), on: ["logits": ValueType(.float32, ["batch", 3])], rows: 3)
      .checkGradient(by: "logits", ["logits": .normal([3, 3], seed: 3), "previousPosition": Tensor([Float(1), -1, 0.9])])
    try LossProbe(TurnoverPenalty(), on: Self.steps, rows: 2).checkGradient(by: "logits", ["logits": .normal([2, 4, 3], seed: 4)])
  }

  @Test func attentionIsByHand() throws {
    let probe = try LossProbe(AttentionTransfer(student: "hidden", teacherChannels: 1), on: Self.convolved, rows: 1)
    // Over positions the student's sums of squares are (9 + 16, 0, 0), the teacher's (9, 0, 16): units (1, 0, 0), (9, 0, 16)/√337.
    let inputs = [
      "hidden": Tensor([Float(3), 0, 0, 4, 0, 0], shape: [1, 2, 3]), "teacherHidden": Tensor([Float(-3), 0, 4], shape: [1, 1, 3]),
    ]
    #expect(abs(try probe.value(inputs) - (2 - 2 * 9 / 337.0.squareRoot())) < 1e-9)
    let silent = inputs.merging(["hidden": Tensor(zeros: .float32, shape: [1, 2, 3])]) { $1 }
    #expect(try probe.executed(by: "hidden", silent).gradient.allSatisfy(\.isFinite))
  }

  @Test func turnoverIsTheChangeOfTheExpectedPosition() throws {
    // Softmax of (0, 0, ln 2) is (1/4, 1/4, 1/2): an expected position of 1/4.
    let logits = Tensor([Float(0), 0, log(2), 0, 0, 0], shape: [2, 3])
    let probe = try LossProbe(TurnoverPenalty(rowWeights: "fees"), on: ["logits": ValueType(.float32, ["batch", 3])], rows: 2)
    let inputs = ["logits": logits, "previousPosition": Tensor([Float(1), -0.5]), "fees": Tensor([Float(1), 3])]
    #expect(abs(try probe.value(inputs) - (0.75 + 3 * 0.5) / 2) < 1e-6)
    let expected = TurnoverPenalty.expectedPositions(of: logits).doubles
    #expect(abs(expected[0] - 0.25) < 1e-6 && expected[1] == 0)
    // In sequences each step is compared with the one before: |0 − 1/4|, 0 and |1/4 − 0|.
    let line = Tensor([Float(0), 0, log(2), 0, 0, 0, 1, 1, 1, 0, 0, log(2)], shape: [1, 4, 3])
    #expect(abs(try LossProbe(TurnoverPenalty(), on: Self.steps, rows: 1).value(["logits": line]) - 0.5 / 3) < 1e-6)
  }

  /// The teacher's hidden values are a linear map of what the student's first layer can be.
  @Test func theMapOfAHintIsLearnedKeptInCheckpointsAndLeftBehind() throws {
    let teacher = try SampleNetworks.dense([4, 6, 5], activation: "Tanh", seed: 8)
    let rows = try SampleNetworks.linear(rows: 256, features: 4, classes: 3, seed: 1)
    let hints = try #require(Scorer(teacher, outputs: ["logits"]).run(rows)["logits"])
    let data = try rows.with("teacherHidden", hints)
    let student = try SampleNetworks.dense([4, 8, 3], activation: "Tanh", seed: 9)
    let hidden = student.nodes[1].outputs[0]
    let settings = TrainingSettings(epochs: 40, batchSize: 32, optimizer: .adam(learningRate: 0.02), patience: nil, seed: 1)
    let hint = HintLoss(student: hidden, teacherWidth: 5)
    let result = try Trainer(settings).train(student, loss: hint, on: data)
    let (first, last) = (try #require(result.history.first), try #require(result.history.last))
    #expect(last.trainingLoss < first.trainingLoss / 10)
    #expect(result.graph.parameters.keys == student.parameters.keys && result.graph.nodes == student.nodes)
    let map = try #require(result.lossParameters["hint.map"])
    #expect(map.shape == [8, 5] && result.lossParameters.count == 1)

    // The map moved: with the one it began with the trained student is far from the teacher.
    #expect(try Trainer(settings).loss(of: result.graph, by: hint, on: data) > 3 * last.trainingLoss)
    // Killed and resumed, the run ends with the same bits, the map's included.
    struct Killed: Error {}
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("pare-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var steps = 0
    #expect(throws: Killed.self) {
      try Trainer(settings).train(student, loss: hint, on: data, checkpoint: Checkpointing(path, every: .zero)) { _ in
        steps += 1
        if steps == 77 { throw Killed() }
      }
    }
    let resumed = try Trainer(settings).train(student, loss: hint, on: data, checkpoint: Checkpointing(path, resumes: true))
    #expect(resumed.graph.parameters == result.graph.parameters && resumed.lossParameters == result.lossParameters)
  }

  @Test func twoHintsHaveMapsOfTheirOwn() throws {
    var builder = try GraphBuilder(SampleNetworks.dense([4, 8, 3]))
    let hidden = builder.graph.nodes[0].outputs[0]
    _ = try WeightedSum([
      (1, HintLoss(student: hidden, teacherWidth: 5)), (1, HintLoss(student: "logits", teacher: "other", teacherWidth: 2)),
    ]).append(to: &builder)
    #expect(Set(builder.graph.parameters.keys).isSuperset(of: ["hint.map", "hint.map_1"]))
  }

  @Test func settingsThatMakeNoSenseAreRefused() throws {
    let flat = ["hidden": ValueType(.float32, ["batch", 3])]
    let refused: [(any Loss, [String: ValueType])] = [
      (HintLoss(student: "hidden", teacherWidth: 4, axis: 0), flat), (HintLoss(student: "hidden", teacherWidth: 4, axis: 2), flat),
      (AttentionTransfer(student: "hidden", teacherChannels: 4), flat),
      (AttentionTransfer(student: "hidden", teacherChannels: 4, axis: 3), Self.convolved),
      (TurnoverPenalty(logits: "hidden", positions: [0, 1]), flat), (TurnoverPenalty(rowWeights: "fees"), Self.steps),
    ]
    for (loss, values) in refused { #expect(throws: TrainingError.self) { try LossProbe(loss, on: values, rows: 4) } }
  }
}
