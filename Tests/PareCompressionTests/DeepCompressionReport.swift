import Foundation
import PareArtifact
import PareCompression
import PareGraph
import PareModels
import PareTensor
import PareTraining
import Testing

/// Prints the bytes of a network after each step of Deep Compression, and how fast coded models are read;
/// `PARE_BYTES=1 swift test -c release --filter DeepCompressionReport`.
@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["PARE_BYTES"] != nil)) struct DeepCompressionReport {
  private func network(_ hidden: [Int]) throws -> Model {
    Model(graph: try MultilayerPerceptron(inputs: 20, hidden: hidden, outputs: 3).graph(seed: 1))
  }

  private func rows(_ count: Int, seed: UInt64) throws -> TrainingData {
    var generator = SeededGenerator(seed: seed)
    var (values, labels): ([Float], [Int64]) = ([], [])
    for _ in 0..<count {
      let row = (0..<20).map { _ in generator.normal() }
      let score = row[0] - row[1] + abs(row[2]) - 0.8 + 0.7 * generator.normal()
      labels.append(score < -0.5 ? 0 : score > 0.5 ? 2 : 1)
      values += row.map { Float($0) }
    }
    return try TrainingData(["features": Tensor(values, shape: [count, 20]), "labels": Tensor(labels)])
  }

  @Test func bytesAfterEachStep() throws {
    let context = CompressionContext(training: try rows(3000, seed: 2), validation: try rows(1000, seed: 3), seed: 1)
    let fresh = try rows(10_000, seed: 4)
    let schedule = TrainingSchedule(epochs: 8, batchSize: 256, learningRate: 1e-3)
    var model = try Distillation(into: .mlp(hidden: [512, 512, 512]), temperature: 1, hardWeight: 1, training: schedule)
      .apply(to: network([512, 512, 512]), in: context)
    let whole = try Artifact.encode(model).count
    func line(_ name: String) throws {
      let (file, bytes) = (try Artifact.encode(model).count, model.graph.storedByteCount)
      let accuracy = try BinaryTrainingTests.accuracy(model.graph, fresh)
      print("\(name): parameters \(bytes), file \(file), \(Double(whole) / Double(file)) times smaller, accuracy \(accuracy)")
    }
    try line("Float32")
    let coded = try EntropyCoding().apply(to: model, in: context)
    print("Float32, coded: parameters \(coded.graph.storedByteCount)")
    for step in ReadyRecipe.deepCompression.recipe.steps {
      let result = try step.compress(model, in: context)
      model = result.model
      try line(type(of: step).name)
      for layer in result.layers { print("  \(layer.layer): \(layer.outcome) \(layer.figures.sorted { $0.key < $1.key })") }
    }
  }

  @Test func bytesReadInASecond() throws {
    let wide = try network([1200, 1200, 1200])
    let context = CompressionContext()
    let candidates: [(String, Model)] = [
      ("Float32", wide), ("int8", try Quantization(.int8, mode: .weightOnly).apply(to: wide, in: context)),
      ("pruned, 5 bits", try WeightSharing(bits: 5, start: .linear).apply(to: Pruning(sparsity: 0.9).apply(to: wide, in: context), in: context)),
    ]
    for (name, plain) in candidates {
      for (form, model) in [("plain", plain), ("coded", try EntropyCoding().apply(to: plain, in: context))] {
        let bytes = try Artifact.encode(model)
        let clock = ContinuousClock()
        let time = try (0..<3).map { _ in try clock.measure { _ = try Artifact.decode(bytes) } }.min() ?? .zero
        let seconds = Double(time.components.attoseconds) * 1e-18 + Double(time.components.seconds)
        let whole = 4 * model.graph.learnedElementCount
        print("\(name), \(form): \(bytes.count) bytes in \(seconds) s, \(Double(bytes.count) / seconds / 1e6) MB/s, of weights in Float32 \(Double(whole) / seconds / 1e6) MB/s")
      }
    }
  }
}
