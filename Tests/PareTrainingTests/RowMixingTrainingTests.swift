import Foundation
import PareGraph
import PareTensor
import PareTraining
import Testing

/// Training by losses that compare rows.
struct RowMixingTrainingTests {
  /// Features, a target that follows the first of them, and a date for every `size` rows, in a random order.
  private static func panel(dates: Int, size: Int, seed: UInt64) throws -> TrainingData {
    var generator = SeededGenerator(seed: seed, stream: "panel")
    let order = generator.permutation(dates * size)
    var features = [Float](repeating: 0, count: dates * size * 2)
    var (target, groups) = ([Float](repeating: 0, count: dates * size), [Int64](repeating: 0, count: dates * size))
    for date in 0..<dates {
      // A shift that all rows of a date share says nothing about their order.
      let shift = generator.normal() * 20
      for (place, row) in order[date * size..<(date + 1) * size].enumerated() {
        _ = place
        let x = [generator.normal(), generator.normal()]
        (features[2 * row], features[2 * row + 1]) = (Float(x[0]), Float(x[1]))
        target[row] = Float(x[0] - 0.5 * x[1] + shift)
        groups[row] = Int64(date * 3 - 7)
      }
    }
    return try TrainingData([
      "features": Tensor(features, shape: [dates * size, 2]), "target": Tensor(target, shape: [dates * size, 1]),
      "groups": Tensor(groups),
    ])
  }

  @Test func whatMixesRowsIsNotCutInPieces() throws {
    var builder = try GraphBuilder(SampleNetworks.dense([256, 512, 1]))
    let data = try TrainingData([
      "features": Tensor.normal([1024, 256], seed: 1), "target": Tensor.normal([1024, 1], seed: 2),
    ])
    let settings = TrainingSettings(epochs: 1, batchSize: 1024)
    let loss = CorrelationLoss(prediction: "logits")
    let value = try loss.append(to: &builder)
    func pieces(_ mixesRows: Bool) throws -> Int {
      try TrainingStep(builder.graph, loss: value, data: data, settings: settings, mixesRows: mixesRows, threads: 1).pieceCount
    }
    #expect(try pieces(true) == 1)
    #expect(try pieces(false) > 1)
  }

  @Test(arguments: [RankingLoss.Form.pairwise, .listwise])
  func anOrderWithinDatesIsLearned(form: RankingLoss.Form) throws {
    let data = try Self.panel(dates: 40, size: 10, seed: 1)
    let settings = TrainingSettings(
      epochs: 30, batchSize: 50, optimizer: .adam(learningRate: 0.02), patience: nil, groups: "groups", seed: 1)
    let loss = RankingLoss(prediction: "logits", groups: "groups", form: form)
    let result = try Trainer(settings).train(SampleNetworks.dense([2, 1]), loss: loss, on: data)
    let weights = try #require(result.graph.parameters["w1"]).storage.decoded().doubles
    #expect(weights[0] > 0 && abs(weights[1] / weights[0] + 0.5) < 0.15)
  }

  /// Every batch holds whole dates, so that a group-wise loss sees all pairs; rows that are shuffled leave few.
  @Test func groupsStayTogetherWhileTheyAreShuffled() throws {
    let data = try Self.panel(dates: 100, size: 4, seed: 2)
    func firstLoss(_ groups: String?) throws -> Double {
      let settings = TrainingSettings(
        epochs: 1, batchSize: 8, optimizer: .sgd(learningRate: 1e-30), patience: nil, groups: groups, seed: 5)
      return try Trainer(settings).train(
        SampleNetworks.dense([2, 1]), loss: RankingLoss(prediction: "logits", groups: "groups"), on: data
      ).history[0].trainingLoss
    }
    // A batch without a pair has loss 0.
    let (together, apart) = (try firstLoss("groups"), try firstLoss(nil))
    #expect(together > 0.3 && apart < together * 0.6)
    #expect(throws: TrainingError.self) { try firstLoss("features") }
    #expect(throws: TrainingError.self) { try firstLoss("nowhere") }
  }

  @Test func validationTakesNeighbouringRowsInBatchesOfTheTrainingsSize() throws {
    let data = try Self.panel(dates: 6, size: 5, seed: 3)
    let graph = try SampleNetworks.dense([2, 1])
    let loss = CorrelationLoss(prediction: "logits")
    let settings = TrainingSettings(epochs: 1, batchSize: 12, optimizer: .sgd(learningRate: 1e-30))
    let trainer = Trainer(settings)
    let parts = try [0..<12, 12..<24, 24..<30].map { range in
      try Trainer(TrainingSettings(batchSize: 100)).loss(of: graph, by: loss, on: data.rows(range)) * Double(range.count)
    }
    let expected = parts.reduce(0, +) / 30
    #expect(abs(try trainer.loss(of: graph, by: loss, on: data) - expected) < 1e-6)
    let record = try trainer.train(graph, loss: loss, on: data, validation: data).history[0]
    #expect(abs(try #require(record.validationLoss) - expected) < 1e-6)
  }
}
