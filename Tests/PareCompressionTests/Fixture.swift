import Testing
import PareCompression
import PareGraph
import PareModels
import PareTensor
import PareTraining

/// A small trading model and rows for it, drawn under a seed.
enum Fixture {
  static let features = 6

  /// features → 12 → 10 → 3 with normalizer and decision.
  static func model(seed: UInt64 = 1, hidden: [Int] = [12, 10]) throws -> Model {
    let normalizer = Normalizer(
      offset: (0..<features).map { Float($0) * 0.1 }, scale: (0..<features).map { 1 + Float($0) * 0.2 }, range: -4...4)
    let graph = try MultilayerPerceptron(inputs: features, hidden: hidden, outputs: 3).graph(
      seed: seed, normalizer: normalizer, thresholds: DecisionThresholds(short: 0.4, long: 0.4))
    return Model(graph: graph, sections: ["label": #"{"kind":"test"}"#])
  }

  /// Standard normal features; the label says whether a fixed linear score is low, middling or high.
  static func rows(_ count: Int = 512, seed: UInt64 = 7) throws -> TrainingData {
    var generator = SeededGenerator(seed: seed)
    var values: [Float] = []
    var labels: [Int64] = []
    for _ in 0..<count {
      let row = (0..<features).map { _ in Float(generator.normal()) }
      let score = row[0] - row[1] + row[2] * 0.5
      labels.append(score < -0.5 ? 0 : score > 0.5 ? 2 : 1)
      values += row
    }
    return try TrainingData(["features": Tensor(values, shape: [count, features]), "labels": Tensor(labels)])
  }

  static func context(seed: UInt64 = 3) throws -> CompressionContext {
    CompressionContext(training: try rows(), validation: try rows(256, seed: 8), seed: seed)
  }

  static func weights(_ graph: Graph, _ name: String) throws -> [Float] {
    try #require(graph.parameters[name]).storage.decoded().values(as: Float.self)
  }
}
