import Foundation
import PareArtifact
import PareCompression
import PareEvaluation
import PareInference
import PareMarket
import Testing

/// Students whose state goes on from row to row are judged so.
@Suite struct StreamedStudentTests {
  @Test func whatIsJudgedIsTheStream() async throws {
    let schedule = TrainingSchedule(epochs: 2, batchSize: 256, learningRate: 3e-3, patience: 2)
    let columns: [Feature] = [.return(1), .volumeRatio(5)]
    var experiment = Experiment(name: "stream", data: .simulation(Small.simulation(candles: 3000)))
    experiment.features = FeatureChoice(columns: columns, window: 8)
    experiment.teacher = TeacherConfiguration(model: .recurrent(.lstm, hidden: [4]), training: schedule)
    var distillation = Distillation(into: .recurrent(.gru, hidden: [4]), temperature: 2, hardWeight: 0.3, training: schedule)
    distillation.alongTime = AlongTime(steps: 16, streams: 4)
    experiment.candidates = [
      CandidateConfiguration("student", recipe: Recipe("student") { distillation }),
      CandidateConfiguration(
        "student-int8", from: "student", recipe: Recipe("student-int8") { Quantization(.int8, recurrent: .integers) }),
    ]
    let folder = try ScratchFolder()
    let results = try await Small.run(experiment, in: folder)

    let series = try Small.simulation(candles: 3000).run(seed: experiment.seed).series
    let schema = try FeatureSchema(interval: .fiveMinutes, features: columns, window: 8)
    let dataset = try MarketDataset(series: [series[0]], schema: schema, label: experiment.label, split: experiment.split)
    for name in ["student", "student-int8"] {
      let judged = try #require(results.candidates.first { $0.name == name })
      let model = try Artifact.read(folder.file("run/" + #require(judged.artifact)))
      #expect(model.sections[AlongTime.section] != nil && judged.latencyNs.map { $0.p50 > 0 } == true)
      let context = try SequencePlan(model, outputs: ["probabilities"]).makeStreamingContext()
      var (loss, count) = (0.0, 0)
      // The part's first window from the beginning, then a candle a row.
      for (place, row) in dataset.parts[.test].enumerated() {
        let window = Array(dataset.features[row * 16..<(row + 1) * 16])
        try window.withUnsafeBufferPointer { window in
          let base = try #require(window.baseAddress)
          for step in place == 0 ? 0..<8 : 7..<8 { _ = try context.run(row: base + step * 2) }
        }
        let said = try #require(context.output("probabilities", as: Float.self))
        guard dataset.labels[row] >= 0 else { continue }
        loss -= log(Double(said[Int(dataset.labels[row])]))
        count += 1
      }
      #expect(abs(loss / Double(count) - judged.test.scores.logLoss) < 1e-9, "\(name)")
    }
  }
}
