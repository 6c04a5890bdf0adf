import PareArtifact
import PareEvaluation
import PareGraph
import PareModels
import PareTensor
import PareTraining
import Testing

@Suite struct ModelTrainingTests {
  /// 4 features, the class is the sign of the first.
  private static let rows = 96
  private let features: Tensor
  private let labels: Tensor
  private let model: Model

  init() throws {
    var generator = SeededGenerator(seed: 2)
    let values = (0..<Self.rows * 4).map { _ in Float(generator.normal()) }
    features = Tensor(values, shape: [Self.rows, 4])
    labels = Tensor((0..<Self.rows).map { Int32(values[$0 * 4] > 0 ? 1 : 0) })
    model = Model(graph: try MultilayerPerceptron(inputs: 4, hidden: [8], outputs: 2).graph(seed: 3), sections: ["label": "{}"])
  }

  private func training(
    labels: Tensor? = nil, inputs: [String: Tensor]? = nil, steps: Int? = 30, batch: Int = 32, share: Double = 0,
    patience: Int? = nil, weights: ModelTraining.ClassWeights? = nil, rowWeights: Tensor? = nil, loss: ModelTraining.LossKind? = nil
  ) throws -> ModelTraining {
    try ModelTraining(
      model, inputs: inputs ?? ["": features], labels: labels ?? self.labels, rowWeights: rowWeights, loss: loss, classWeights: weights,
      settings: TrainingSettings(epochs: 5, batchSize: batch, optimizer: .adamW(learningRate: 0.02), patience: patience, seed: 1),
      steps: steps, validationShare: share)
  }

  @Test func theLossFallsAndTheRestOfTheModelStays() throws {
    let (trained, report) = try training().run()
    #expect(report.lossAfter < 0.5 * report.lossBefore)
    #expect(report.value == "logits" && report.steps == 30 && report.trainingRows == Self.rows && report.validationRows == 0)
    #expect(report.history.count == 10)
    #expect(trained.sections == model.sections && trained.graph.outputs == model.graph.outputs)
    #expect(report.memoryBytes > features.byteCount)
  }

  @Test func theLastRowsOnlyStopEarly() throws {
    let (_, report) = try training(share: 0.25).run()
    #expect(report.trainingRows == 72 && report.validationRows == 24)
    let after = try #require(report.validationLossAfter)
    #expect(after < (report.validationLossBefore ?? 0))
    // What stops a training does not teach it: other labels there, the same weights after one epoch.
    var other = labels.values(as: Int32.self)
    for row in 72..<Self.rows { other[row] = 1 - other[row] }
    let weights = try [labels, Tensor(other)].map { try training(labels: $0, steps: 3, share: 0.25).run().model.graph.parameters }
    #expect(weights[0] == weights[1])
  }

  @Test func weightsOfRowsAndClassesCount() throws {
    let plain = try training().run().model.graph.parameters
    let zero = Tensor((0..<Self.rows).map { Float($0 < 10 ? 0 : 1) })
    #expect(try training(rowWeights: zero).run().model.graph.parameters != plain)
    #expect(try training(weights: .given([1, 1])).run().report.lossBefore == training().run().report.lossBefore)
    #expect(try training(weights: .given([5, 1])).run().model.graph.parameters != plain)
    #expect(try training(weights: .balanced).run().report.lossAfter < 0.5)
  }

  @Test func numbersAreTrainedBySquaredError() throws {
    let target = Tensor((0..<Self.rows * 2).map { Float($0 % 3) }, shape: [Self.rows, 2])
    let (_, report) = try training(labels: target, loss: .squaredError).run()
    #expect(report.lossAfter < report.lossBefore)
  }

  @Test func mistakesNameWhatDoesNotFit() throws {
    func message(_ make: () throws -> ModelTraining) -> String {
      do { return "\(try make().memory().total)" } catch { return "\(error)" }
    }
    let bad = Tensor((0..<Self.rows).map { Int64($0 == 7 ? 2 : 0) })
    #expect(message { try training(labels: bad) }.contains("row 7"))
    #expect(message { try training(labels: Tensor([Int64(0)])) }.contains("rows"))
    #expect(message { try training(inputs: ["other": features]) }.contains("input 'features'"))
    #expect(message { try training(inputs: ["features": Tensor(zeros: .float32, shape: [Self.rows, 5])]) }.contains("[96, 5]"))
    #expect(message { try training(inputs: ["features": Tensor(zeros: .float64, shape: [Self.rows, 4])]) }.contains("float64"))
    #expect(message { try training(steps: 0) }.contains("--steps"))
    #expect(message { try training(share: 1) }.contains("--validation-share"))
    #expect(message { try training(labels: Tensor([Float](repeating: 0, count: Self.rows))) }.contains("--labels"))
  }

  @Test func theProfileNamesEveryOperatorOfAStep() throws {
    let rows = try training().profile(repetitions: 1)
    #expect(rows.contains { $0.operatorName == "Gemm" && $0.nodes >= 2 && $0.byReference == 0 })
    #expect(rows.contains { $0.operatorName.hasPrefix("SoftmaxCrossEntropyLoss") })
  }
}
