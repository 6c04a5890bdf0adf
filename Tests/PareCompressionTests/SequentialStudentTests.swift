import Foundation
import PareCompression
import PareGraph
import PareInference
import PareModels
import PareTensor
import PareTraining
import Testing

/// A recurrent student that learns along a series and is deployed as a stream.
@Suite struct SequentialStudentTests {
  private static let (features, window) = (2, 16)

  /// A teacher that remembers: its logits follow an average with a half-life of 20 rows, longer than the student's window.
  private static func series(_ count: Int, seed: UInt64) throws -> TrainingData {
    var generator = SeededGenerator(seed: seed, stream: "series")
    var (rows, scores): ([Float], [Float]) = ([], [])
    var average = 0.0
    for _ in 0..<count {
      let row = (0..<features).map { _ in generator.normal() }
      average = 0.966 * average + 0.26 * row[0]
      rows += row.map { Float($0) }
      scores += [Float(-2 * average), Float(2 * average)]
    }
    return try TrainingData([
      "features": Tensor(rows, shape: [count, features]), "teacherLogits": Tensor(scores, shape: [count, 2]),
    ])
  }

  private static func student(seed: UInt64 = 1) throws -> Graph {
    try RecurrentNetwork(.gru, steps: window, inputs: features, hidden: [8], outputs: 2).graph(seed: seed)
  }

  private static func trained() throws -> Graph {
    let settings = TrainingSettings(epochs: 25, optimizer: .adamW(learningRate: 1e-2, weightDecay: 1e-4), gradientNorm: 1, patience: 6, seed: 3)
    return try SequenceTrainer(settings, sequence: SequenceSettings(steps: 16, streams: 8, leadingChunks: 4)).train(
      student(), loss: KullbackLeibler(), on: SequenceData(series(4096, seed: 1)), validation: SequenceData(series(1024, seed: 2))
    ).graph
  }

  /// Windows of neighbouring rows, for calibration.
  private static func windows(of data: TrainingData, count: Int) throws -> TrainingData {
    let rows = try #require(data["features"]).values(as: Float.self)
    let values = (0..<count).flatMap { rows[$0 * features..<($0 + window) * features] }
    return try TrainingData(["features": Tensor(values, shape: [count, window, features])])
  }

  /// Log-odds of each row, streamed.
  private static func streamed(_ graph: Graph, _ rows: [Float]) throws -> [[Float]] {
    let context = try SequencePlan(graph, outputs: ["logits"]).makeStreamingContext()
    return try rows.withUnsafeBufferPointer { rows in
      try stride(from: 0, to: rows.count, by: features).map { start in
        _ = try context.run(row: #require(rows.baseAddress) + start)
        return try #require(context.output("logits", as: Float.self)).map { $0 }
      }
    }
  }

  /// What the same graph says of a whole series at once, to its last row.
  private static func batch(_ graph: Graph, _ rows: [Float]) throws -> [Float] {
    var whole = graph
    let steps = rows.count / features
    whole.inputs[0].type = ValueType(.float32, ["batch", .fixed(steps), .fixed(features)])
    let context = try ExecutionPlan(whole, outputs: ["logits"]).makeContext()
    return try #require(context.run(["features": Tensor(rows, shape: [1, steps, features])])["logits"]).values(as: Float.self)
  }

  /// Whoever knows the newest 16 rows alone knows ρ² = 1 − 0.966³² = 0.67 of the average's variance, and is right about its sign with the
  /// chance 1 − acos(ρ) / π = 0.81. The student was trained on chunks of 16, and its memory reaches further.
  @Test func itRemembersLongerThanAChunkOfItsTraining() throws {
    let fresh = try Self.series(4000, seed: 9)
    let rows = try #require(fresh["features"]).values(as: Float.self)
    let truth = try #require(fresh["teacherLogits"]).values(as: Float.self)
    let graph = try Self.trained()
    func share(_ said: [[Float]], from first: Int) -> Double {
      Double(said.indices.count { (said[$0][1] > said[$0][0]) == (truth[2 * ($0 + first) + 1] > 0) }) / Double(said.count)
    }
    let places = 15..<4000
    let forgetful = try Scorer(graph, outputs: ["logits"]).run(
      TrainingData([
        "features": Tensor(
          places.flatMap { rows[($0 - 15) * Self.features..<($0 + 1) * Self.features] }, shape: [places.count, 16, Self.features])
      ]))["logits"]
    let reset = try #require(forgetful).values(as: Float.self)
    let best = 1 - acos((1 - pow(0.966, 32)).squareRoot()) / Double.pi
    #expect(share(stride(from: 0, to: reset.count, by: 2).map { Array(reset[$0..<$0 + 2]) }, from: 15) < best + 0.03)
    #expect(share(try Self.streamed(graph, rows), from: 0) > best + 0.06)
  }

  @Test func streamedLiveItIsTheBatchToTheBitInIntegers() throws {
    let data = try Self.series(512, seed: 4)
    let trained = Model(graph: try Self.trained())
    let context = CompressionContext(training: try Self.windows(of: data, count: 400), seed: 1)
    let integer = try Quantization(.int8, recurrent: .integers).apply(to: trained, in: context).graph
    let rows = Array(try #require(data["features"]).values(as: Float.self).prefix(400 * Self.features))
    let streamed = try Self.streamed(integer, rows)
    for count in [1, 2, 15, 16, 17, 64, 255, 400] {
      #expect(try Self.batch(integer, Array(rows.prefix(count * Self.features))) == streamed[count - 1], "\(count) rows")
    }
  }
}
