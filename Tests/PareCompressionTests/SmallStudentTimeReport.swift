import Foundation
import PareBoostedTrees
import PareCompression
import PareGraph
import PareInference
import PareModels
import PareTensor
import PareTraining
import Testing

/// Prints what one decision of the smallest students costs. `benchmarks/trees` runs it.
struct SmallStudentTimeReport {
  @Test(.enabled(if: ProcessInfo.processInfo.environment["PARE_LATENCY_REPORT"] != nil && XGBoostLibrary.isAvailable))
  func nanosecondsPerDecision() throws {
    let rows = try Fixture.rows(4096)
    let inputs = try #require(rows["features"]).values(as: Float.self)
    for hasNormalizer in [true, false] {
      let (offset, scale) = ([Float](repeating: 0.1, count: 6), [Float](repeating: 1.5, count: 6))
      let normalizer = hasNormalizer ? Normalizer(offset: offset, scale: scale) : nil
      let teacher = Model(
        graph: try MultilayerPerceptron(inputs: Fixture.features, hidden: [128, 64, 32], outputs: 3).graph(
          seed: 1, normalizer: normalizer, thresholds: DecisionThresholds(short: 0.4, long: 0.4)))
      let context = CompressionContext(training: rows, seed: 1)
      let techniques: [(name: String, technique: any CompressionTechnique)] = [
        ("MLP 4", Distillation(into: .mlp(hidden: [4]), temperature: 1, hardWeight: 0, training: TrainingSchedule(epochs: 1))),
        ("1 round of depth 4", TreeDistillation(depth: 4)),
        ("4 rounds of depth 3", TreeDistillation(trees: 4, depth: 3, learningRate: 0.7)),
        ("table of 3 features in 8 bins", LookUpTable()), ("table of 2 features in 8 bins", LookUpTable(features: 2)),
      ]
      var students = [(name: "teacher 6-128-64-32-3", model: teacher)]
      for (name, technique) in techniques { students.append((name, try technique.apply(to: teacher, in: context))) }
      for (name, model) in students {
        for (what, outputs) in [("decision", ["decision"]), ("logits", ["logits"])] {
          let plan = try DecisionLatency(ExecutionPlan(model, outputs: outputs), inputs: inputs)
          let times = try (0..<30).map { _ in try plan.chain(rounds: 1) }.sorted()
          print(
            "student \(name)\(hasNormalizer ? ", normalized" : ""), to its \(what):",
            String(format: "%.1f ns (%.1f), ", times[15], times[0]), "\(model.graph.storedByteCount) bytes")
        }
      }
    }
  }
}
