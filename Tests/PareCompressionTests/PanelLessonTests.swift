import PareCompression
import PareGraph
import PareModels
import PareTensor
import PareTraining
import Testing

/// What students over panels take over from their teachers besides scores.
struct PanelLessonTests {
  private static let schedule = TrainingSchedule(epochs: 25, batchSize: 4, learningRate: 1e-2, patience: 25)
  private static let shape = PanelShape(inputs: 5)

  /// Sixteen rows of four days of six symbols whose labels are a product of two features.
  private static func rows(seed: UInt64) throws -> TrainingData {
    var generator = SeededGenerator(seed: seed, stream: "panel lesson")
    let features = (0..<16 * 4 * 6 * 5).map { _ in Float(generator.normal()) }
    let mask = (0..<16 * 4 * 6).map { Float($0 % 11 == 3 ? 0 : 1) }
    let labels = mask.indices.map { mask[$0] == 0 ? Float.nan : features[$0 * 5] * features[$0 * 5 + 1] + 0.5 * features[$0 * 5 + 2] }
    return try TrainingData([
      "features": Tensor(features, shape: [16, 4, 6, 5]), "mask": Tensor(mask, shape: [16, 4, 6]), "labels": Tensor(labels, shape: [16, 4, 6]),
    ])
  }

  private static func teacher() throws -> Model {
    let graph = try StockStateSpaceGraph(shape, width: 12, rank: 4, states: 3, memory: 4).graph(seed: 1)
    return Model(graph: try Trainer(TrainingSettings(epochs: 40, batchSize: 4, optimizer: .adam(learningRate: 1e-2), patience: nil)).train(
      graph, loss: CrossSectionRegression(), on: rows(seed: 1)).graph)
  }

  private static func distillation(_ change: (inout Distillation) -> Void = { _ in }) -> Distillation {
    var technique = Distillation(
      into: .panel(PanelArchitecture(S3GSettings(width: 6, rank: 3, states: 2, memory: 2))), temperature: .scheduled(.constant(1)),
      hardWeight: .constant(0), training: schedule)
    change(&technique)
    return technique
  }

  private static func context() throws -> CompressionContext {
    CompressionContext(training: try rows(seed: 1), validation: try rows(seed: 2), seed: 3)
  }

  private static func loss(_ graph: Graph, against teacher: Graph, on rows: TrainingData) throws -> Double {
    let scores = try #require(Scorer(teacher, outputs: ["scores"]).run(rows)["scores"])
    return try Trainer().loss(of: graph, by: CrossSectionRegression(target: "teacherScores"), on: rows.with("teacherScores", scores))
  }

  @Test func aStudentLearnsItsTeachersScoresByAnySumOfTerms() throws {
    let teacher = try Self.teacher()
    let rows = try Self.rows(seed: 5)
    let untaught = try StockStateSpaceGraph(Self.shape, width: 6, rank: 3, states: 2, memory: 2).graph(seed: 9)
    for change in [
      { _ in }, { $0.start = .truncated }, { $0.graph = GraphLesson(adjacency: 0.3, change: 0.05, embeddings: 0.3) },
      { $0.explanation = ExplanationLesson(points: 2) }, { $0.student = .rows(.mlp(hidden: [8])) },
    ] as [(inout Distillation) -> Void] {
      let student = try Self.distillation(change).apply(to: teacher, in: Self.context())
      #expect(student.graph.outputs.map(\.name) == ["scores"] && student.graph.inputs.map(\.name) == ["features", "mask"])
      let (own, before) = (try Self.loss(student.graph, against: teacher.graph, on: rows), try Self.loss(untaught, against: teacher.graph, on: rows))
      #expect(own < 0.6 * before, "\(own) of \(before)")
    }
  }

  @Test func termsOnTheGraphBringTheAdjacenciesTogether() throws {
    let teacher = try Self.teacher()
    func divergence(_ graph: Graph) throws -> Double {
      let rows = try Scorer(teacher.graph, outputs: ["loading", "share"]).run(Self.rows(seed: 5))
      let taught = try rows.reduce(Self.rows(seed: 5)) { try $0.with("teacher.\($1.key)", $1.value) }
      return try Trainer().loss(of: graph, by: AdjacencyDivergence(AdjacencyValues(teacherRank: 4)), on: taught)
    }
    let plain = try Self.distillation().apply(to: teacher, in: Self.context())
    let lesson = try Self.distillation { $0.graph = GraphLesson(adjacency: 1) }.apply(to: teacher, in: Self.context())
    #expect(try divergence(lesson.graph) < 0.5 * divergence(plain.graph))
  }

  /// The first weights of a student of a teacher, but for a step too small to matter.
  private static func truncated(_ teacher: Graph, to settings: S3GSettings) throws -> Graph {
    let technique = distillation {
      $0.student = .panel(PanelArchitecture(settings))
      $0.start = .truncated
      $0.training = TrainingSchedule(epochs: 1, batchSize: 16, learningRate: 1e-12, weightDecay: 0)
    }
    return try technique.apply(to: Model(graph: teacher), in: context()).graph
  }

  private static func scores(_ graph: Graph) throws -> [Double] {
    try #require(Scorer(graph, outputs: ["scores"]).run(rows(seed: 5))["scores"]).doubles
  }

  @Test func aTruncatedStartOfTheSameWidthsIsTheTeacher() throws {
    let shape = PanelShape(inputs: 5)
    for (isCompact, settings) in [
      (false, S3GSettings(width: 3, rank: 2, states: 2, memory: 2)), (false, S3GSettings(width: 3, rank: 2, states: 2, memory: 2, compact: true)),
      (true, S3GSettings(width: 3, rank: 2, states: 2, memory: 2, compact: true)),
    ] {
      let teacher = try StockStateSpaceGraph(shape, width: 3, rank: 2, states: 2, memory: 2, isCompact: isCompact).graph(seed: 4)
      let student = try Self.truncated(teacher, to: settings)
      #expect((student.parameters["factor.gain"] == nil) == settings.compact)
      for (own, taught) in zip(try Self.scores(student), try Self.scores(teacher)) { #expect(abs(own - taught) < 1e-5) }
    }
    // Messages of numbers cannot become messages of an embedding's width.
    let compact = try StockStateSpaceGraph(shape, width: 3, rank: 2, states: 2, memory: 2, isCompact: true).graph(seed: 4)
    #expect(throws: CompressionError.self) { try Self.truncated(compact, to: S3GSettings(width: 3, rank: 2, states: 2, memory: 2)) }
  }

  /// Of a first layer of rank 2 two directions are all, whichever way they are turned.
  @Test func aTruncatedStartSeesTheDirectionsOfTheFirstLayer() throws {
    var graph = try StockStateSpaceGraph(Self.shape, width: 3, rank: 2, states: 2, memory: 2).graph(seed: 4)
    let first = try #require(graph.parameters["embed.weight"]).storage.decoded().values(as: Float.self)
    let flat = stride(from: 0, to: first.count, by: 3).flatMap { row -> [Float] in
      let (one, other) = (first[row], first[row + 1])
      return [one, other, 0.5 * one - 2 * other]
    }
    graph.parameters["embed.weight"]?.storage = ParameterStorage(Tensor(flat, shape: [5, 3]))
    let student = try Self.truncated(graph, to: S3GSettings(width: 2, rank: 2, states: 2, memory: 2))
    func product(_ graph: Graph, _ names: [String]) throws -> [[Double]] {
      try names.map { name -> [[Double]] in
        let tensor = try #require(graph.parameters["\(name).weight"]).storage.decoded()
        let (values, columns) = (tensor.doubles, tensor.shape[1])
        return stride(from: 0, to: values.count, by: columns).map { Array(values[$0..<$0 + columns]) }
      }.reduce(nil) { left, right -> [[Double]]? in
        guard let left else { return right }
        return left.map { row in right[0].indices.map { column in zip(row, right).reduce(0.0) { $0 + $1.0 * $1.1[column] } } }
      } ?? []
    }
    for layer in ["loading.factors", "share.factors", "memory.factors", "scan.input", "scan.output", "score"] {
      let (own, taught) = (try product(student, ["embed", layer]).flatMap { $0 }, try product(graph, ["embed", layer]).flatMap { $0 })
      #expect(own.count == taught.count)
      for (one, other) in zip(own, taught) { #expect(abs(one - other) < 1e-5, "\(layer)") }
    }
  }

  @Test func whatDoesNotFitIsRefusedByName() throws {
    let teacher = try Self.teacher()
    func message(_ change: (inout Distillation) -> Void, _ model: Model? = nil) throws -> String {
      do {
        _ = try Self.distillation(change).apply(to: model ?? teacher, in: Self.context())
        return "none"
      } catch { return "\(error)" }
    }
    #expect(try message { $0.student = .rows(.mlp(hidden: [4])); $0.graph = GraphLesson(adjacency: 1) }.contains("a student with a graph between symbols"))
    #expect(try message { $0.student = .rows(.mlp(hidden: [4])); $0.explanation = ExplanationLesson() }.contains("a value 'embedding'"))
    #expect(try message { $0.hardWeight = .constant(1); $0.explanation = ExplanationLesson() }.contains("a hard-weight below 1"))
    let wide = S3GSettings(width: 40, rank: 3, states: 2, memory: 2)
    #expect(try message { $0.student = .panel(PanelArchitecture(wide)); $0.start = .truncated }.contains("of S3G with parts that the teacher has"))
    let plain = Model(graph: try PanelPerceptron(Self.shape, hidden: [4]).graph(seed: 1))
    #expect(try message({ $0.graph = GraphLesson(embeddings: 1) }, plain).contains("a teacher with a graph between symbols"))
    let rows = Model(graph: try MultilayerPerceptron(inputs: 4, hidden: [3], outputs: 2).graph(seed: 1))
    #expect(try message({ $0.hardWeight = .constant(1) }, rows).contains("a model over panels"))
  }

  @Test func attributionsOfALinearModelAreItsTerms() throws {
    let graph = try PanelPerceptron(PanelShape(inputs: 5)).graph(seed: 2)
    let rows = try Self.rows(seed: 1)
    let weights = try #require(graph.parameters["score.weight"]).storage.decoded().doubles
    let (x, mask) = (try #require(rows["features"]).doubles, try #require(rows["mask"]).doubles)
    for method in [Attribution.gradientTimesInput, .integratedGradients(points: 3)] {
      let owed = try method.own(of: graph, on: rows, seed: 1).doubles
      for index in x.indices { #expect(abs(owed[index] - mask[index / 5] * x[index] * weights[index % 5]) < 1e-5) }
    }
    let lags = try Attribution.gradientTimesInput.byLag(of: graph, on: rows, seed: 1)
    #expect(lags.shape == [4, 5] && lags.doubles.prefix(15).allSatisfy { $0 == 0 } && lags.doubles.suffix(5).allSatisfy { $0 > 0 })
  }
}
