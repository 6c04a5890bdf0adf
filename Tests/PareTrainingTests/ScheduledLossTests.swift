import Foundation
import PareGraph
import PareTensor
import PareTraining
import Testing

/// Losses whose numbers move while training goes on.
struct ScheduledLossTests {
  private static let schedules: [Scheduled] = [
    .linear(from: 4, to: 1), .linear(from: 1, to: 3, by: 0.5), .cosine(from: 5, to: 2, by: 0.8), .step(from: 4, to: 2, at: 0.6),
  ]

  @Test func valuesAreByHand() {
    #expect(Scheduled.linear(from: 4, to: 1).value(at: 1.0 / 3) == 3)
    #expect(Scheduled.linear(from: 1, to: 3, by: 0.5).value(at: 0.25) == 2)
    #expect(abs(Scheduled.cosine(from: 5, to: 2, by: 0.5).value(at: 0.25) - 3.5) < 1e-12)
    #expect(Scheduled.step(from: 4, to: 2, at: 0.5).value(at: 0.49) == 4)
    #expect(Scheduled.step(from: 4, to: 2, at: 0.5).value(at: 0.5) == 2)
    for schedule in Self.schedules { #expect(schedule.value(at: 1) == schedule.value(at: 5)) }
  }

  /// One row, weights that do not move: the training loss of an epoch of one step is the loss at that step's numbers.
  @Test(arguments: schedules) func eachStepUsesItsOwnNumbersAndValidationTheLast(schedule: Scheduled) throws {
    let graph = try SampleNetworks.dense([2, 3])
    let data = try TrainingData([
      "features": Tensor([Float(1), -2], shape: [1, 2]), "teacherLogits": Tensor([Float(3), 0, -1], shape: [1, 3]),
      "labels": Tensor([Int64(2)]),
    ])
    let epochs = 6
    let settings = TrainingSettings(epochs: epochs, batchSize: 1, optimizer: .sgd(learningRate: 1e-30), patience: nil)
    let share = Scheduled.linear(from: 0.2, to: 0.9)
    let moving = DistillationLoss(hardWeight: share, temperature: schedule)
    let history = try Trainer(settings).train(graph, loss: moving, on: data, validation: data).history
    func fixed(_ progress: Double) throws -> Double {
      let loss = DistillationLoss(hardWeight: share.value(at: progress), temperature: schedule.value(at: progress))
      return try Trainer(settings).loss(of: graph, by: loss, on: data)
    }
    for (epoch, record) in history.enumerated() {
      #expect(abs(record.trainingLoss - (try fixed(Double(epoch) / Double(epochs - 1)))) < 1e-5, "epoch \(epoch)")
      #expect(abs(try #require(record.validationLoss) - (try fixed(1))) < 1e-5)
    }
  }

  @Test func aConstantIsTheNumberItselfToTheBit() throws {
    let data = try SampleNetworks.linear(rows: 128, features: 4, classes: 3, seed: 1)
      .with("teacherLogits", .normal([128, 3], seed: 2))
    let settings = TrainingSettings(epochs: 3, batchSize: 32, patience: nil)
    let graph = try SampleNetworks.dense([4, 8, 3])
    let number = try Trainer(settings).train(graph, loss: DistillationLoss(hardWeight: 0.3, temperature: 2), on: data)
    let constant = try Trainer(settings).train(
      graph, loss: DistillationLoss(hardWeight: .constant(0.3), temperature: .constant(2)), on: data)
    #expect(number.graph.parameters == constant.graph.parameters)
  }

  @Test func aResumedRunGoesOnWithTheNumbersOfItsSteps() throws {
    struct Killed: Error {}
    let data = try SampleNetworks.linear(rows: 100, features: 4, classes: 3, seed: 1).with("teacherLogits", .normal([100, 3], seed: 2))
    let graph = try SampleNetworks.dense([4, 8, 3])
    let trainer = Trainer(TrainingSettings(epochs: 5, batchSize: 32, patience: nil))
    let losses: [any Loss] = [
      DistillationLoss(hardWeight: .step(from: 0, to: 1, at: 0.5), temperature: .cosine(from: 8, to: 1)), CurriculumDistillation(),
    ]
    for loss in losses {
      let path = FileManager.default.temporaryDirectory.appendingPathComponent("pare-\(UUID().uuidString)").path
      defer { try? FileManager.default.removeItem(atPath: path) }
      func run(_ checkpoint: Checkpointing?, killedAt last: Int? = nil) throws -> TrainingResult {
        var steps = 0
        return try trainer.train(graph, loss: WeightedSum([(1, loss)]), on: data, validation: data, checkpoint: checkpoint) { _ in
          steps += 1
          if steps == last { throw Killed() }
        }
      }
      let straight = try run(nil)
      #expect(throws: Killed.self) { try run(Checkpointing(path, every: .zero), killedAt: 11) }
      let resumed = try run(Checkpointing(path, resumes: true))
      #expect(resumed.graph.parameters == straight.graph.parameters && resumed.history == straight.history)
      #expect(resumed.lossParameters == straight.lossParameters)
    }
  }

  /// At rest the curriculum is distillation at its first temperature, and its gradient on θ is turned round.
  @Test func theTemperatureIsLearnedAgainstTheStudentWithinItsBounds() throws {
    let rows = try SampleNetworks.linear(rows: 256, features: 4, classes: 3, seed: 1)
    let teacher = try #require(Scorer(SampleNetworks.dense([4, 16, 3], seed: 5)).run(rows)["logits"]).doubles.map { Float(3 * $0) }
    let data = try rows.with("teacherLogits", Tensor(teacher, shape: [256, 3]))
    let graph = try SampleNetworks.dense([4, 8, 3])
    let settings = TrainingSettings(epochs: 30, batchSize: 64, optimizer: .adam(learningRate: 0.05), patience: nil)
    func curriculum(_ strength: Scheduled) -> CurriculumDistillation {
      CurriculumDistillation(temperatures: 1...6, firstTemperature: 2, strength: strength, hardWeight: .constant(0))
    }
    let plain = DistillationLoss(hardWeight: 0, temperature: 2)
    let atRest = try Trainer(settings).loss(of: graph, by: curriculum(.constant(1)), on: data)
    #expect(abs(atRest - (try Trainer(settings).loss(of: graph, by: plain, on: data))) < 1e-5)

    func learn(_ strength: Scheduled) throws -> (temperature: Double, loss: Double) {
      let result = try Trainer(settings).train(graph, loss: curriculum(strength), on: data)
      let theta = try #require(result.lossParameters["curriculum.temperature"]).doubles[0]
      return (curriculum(strength).temperature(of: theta), try #require(result.history.last).trainingLoss)
    }
    let (fixed, opposed) = (try learn(.constant(0)), try learn(.constant(1)))
    #expect(abs(fixed.temperature - 2) < 1e-5)
    #expect(opposed.temperature > 1 && opposed.temperature < 6 && abs(opposed.temperature - 2) > 0.3)
    // Against the student: where the temperature went, its loss is larger.
    let result = try Trainer(settings).train(graph, loss: plain, on: data).graph
    let harder = DistillationLoss(hardWeight: 0, temperature: opposed.temperature)
    #expect(try Trainer(settings).loss(of: result, by: harder, on: data) > Trainer(settings).loss(of: result, by: plain, on: data))
  }

  @Test func settingsOutOfRangeAreNamed() throws {
    let refused: [any Loss] = [
      KullbackLeibler(temperature: .linear(from: 1, to: 0)), KullbackLeibler(temperature: .linear(from: 1, to: 2, by: 0)),
      DistillationLoss(hardWeight: .step(from: 0, to: 1, at: 2), temperature: .constant(1)),
      DistillationLoss(hardWeight: .cosine(from: 0, to: 1.5), temperature: .constant(1)),
      CurriculumDistillation(temperatures: 0...2, firstTemperature: 1), CurriculumDistillation(firstTemperature: 20),
      CurriculumDistillation(strength: .constant(-1)),
    ]
    for loss in refused {
      var builder = try GraphBuilder(SampleNetworks.dense([4, 3]))
      #expect(throws: TrainingError.self) { try loss.append(to: &builder) }
    }
  }

  @Test func schedulesAreReadAsTheyWereWritten() throws {
    for schedule in Self.schedules + [.constant(2)] {
      #expect(try JSONDecoder().decode(Scheduled.self, from: JSONEncoder().encode(schedule)) == schedule)
    }
  }
}
