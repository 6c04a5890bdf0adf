import Foundation
import PareCompression
import PareGraph
import PareModels
import PareTensor
import PareTraining
import Testing

/// Prints what few bits keep of a network's skill, by rounding and by training with default settings, on five draws of noisy rows;
/// `PARE_SKILL=1 swift test -c release --filter QuantizationSkillReport`.
struct QuantizationSkillReport {
  private static let features = 20

  /// Normal features; the label says whether a bent score with noise is low, middling or high, a third each or so.
  private static func rows(_ count: Int, task: UInt64, draw: UInt64) throws -> TrainingData {
    var weights = SeededGenerator(seed: task, stream: "task")
    let (linear, bent) = ((0..<features).map { _ in weights.normal() / 4 }, (0..<features).map { _ in weights.normal() / 4 })
    var generator = SeededGenerator(seed: draw, stream: "rows")
    var values: [Float] = []
    var labels: [Int64] = []
    for _ in 0..<count {
      let row = (0..<features).map { _ in generator.normal() }
      let (a, b) = (zip(row, linear).reduce(0) { $0 + $1.0 * $1.1 }, zip(row, bent).reduce(0) { $0 + $1.0 * $1.1 })
      let score = a + abs(b) - 0.8 + 0.7 * generator.normal()
      labels.append(score < -0.5 ? 0 : score > 0.5 ? 2 : 1)
      values += row.map { Float($0) }
    }
    return try TrainingData(["features": Tensor(values, shape: [count, features]), "labels": Tensor(labels)])
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["PARE_SKILL"] != nil)) func skillKept() throws {
    typealias QAT = QuantizationAwareTraining
    var kept: [String: [Double]] = [:]
    for seed in 1...5 as ClosedRange<UInt64> {
      let context = CompressionContext(
        training: try Self.rows(6000, task: seed, draw: 10 * seed), validation: try Self.rows(2000, task: seed, draw: 10 * seed + 1),
        seed: seed)
      let fresh = try Self.rows(20_000, task: seed, draw: 10 * seed + 2)
      let untrained = Model(graph: try MultilayerPerceptron(inputs: Self.features, hidden: [8], outputs: 3).graph(seed: seed))
      let model = try Distillation(
        into: .mlp(hidden: [128, 64, 32]), temperature: 1, hardWeight: 1,
        training: TrainingSchedule(epochs: 60, batchSize: 256, learningRate: 1e-3, weightDecay: 1, patience: 10)
      ).apply(to: untrained, in: context)
      let labels = try #require(context.training?["labels"]).values(as: Int64.self)
      let majority = (0..<3 as Range<Int64>).max { left, right in labels.count { $0 == left } < labels.count { $0 == right } } ?? 0
      let freshLabels = try #require(fresh["labels"]).values(as: Int64.self)
      let base = Double(freshLabels.count { $0 == majority }) / Double(freshLabels.count)
      let skill = try BinaryTrainingTests.accuracy(model.graph, fresh) - base
      let (int8, int4) = (QAT(.int8), QAT(.int4))
      let ternary = Quantization(.ternary, layers: .exceptFirstAndLast)
      for (name, candidate) in [
        ("int8 rounded", try int8.rounded(model, in: context)), ("int8 trained", try int8.apply(to: model, in: context)),
        ("int4 rounded", try int4.rounded(model, in: context)), ("int4 trained", try int4.apply(to: model, in: context)),
        ("ternary rounded", try ternary.apply(to: model, in: context)),
        ("ternary trained", try QAT(.ternary).apply(to: model, in: context)),
        ("binary trained", try QAT(.binary).apply(to: model, in: context)),
      ] {
        kept[name, default: []].append((try BinaryTrainingTests.accuracy(candidate.graph, fresh) - base) / skill)
      }
      kept["skill of the network", default: []].append(skill)
    }
    for (name, values) in kept.sorted(by: { $0.key < $1.key }) {
      let mean = values.reduce(0, +) / Double(values.count)
      print("\(name): \(mean) (\(values.min() ?? 0) to \(values.max() ?? 0))")
    }
  }
}
