import PareCompression
import PareGraph
import PareInference
import PareModels
import PareTensor
import PareTraining
import Testing

/// Recurrent students that learn along the series which their windows are cut from.
@Suite struct AlongTimeTests {
  private static let (window, width) = (8, 2)

  /// Windows of a series in which the sign of an average with a half-life of 10 candles is to be told; a gap behind row 1,500.
  private static func rows(_ count: Int, seed: UInt64) throws -> TrainingData {
    var generator = SeededGenerator(seed: seed, stream: "series")
    var (candles, scores): ([[Float]], [Float]) = ([], [])
    var average = 0.0
    for _ in 0..<count + window {
      let candle = (0..<width).map { _ in generator.normal() }
      average = 0.933 * average + 0.36 * candle[0]
      candles.append(candle.map { Float($0) })
      scores += [Float(-2 * average), Float(2 * average)]
    }
    let first = (0..<count).map { $0 < 1500 ? $0 : $0 + 1 }
    let said = first.flatMap { scores[2 * ($0 + window - 1)..<2 * ($0 + window)] }
    return try TrainingData([
      "features": Tensor(first.flatMap { candles[$0..<$0 + window].flatMap { $0 } }, shape: [count, window, width]),
      "teacherScores": Tensor(said, shape: [count, 2]),
      "labels": Tensor((0..<count).map { Int64(said[2 * $0 + 1] > 0 ? 1 : 0) }),
    ])
  }

  private static func model() throws -> Model {
    Model(graph: try RecurrentNetwork(.gru, steps: window, inputs: width, hidden: [3], outputs: 2).graph(seed: 4))
  }

  private static func distillation(_ change: (inout Distillation) -> Void = { _ in }) -> Distillation {
    let schedule = TrainingSchedule(epochs: 15, learningRate: 1e-2, weightDecay: 1e-4, patience: 5)
    var technique = Distillation(into: .recurrent(.gru, hidden: [8]), temperature: 1, hardWeight: 0, training: schedule)
    technique.alongTime = AlongTime(steps: 16, streams: 4)
    change(&technique)
    return technique
  }

  /// Shares of the rows on which a stream, and a window from the beginning, tell the sign.
  private static func shares(_ model: Model, on rows: TrainingData) throws -> (stream: Double, window: Double) {
    let values = try #require(rows["features"]).values(as: Float.self)
    let truth = try #require(rows["labels"]).values(as: Int64.self)
    let context = try SequencePlan(model.graph, outputs: ["logits"]).makeStreamingContext()
    let windows = try #require(Scorer(model.graph, outputs: ["logits"]).run(rows)["logits"]).values(as: Float.self)
    var hits = (stream: 0, window: 0)
    try values.withUnsafeBufferPointer { values in
      let base = try #require(values.baseAddress)
      for row in truth.indices {
        for step in row == 0 ? 0..<window : window - 1..<window { _ = try context.run(row: base + (row * window + step) * width) }
        let logits = try #require(context.output("logits", as: Float.self))
        hits.stream += (logits[1] > logits[0]) == (truth[row] == 1) ? 1 : 0
        hits.window += (windows[2 * row + 1] > windows[2 * row]) == (truth[row] == 1) ? 1 : 0
      }
    }
    return (Double(hits.stream) / Double(truth.count), Double(hits.window) / Double(truth.count))
  }

  @Test func aStreamKnowsMoreThanItsWindow() throws {
    let context = CompressionContext(training: try Self.rows(3000, seed: 1), validation: try Self.rows(800, seed: 2), seed: 5)
    let student = try Self.distillation().apply(to: Self.model(), in: context)
    #expect(student.sections[AlongTime.section] == #"{"steps":16,"streams":4}"#)
    let (stream, window) = try Self.shares(student, on: Self.rows(1400, seed: 9))
    #expect(stream > 0.9 && stream > window + 0.03, "\(stream) \(window)")
    // A student of the same model that learns rows by themselves is no stream any more.
    var again = context
    again.training = try Self.rows(300, seed: 1)
    let plain = try Self.distillation { $0.alongTime = nil; $0.training.epochs = 1 }.apply(to: student, in: again)
    #expect(plain.sections[AlongTime.section] == nil)
  }

  @Test func labelsAndTheTeachersStatesCanBeLearnedFrom() throws {
    let context = CompressionContext(
      training: try Self.rows(900, seed: 1), validation: try Self.rows(300, seed: 2), teacher: try Self.model(), seed: 5)
    let term = InnerLesson(.evolution, student: "sequence.states", teacher: "logits", weight: 0.1)
    for technique in [Self.distillation { $0.hardWeight = .constant(1) }, Self.distillation { $0.inside = [term] }] {
      var technique = technique
      technique.training.epochs = 3
      let student = try technique.apply(to: Self.model(), in: context)
      #expect(student.graph.trainableElementCount == 3 * 8 * (2 + 8) + 6 * 8 + 8 * 2 + 2)
    }
  }

  @Test func recipesSpellIt() throws {
    let term = InnerLesson(.evolution, student: "sequence.states", teacher: "logits", weight: 0.1)
    let recipe = Recipe("stream") { Self.distillation { $0.inside = [term] } }
    #expect(try Recipe(yaml: recipe.yaml()) == recipe)
    let short = """
      schema: 1
      name: stream
      steps: [{technique: distillation, student: {gru: {hidden: [8]}}, temperature: 1, hard-weight: 0, along-time: {}}]
      """
    #expect((try Recipe(yaml: short).steps[0] as? Distillation)?.alongTime == AlongTime(steps: 32, streams: 8))
  }

  @Test func whatCannotLearnAlongTimeIsRefused() throws {
    let context = CompressionContext(training: try Self.rows(300, seed: 1), seed: 5)
    #expect(throws: (any Error).self) { try Self.distillation { $0.student = .rows(.mlp(hidden: [4])) }.apply(to: Self.model(), in: context) }
    let hint = InnerLesson(.hint, student: "logits", teacher: "logits")
    let evolution = InnerLesson(.evolution, student: "sequence.states", teacher: "logits")
    for bad in [
      Self.distillation { $0.peers = 2 }, Self.distillation { $0.inside = [hint] },
      Self.distillation { $0.inside = [evolution]; $0.alongTime = nil }, Self.distillation { $0.alongTime?.steps = 1 },
      Self.distillation { $0.alongTime?.streams = 0 },
    ] {
      #expect(throws: CompressionError.self) { try bad.validate(at: ParameterPath()) }
    }
    // Rows in another order are no series.
    let rows = try Self.rows(300, seed: 1)
    let order = (0..<300).map { $0 * 7 % 300 }
    let features = try #require(rows["features"]).values(as: Float.self)
    let mixed = try rows.with(
      "features", Tensor(order.flatMap { features[$0 * 16..<($0 + 1) * 16] }, shape: [300, Self.window, Self.width]))
    #expect(throws: TrainingError.self) {
      try Self.distillation().apply(to: Self.model(), in: CompressionContext(training: mixed, seed: 5))
    }
  }
}
