import PareCompression
import PareGraph
import PareModels
import PareTensor
import PareTraining
import Testing

/// What a student can be taught beside its teacher's probabilities.
@Suite struct DistillationLessonTests {
  private static let schedule = TrainingSchedule(epochs: 12, batchSize: 32, learningRate: 0.01)

  private static func distillation(_ change: (inout Distillation) -> Void) -> Distillation {
    var technique = Distillation(into: .mlp(hidden: [8]), temperature: 2, hardWeight: 0, training: schedule)
    change(&technique)
    return technique
  }

  private static func student(_ technique: Distillation, of teacher: Model, rows: TrainingData? = nil) throws -> Model {
    var context = try Fixture.context()
    if let rows { context.training = rows }
    return try technique.apply(to: teacher, in: context)
  }

  private static func logits(_ graph: Graph, _ rows: TrainingData) throws -> [Double] {
    try #require(Scorer(graph, outputs: ["logits"]).run(rows)["logits"]).doubles
  }

  @Test(arguments: [
    Temperature.scheduled(.linear(from: 8, to: 1)), .scheduled(.step(from: 4, to: 1, at: 0.5)), .learned(1...20),
  ])
  func temperaturesThatMoveStillTeach(temperature: Temperature) throws {
    let teacher = try Fixture.model(seed: 5)
    let student = try Self.student(Self.distillation { $0.temperature = temperature }, of: teacher)
    #expect(try DistillationTests.agreement(student.graph, teacher.graph, on: Fixture.rows(500, seed: 99)) > 0.8)
    // Nothing of what training needed is left.
    #expect(student.graph.trainableElementCount == 6 * 8 + 8 + 8 * 3 + 3)
  }

  @Test(arguments: [AlphaLoss.Kind.mse, .huber, .correlation, .ranking, .listwise])
  func anAlphaIsLearnedByEveryLoss(kind: AlphaLoss.Kind) throws {
    let teacher = try Fixture.model(seed: 5)
    let student = try Self.student(Self.distillation { $0.target = .alpha(kind) }, of: teacher)
    let rows = try Fixture.rows(400, seed: 99)
    func alphas(_ graph: Graph) throws -> [Double] {
      let logits = try Self.logits(graph, rows)
      return stride(from: 0, to: logits.count, by: 3).map { logits[$0 + 2] - logits[$0] }
    }
    let (own, taught) = (try alphas(teacher.graph), try alphas(student.graph))
    guard kind == .listwise else {
      #expect(Self.correlation(taught, own) > 0.85)
      return
    }
    // By the whole list the highest matter alone: what is at the top of the student's is near the top of the teacher's.
    func top(_ alphas: [Double]) -> Double { alphas.indices.sorted { alphas[$0] > alphas[$1] }.prefix(40).reduce(0) { $0 + own[$1] } }
    let mean = own.reduce(0, +) / Double(own.count) * 40
    let untaught = try alphas(Self.student(Self.distillation { $0.hardWeight = .constant(1); $0.training.epochs = 1 }, of: teacher).graph)
    #expect(top(taught) - mean > 0.8 * (top(own) - mean) && top(untaught) < top(taught))
  }

  @Test func scoresThatTheRowsHaveNeedNoTeacher() throws {
    let other = try Fixture.model(seed: 41)
    var context = try Fixture.context()
    func scored(_ rows: TrainingData?) throws -> TrainingData? {
      try rows.map { try $0.with("teacherScores", #require(Scorer(other.graph, outputs: ["logits"]).run($0)["logits"])) }
    }
    context.training = try scored(context.training)
    context.validation = try scored(context.validation)
    let student = try Self.distillation { _ in }.apply(to: Fixture.model(seed: 5), in: context)
    #expect(try DistillationTests.agreement(student.graph, other.graph, on: Fixture.rows(500, seed: 99)) > 0.8)
  }

  @Test func theModelBeforeTeachesWhereARecipeSaysSo() throws {
    let model = try Fixture.model(seed: 5)
    var context = try Fixture.context()
    context.teacher = try Fixture.model(seed: 41)
    let student = try Self.distillation { $0.teacher = .previous }.apply(to: model, in: context)
    let rows = try Fixture.rows(500, seed: 99)
    #expect(try DistillationTests.agreement(student.graph, model.graph, on: rows) > 0.8)
  }

  @Test func aTruncatedStartIsNearerToTheTeacherThanADrawnOne() throws {
    let teacher = try Fixture.model(seed: 5, hidden: [16, 12])
    let schedule = TrainingSchedule(epochs: 1, batchSize: 512, learningRate: 1e-9)
    let rows = try Fixture.rows(400, seed: 99)
    func agreement(_ start: Distillation.Start) throws -> Double {
      let technique = Self.distillation {
        ($0.student, $0.start, $0.training) = (.rows(.mlp(hidden: [14, 10])), start, schedule)
      }
      return try DistillationTests.agreement(Self.student(technique, of: teacher).graph, teacher.graph, on: rows)
    }
    #expect(try agreement(.truncated) > agreement(.drawn) + 0.1)
    // A student as wide as its teacher begins as one that differs by a rotation of its units at most; of one layer it is the teacher.
    let linear = try Fixture.model(seed: 6, hidden: [])
    let same = try Self.student(
      Self.distillation { ($0.student, $0.start, $0.training) = (.rows(.mlp(hidden: [])), .truncated, schedule) }, of: linear)
    for (one, other) in zip(try Self.logits(same.graph, rows), try Self.logits(linear.graph, rows)) { #expect(abs(one - other) < 1e-3) }
  }

  @Test func aTruncatedStartThatDoesNotFitIsRefused() throws {
    let technique = Self.distillation { ($0.student, $0.start) = (.rows(.mlp(hidden: [40])), .truncated) }
    #expect { try Self.student(technique, of: Fixture.model()) } throws: { ($0 as? CompressionError)?.code == "compression.no-start" }
  }

  @Test func newerRowsCountMoreUnderAHalfLife() throws {
    // The older half of the rows says the opposite of the newer.
    let rows = try Fixture.rows(1024, seed: 7)
    let labels = try #require(rows["labels"]).values(as: Int64.self).enumerated().map { $0 < 512 ? 2 - $1 : $1 }
    let mixed = try rows.with("labels", Tensor(labels))
    let technique = Self.distillation { ($0.hardWeight, $0.weighting) = (.constant(1), RowWeighting(halfLife: 100)) }
    let student = try Self.student(technique, of: Fixture.model(), rows: mixed)
    let fresh = try Fixture.rows(500, seed: 99)
    let logits = try Self.logits(student.graph, fresh)
    let truth = try #require(fresh["labels"]).values(as: Int64.self)
    let right = truth.indices.count { row in (0..<3).max { logits[row * 3 + $0] < logits[row * 3 + $1] } == Int(truth[row]) }
    #expect(right > 350)
  }

  @Test func balancedClassesMakeRareStatesCount() throws {
    // One row in 30 is of the last class.
    let rows = try Fixture.rows(1500, seed: 7)
    let labels = try #require(rows["labels"]).values(as: Int64.self).enumerated().map { $1 == 2 && $0 % 10 != 0 ? 1 : $1 }
    let rare = try rows.with("labels", Tensor(labels))
    func share(_ classes: RowWeighting.Classes) throws -> Int {
      let technique = Self.distillation { ($0.hardWeight, $0.weighting) = (.constant(1), RowWeighting(classes: classes)) }
      let logits = try Self.logits(Self.student(technique, of: Fixture.model(), rows: rare).graph, Fixture.rows(500, seed: 99))
      return stride(from: 0, to: logits.count, by: 3).count { row in (0..<3).max { logits[row + $0] < logits[row + $1] } == 2 }
    }
    #expect(try share(.balanced) > 2 * share(.asTheyAre))
  }

  @Test func aTurnoverPenaltyKeepsThePosition() throws {
    let teacher = try Fixture.model(seed: 5)
    func turnover(_ penalty: Double) throws -> Double {
      let technique = Self.distillation { $0.turnoverPenalty = penalty }
      let logits = try Self.logits(Self.student(technique, of: teacher).graph, Fixture.rows(500, seed: 99))
      let positions = TurnoverPenalty.expectedPositions(of: Tensor(logits, shape: [500, 3])).doubles
      return zip(positions, positions.dropFirst()).reduce(0) { $0 + abs($1.1 - $1.0) }
    }
    #expect(try turnover(2) < 0.8 * turnover(0))
  }

  @Test(arguments: [InnerLesson.Kind.hint, .relation, .contrast]) func hiddenValuesTeach(kind: InnerLesson.Kind) throws {
    let teacher = try Fixture.model(seed: 5)
    let technique = Self.distillation { $0.inside = [InnerLesson(kind, student: "relu_0", teacher: "relu_1", weight: 0.1)] }
    let taught = try Self.student(technique, of: teacher)
    // The maps that the terms learn are not left in the student.
    let plain = try Self.student(Self.distillation { _ in }, of: teacher)
    #expect(taught.graph.parameters.keys.sorted() == plain.graph.parameters.keys.sorted() && taught.graph.parameters != plain.graph.parameters)
    #expect(try DistillationTests.agreement(taught.graph, teacher.graph, on: Fixture.rows(500, seed: 99)) > 0.75)
  }

  @Test func attentionIsTransferredBetweenConvolutions() throws {
    var generator = SeededGenerator(seed: 12, stream: "windows")
    let rows = try TrainingData(["features": Tensor((0..<256 * 24).map { _ in Float(generator.normal()) }, shape: [256, 12, 2])])
    let teacher = Model(
      graph: try ConvolutionalNetwork(steps: 12, inputs: 2, channels: [8], kernel: 3, stride: 1, outputs: 2).graph(seed: 5))
    let technique = Self.distillation {
      $0.student = .rows(.cnn(channels: [4], kernel: 3, stride: 1))
      $0.inside = [InnerLesson(.attention, student: "conv_0", teacher: "conv_0", weight: 10)]
    }
    let taught = try technique.apply(to: teacher, in: CompressionContext(training: rows, seed: 2))
    let plain = try Self.distillation { $0.student = .rows(.cnn(channels: [4], kernel: 3, stride: 1)) }
      .apply(to: teacher, in: CompressionContext(training: rows, seed: 2))
    /// Sums of squares over the channels, by position, of unit length.
    func map(_ graph: Graph) throws -> [[Double]] {
      let values = try #require(Scorer(graph, outputs: ["conv_0"]).run(rows)["conv_0"])
      let (channels, positions, doubles) = (values.shape[1], values.shape[2], values.doubles)
      return (0..<256).map { row in
        let sums = (0..<positions).map { position in
          (0..<channels).reduce(0.0) { sum, channel in
            let value = doubles[(row * channels + channel) * positions + position]
            return sum + value * value
          }
        }
        let length = sums.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return sums.map { $0 / max(length, 1e-12) }
      }
    }
    func distance(_ graph: Graph) throws -> Double {
      var sum = 0.0
      for (own, wanted) in zip(try map(graph), try map(teacher.graph)) {
        for (x, y) in zip(own, wanted) { sum += (x - y) * (x - y) }
      }
      return sum
    }
    #expect(try distance(taught.graph) < 0.8 * distance(plain.graph))
  }

  @Test func aHiddenValueThatDoesNotExistIsNamed() throws {
    let technique = Self.distillation { $0.inside = [InnerLesson(.hint, student: "relu_7", teacher: "relu_0")] }
    #expect { try Self.student(technique, of: Fixture.model()) } throws: { error in
      (error as? CompressionError)?.subject.contains("relu_7") == true
    }
  }

  @Test func peersLearnFromEachOtherAndOneIsKept() throws {
    let teacher = try Fixture.model(seed: 5)
    let student = try Self.student(Self.distillation { $0.peers = 3 }, of: teacher)
    #expect(student.graph.trainableElementCount == 6 * 8 + 8 + 8 * 3 + 3)
    #expect(!student.graph.parameters.keys.contains { $0.hasPrefix("peer_") })
    #expect(try DistillationTests.agreement(student.graph, teacher.graph, on: Fixture.rows(500, seed: 99)) > 0.8)
  }

  @Test func aStudentLearnsOnFromWhereItIs() throws {
    let technique = Self.distillation { _ in }
    let teacher = try Fixture.model(seed: 5)
    let student = try Self.student(technique, of: teacher)
    var context = try Fixture.context()
    context.teacher = try Fixture.model(seed: 41)
    let continued = try technique.train(student, in: context)
    #expect(continued.graph.nodes == student.graph.nodes && continued.graph.parameters != student.graph.parameters)
    #expect(try DistillationTests.agreement(continued.graph, #require(context.teacher).graph, on: Fixture.rows(500, seed: 99)) > 0.8)
  }

  @Test(arguments: [
    ("temperature: 0", "temperature"), ("temperature: {from: 4, to: -1}", "temperature"),
    ("temperature: {learned: [5, 2]}", "temperature.learned"), ("temperature: {learned: [0, 2]}", "temperature.learned"),
    ("temperature: {from: 4, to: 1, by: 0}", "temperature.by"), ("temperature: {from: 4, to: 1, shape: round}", "temperature.shape"),
    ("temperature: 2, hard-weight: {from: 0, to: 2}", "hard-weight"), ("temperature: 2, target: {alpha: mes}", "target.alpha"),
    ("temperature: 2, weighting: {half-life: 0}", "weighting.half-life"), ("temperature: 2, peers: 0", "peers"),
    ("temperature: 2, inside: [{hint: {student: a, teacher: b, weight: 0}}]", "inside[0].hint.weight"),
    ("temperature: 2, turnover-penalty: -1", "turnover-penalty"), ("temperature: 2, start: svd", "start"),
  ])
  func settingsOutOfRangeAreNamed(settings: String, path: String) throws {
    let hardWeight = settings.contains("hard-weight") ? "" : ", hard-weight: 0.3"
    let yaml = "schema: 1\nname: x\nsteps:\n  - {technique: distillation, student: {mlp: {hidden: [4]}}, \(settings)\(hardWeight)}\n"
    #expect {
      try Recipe(yaml: yaml, source: "recipe.yaml").steps[0].validate(at: ParameterPath().key("steps").index(0))
    } throws: { error in
      (error as? CompressionError)?.subject.contains("steps[0].\(path)") == true
    }
  }

  private static func correlation(_ x: [Double], _ y: [Double]) -> Double {
    let (mx, my) = (x.reduce(0, +) / Double(x.count), y.reduce(0, +) / Double(y.count))
    let covariance = zip(x, y).reduce(0) { $0 + ($1.0 - mx) * ($1.1 - my) }
    let (vx, vy) = (x.reduce(0) { $0 + ($1 - mx) * ($1 - mx) }, y.reduce(0) { $0 + ($1 - my) * ($1 - my) })
    return covariance / (vx * vy).squareRoot()
  }
}
