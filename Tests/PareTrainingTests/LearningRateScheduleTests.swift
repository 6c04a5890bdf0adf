import PareGraph
import PareTensor
import PareTraining
import Testing

struct LearningRateScheduleTests {
  private func factors(_ schedule: LearningRateSchedule, steps: Range<Int>, stepsPerEpoch: Int = 2, epochs: Int = 4) -> [Double] {
    steps.map { schedule.factor(step: $0, stepsPerEpoch: stepsPerEpoch, epochs: epochs) }
  }

  @Test func aWarmUpRisesEvenlyBeforeAnyDecay() {
    #expect(factors(LearningRateSchedule(warmUp: 4), steps: 0..<6) == [0.25, 0.5, 0.75, 1, 1, 1])
    #expect(factors(LearningRateSchedule(.step(every: 1, factor: 0.5), warmUp: 2), steps: 0..<7) == [0.5, 1, 1, 1, 0.5, 0.5, 0.25])
  }

  @Test func stepsCountEpochs() {
    #expect(factors(LearningRateSchedule(.step(every: 2, factor: 0.5)), steps: 0..<8) == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5])
  }

  @Test func theCosineFallsFromOneToItsFloor() {
    let falling = factors(LearningRateSchedule(.cosine(floor: 0.2)), steps: 0..<9)
    #expect(falling[0] == 1 && abs(falling[4] - 0.6) < 1e-15 && abs(falling[8] - 0.2) < 1e-15)
    #expect(zip(falling, falling.dropFirst()).allSatisfy { $0 > $1 })
    // A warm-up longer than the training leaves nothing to fall.
    #expect(factors(LearningRateSchedule(.cosine(), warmUp: 100), steps: 0..<8).last == 0.08)
  }

  @Test func aPlateauMultipliesDownToItsFloor() {
    let schedule = LearningRateSchedule(.plateau(factor: 0.5, patience: 1, floor: 0.2))
    let factors = (0..<4).map { schedule.factor(step: 7, stepsPerEpoch: 2, epochs: 9, reductions: $0) }
    #expect(factors == [1, 0.5, 0.25, 0.2])
  }

  /// One weight, one row, squared error: each step is `w ← w − rate · factor · 2 · (w − 3)`. All numbers are exact.
  @Test(arguments: [
    (LearningRateSchedule(.step(every: 1, factor: 0.5)), [1, 0.5, 0.25, 0.125]),
    (LearningRateSchedule(warmUp: 2), [0.5, 1, 1, 1]),
    // The validation row wants the opposite, so the loss gets worse from the second epoch on.
    (LearningRateSchedule(.plateau(factor: 0.5, patience: 1)), [1, 1, 0.5, 0.25]),
  ])
  func theTrainerFollowsTheSchedule(schedule: LearningRateSchedule, factors: [Float]) throws {
    var builder = GraphBuilder(name: "one weight")
    let x = try builder.input("features", ValueType(.float32, ["batch", 1]))
    let w = try builder.parameter("w", Tensor([Float(1)], shape: [1, 1]), isTrainable: true)
    try builder.output(builder.apply("MatMul", [x, w], output: "y"))
    func row(_ target: Float) throws -> TrainingData {
      try TrainingData(["features": Tensor([Float(1)], shape: [1, 1]), "target": Tensor([target], shape: [1, 1])])
    }
    let settings = TrainingSettings(
      epochs: 4, batchSize: 1, optimizer: .sgd(learningRate: 0.125), schedule: schedule, patience: nil)
    let trained = try Trainer(settings).train(
      builder.graph, loss: MeanSquaredError(prediction: "y"), on: row(3), validation: schedule.decay == .constant ? nil : row(-3))
    var weight: Float = 1
    var weights: [Float] = []
    for factor in factors {
      weight -= 0.125 * factor * 2 * (weight - 3)
      weights.append(weight)
    }
    // With a validation row the first epoch is the best one; the history has the others.
    let losses = trained.history.dropFirst().map(\.trainingLoss)
    #expect(losses == weights.dropLast().map { Double(($0 - 3) * ($0 - 3)) })
  }

  @Test func whatIsOutOfRangeIsNamed() {
    for (schedule, name) in [
      (LearningRateSchedule(warmUp: -1), "warm-up"), (LearningRateSchedule(.step(every: 0, factor: 0.5)), "every"),
      (LearningRateSchedule(.step(every: 1, factor: 0)), "factor"), (LearningRateSchedule(.cosine(floor: 2)), "floor"),
      (LearningRateSchedule(.plateau(factor: 1)), "factor"), (LearningRateSchedule(.plateau(patience: 0)), "patience"),
    ] {
      let error = #expect(throws: TrainingError.self) { try TrainingSettings(schedule: schedule).validate() }
      #expect(error?.subject == "schedule: \(name)")
    }
  }
}
