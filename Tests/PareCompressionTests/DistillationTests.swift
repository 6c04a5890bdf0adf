import PareCompression
import PareGraph
import PareModels
import PareTensor
import PareTraining
import Synchronization
import Testing

@Suite struct DistillationTests {
  static let schedule = TrainingSchedule(epochs: 12, batchSize: 32, learningRate: 0.01)

  /// The fraction of rows where two models prefer the same class.
  static func agreement(_ left: Graph, _ right: Graph, on rows: TrainingData) throws -> Double {
    func classes(_ graph: Graph) throws -> [Int] {
      let logits = try #require(Scorer(graph, outputs: ["logits"]).run(rows)["logits"]).doubles
      return stride(from: 0, to: logits.count, by: 3).map { row in
        (0..<3).max { logits[row + $0] < logits[row + $1] } ?? 0
      }
    }
    return Double(zip(try classes(left), try classes(right)).count { $0 == $1 }) / Double(rows.rowCount)
  }

  @Test func theStudentLearnsFromTheTeacherAloneWhatTheTeacherSays() throws {
    let teacher = try Fixture.model(seed: 5)
    var context = try Fixture.context()
    // No labels: with hard weight 0 none are needed.
    context.training = try TrainingData(["features": #require(context.training?["features"])])
    context.validation = try TrainingData(["features": #require(context.validation?["features"])])
    let student = try Distillation(into: .mlp(hidden: [8]), temperature: 2, hardWeight: 0, training: Self.schedule).apply(
      to: teacher, in: context)
    #expect(student.graph.trainableElementCount == 6 * 8 + 8 + 8 * 3 + 3)
    let fresh = try Fixture.rows(500, seed: 99)
    #expect(try Self.agreement(student.graph, teacher.graph, on: fresh) > 0.85)
  }

  @Test func normalizerAndDecisionStay() throws {
    let teacher = try Fixture.model()
    let student = try Distillation(
      into: .mlp(hidden: []), temperature: 1, hardWeight: 0.5, training: TrainingSchedule(epochs: 1)
    ).apply(to: teacher, in: Fixture.context())
    #expect(
      student.graph.nodes.map { $0.operatorName.description } == ["Sub", "Mul", "Clip", "Gemm", "Softmax", "pare.Decide"])
    #expect(student.graph.outputs == teacher.graph.outputs)
    #expect(student.graph.parameters["decision.thresholds"] == teacher.graph.parameters["decision.thresholds"])
  }

  @Test func withHardWeightOneNoTeacherIsAsked() throws {
    let plain = Distillation(into: .mlp(hidden: [8]), temperature: 3, hardWeight: 0.2, training: Self.schedule).withoutTeacher
    #expect(plain.hardWeight == .constant(1))
    var context = try Fixture.context()
    let one = try plain.apply(to: Fixture.model(seed: 1), in: context)
    context.teacher = try Fixture.model(seed: 77)
    let other = try plain.apply(to: Fixture.model(seed: 2), in: context)
    #expect(one.graph.parameters == other.graph.parameters)
    // And the labels are learned: the classes are a step function of a linear score.
    let rows = try Fixture.rows(500, seed: 99)
    let logits = try #require(Scorer(one.graph, outputs: ["logits"]).run(rows)["logits"]).doubles
    let labels = try #require(rows["labels"]).values(as: Int64.self)
    let right = labels.indices.count { row in
      let scores = logits[row * 3..<row * 3 + 3]
      return scores.max() == logits[row * 3 + Int(labels[row])]
    }
    #expect(right > 400)
  }

  @Test func theContextsTeacherIsAskedBeforeTheModel() throws {
    let technique = Distillation(into: .mlp(hidden: [4]), temperature: 2, hardWeight: 0, training: TrainingSchedule(epochs: 1))
    var context = try Fixture.context()
    let model = try Fixture.model(seed: 1)
    let own = try technique.apply(to: model, in: context)
    context.teacher = try Fixture.model(seed: 2, hidden: [20])
    #expect(try technique.apply(to: model, in: context).graph.parameters != own.graph.parameters)
    context.teacher = model
    #expect(try technique.apply(to: model, in: context).graph.parameters == own.graph.parameters)
  }

  @Test func anotherSeedGivesAnotherStudent() throws {
    let technique = Distillation(into: .mlp(hidden: [4]), temperature: 2, hardWeight: 0.5, training: TrainingSchedule(epochs: 1))
    let one = try technique.apply(to: Fixture.model(), in: Fixture.context(seed: 1))
    let other = try technique.apply(to: Fixture.model(), in: Fixture.context(seed: 2))
    #expect(one.graph.parameters["dense_0.weight"] != other.graph.parameters["dense_0.weight"])
  }

  @Test func progressRunsFromTheFirstStepToTheLast() throws {
    let seen = Mutex<[Double]>([])
    var context = try Fixture.context()
    context.progress = { progress in seen.withLock { $0.append(progress.fraction) } }
    _ = try Distillation(into: .mlp(hidden: [4]), temperature: 2, hardWeight: 0.5, training: TrainingSchedule(epochs: 2)).apply(
      to: Fixture.model(), in: context)
    let fractions = seen.withLock { $0 }
    #expect(fractions == fractions.sorted() && fractions.last == 1 && fractions.count >= 2)
  }

  @Test func aModelWhoseScoresCouldBeSeveralIsRefused() throws {
    var builder = GraphBuilder(name: "bare")
    let x = try builder.input("x", ValueType(.float32, ["batch", 4]))
    try builder.output(builder.apply("Relu", [x], output: "y"))
    try builder.output(builder.apply("Neg", [x], output: "z"))
    let model = Model(graph: builder.graph)
    let technique = Distillation(into: .mlp(hidden: [4]), temperature: 2, hardWeight: 1)
    let rows = try TrainingData(["x": Tensor([Float](repeating: 0, count: 8), shape: [2, 4]), "labels": Tensor([Int64(0), 1])])
    let error = try #require(throws: GraphError.self) {
      try technique.apply(to: model, in: CompressionContext(training: rows))
    }
    #expect(
      error.description
        == "model 'bare': expected one output of float32, or its name, found y: float32[batch, 4], z: float32[batch, 4]")
  }
}

/// Models whose scores have other names and other meanings than those that Pare trains.
@Suite struct DistillationOfForeignModelsTests {
  private func model(_ outputs: Int, _ end: (inout GraphBuilder, String) throws -> Void) throws -> Model {
    var generator = SeededGenerator(seed: 6)
    var builder = GraphBuilder(name: "foreign")
    let x = try builder.input("window", ValueType(.float32, ["batch", 2, 3]))
    let shape = try builder.parameter("shape", Tensor([Int64(-1), 6]), isTrainable: false)
    let row = try builder.apply("Reshape", [x, shape], name: "row")
    let weights = (0..<outputs * 6).map { _ in Float(generator.normal()) }
    let w = try builder.parameter("w", Tensor(weights, shape: [outputs, 6]), isTrainable: true)
    let scores = try builder.apply("Gemm", [row, w], attributes: ["transB": .int(1)], name: "gemm")
    try end(&builder, scores)
    return Model(graph: builder.graph)
  }

  private func context() throws -> CompressionContext {
    var generator = SeededGenerator(seed: 7)
    let values = (0..<256 * 6).map { _ in Float(generator.normal()) }
    return CompressionContext(training: try TrainingData(["window": Tensor(values, shape: [256, 2, 3])]), seed: 1)
  }

  private func outputs(_ model: Model, _ name: String) throws -> [Double] {
    let rows = try #require(try context().training)
    return try #require(Scorer(model.graph, outputs: [name]).run(rows)[name]).doubles
  }

  private let technique = Distillation(
    into: .mlp(hidden: []), temperature: 1, hardWeight: 0, training: TrainingSchedule(epochs: 60, batchSize: 32, learningRate: 0.02, weightDecay: 0))

  @Test func aStudentTakesThePlaceBeforeTheSoftmaxAndTheLabelFollows() throws {
    let teacher = try model(3) { builder, scores in
      try builder.output(try builder.apply("Softmax", [scores], attributes: ["axis": .int(-1)], name: "soft", output: "p"))
      try builder.output(try builder.apply("ArgMax", [scores], attributes: ["axis": .int(1), "keepdims": .int(0)], name: "label", output: "class"))
    }
    // Two float outputs would leave a choice; a label is none.
    let student = try technique.apply(to: teacher, in: context())
    #expect(student.graph.outputs == teacher.graph.outputs)
    #expect(student.graph.parameters["w"] == nil)
    let (given, learned) = (try outputs(teacher, "p"), try outputs(student, "p"))
    #expect(zip(given, learned).allSatisfy { ($0 - $1).magnitude < 0.1 })
  }

  @Test func numbersAreLearnedBySquaredError() throws {
    let teacher = try model(1) { builder, scores in
      try builder.output(try builder.apply("Identity", [scores], name: "end", output: "expected_return"))
    }
    let student = try technique.apply(to: teacher, in: context())
    let (given, learned) = (try outputs(teacher, "expected_return"), try outputs(student, "expected_return"))
    #expect(zip(given, learned).allSatisfy { ($0 - $1).magnitude < 0.2 })
  }

  @Test func probabilitiesWithoutASoftmaxTeachButAreNotReplaced() throws {
    // p and 1 − p.
    let teacher = try model(1) { builder, scores in
      let p = try builder.apply("Sigmoid", [scores], name: "sigmoid")
      let one = try builder.parameter("one", Tensor(scalar: Float(1)), isTrainable: false)
      let rest = try builder.apply("Sub", [one, p], name: "rest")
      try builder.output(try builder.apply("Concat", [rest, p], attributes: ["axis": .int(1)], name: "both", output: "p"))
    }
    let error = #expect(throws: CompressionError.self) { try technique.apply(to: teacher, in: context()) }
    #expect(error?.code == "compression.no-student")
    let student = try model(2) { builder, scores in
      try builder.output(try builder.apply("Softmax", [scores], attributes: ["axis": .int(-1)], name: "soft", output: "q"))
    }
    var taught = try context()
    taught.teacher = teacher
    let learned = try outputs(technique.apply(to: student, in: taught), "q")
    #expect(zip(try outputs(teacher, "p"), learned).allSatisfy { ($0 - $1).magnitude < 0.1 })
  }
}
