import PareCompression
import PareGraph
import PareInference
import PareModels
import PareTensor
import PareTraining
import Testing

/// The catalogue of single-row architectures: spelling, ranges, and graphs that run as a plan.
struct ArchitectureCatalogueTests {
  private static let samples: [NetworkArchitecture] = [
    .mlp(hidden: [8, 8], activation: .leakyRelu, dropout: 0.25, residual: true), .mlp(hidden: []),
    .cnn(channels: [4], kernel: 2, stride: 1), .recurrent(.lstm, hidden: [5, 4], attention: true), .recurrent(.gru, hidden: [5]),
    .tcn(channels: [4, 6], kernel: 2, dropout: 0.5),
    .transformer(layers: 1, heads: 2, width: 8, feedForward: 12, positions: .learned, pooling: .mean, dropout: 0.125),
    .transformer(heads: 1, width: 4), .deepLOB(channels: 2, hidden: 4), NetworkArchitecture(ExpertsSettings(columns: 2, hidden: [3])),
  ]

  private func recipe(_ student: NetworkArchitecture) -> Recipe {
    Recipe("student") { Distillation(into: student, temperature: 2, hardWeight: 0.5) }
  }

  private func decoded(_ student: String) throws -> NetworkArchitecture {
    let text = "schema: 1\nname: r\nsteps:\n  - {technique: distillation, student: \(student), temperature: 2, hard-weight: 0.5}"
    let technique = try #require(try Recipe(yaml: text).steps[0] as? Distillation)
    return try #require(technique.student.network)
  }

  private func message(_ student: String) -> String {
    do { return "decoded as \(try decoded(student).words)" } catch { return "\(error)" }
  }

  @Test func everyKindHasASampleAndANameOfItsOwn() {
    let names = ArchitectureCatalogue.all.map { $0.name }
    #expect(Set(names).count == names.count)
    #expect(Set(Self.samples.map(\.name)) == Set(names))
  }

  @Test(arguments: samples) func whatWasEncodedDecodesToTheSame(_ sample: NetworkArchitecture) throws {
    #expect(try Recipe(yaml: recipe(sample).yaml()) == recipe(sample))
    #expect(try Recipe(yaml: recipe(sample).json()) == recipe(sample))
    for other in Self.samples where other.words != sample.words { #expect(other != sample) }
  }

  @Test func defaultsAreAsDocumented() throws {
    #expect(try decoded("{mlp: {hidden: [16, 8]}}") == .mlp(hidden: [16, 8], activation: .relu, dropout: 0, residual: false))
    #expect(try decoded("{cnn: {channels: [4]}}") == .cnn(channels: [4], kernel: 3, stride: 2))
    #expect(try decoded("{gru: {hidden: [4]}}") == .recurrent(.gru, hidden: [4], attention: false))
    #expect(try decoded("{tcn: {channels: [4]}}") == .tcn(channels: [4], kernel: 3, dropout: 0))
    #expect(
      try decoded("{transformer: {}}")
        == .transformer(layers: 2, heads: 4, width: 64, feedForward: 256, positions: .sinusoidal, pooling: .last, dropout: 0))
    #expect(try decoded("{experts: {columns: 3}}") == NetworkArchitecture(ExpertsSettings(columns: 3, hidden: [])))
    #expect(try decoded("{deeplob: {}}") == .deepLOB(channels: 8, hidden: 32))
  }

  @Test(arguments: [
    ("{tnc: {channels: [4]}}", "student.tnc: expected one of mlp, cnn, lstm, gru, tcn, transformer, deeplob, experts, linear, graph-attention, graph-transformer, s3g (nearest: 'tcn'), found 'tnc'"),
    ("{}", "student: expected exactly one of mlp, cnn, lstm, gru, tcn, transformer, deeplob, experts, linear, graph-attention, graph-transformer, s3g, found none"),
    ("{mlp: {hidden: [4]}, tcn: {channels: [4]}}", "found mlp and tcn"),
    ("{mlp: {hidden: [4], activaton: tanh}}", "student.mlp.activaton: expected one of hidden, activation, dropout, residual (nearest: 'activation'), found 'activaton'"),
    ("{mlp: {hidden: [4], activation: gellu}}", "student.mlp.activation: expected one of relu, leaky-relu, tanh, sigmoid, gelu (nearest: 'gelu'), found 'gellu'"),
    ("{mlp: {hidden: [4], dropout: 1}}", "student.mlp.dropout: expected a probability in 0 ..< 1, found 1.0"),
    ("{mlp: {hidden: [4, 5], residual: true}}", "student.mlp.residual: expected hidden layers of one width, found [4, 5]"),
    ("{mlp: {}}", "student.mlp.hidden: expected a value, found none"),
    ("{cnn: {channels: []}}", "student.cnn.channels: expected at least 1 layer, found none"),
    ("{lstm: {hidden: [4], atention: true}}", "student.lstm.atention: expected one of hidden, attention (nearest: 'attention'), found 'atention'"),
    ("{tcn: {channels: [9000]}}", "student.tcn.channels[0]: expected a number in 1 ... 8192, found 9000"),
    ("{tcn: {channels: [4], kernel: 0}}", "student.tcn.kernel: expected a number in 1 ... 64, found 0"),
    ("{transformer: {heads: 3}}", "student.transformer.heads: expected a divisor of the width 64, found 3"),
    ("{transformer: {feedforward: 8}}", "(nearest: 'feed-forward'), found 'feedforward'"),
    ("{transformer: {pooling: first}}", "student.transformer.pooling: expected one of last, mean"),
    ("{transformer: {width: 0}}", "student.transformer.width: expected a number in 1 ... 8192, found 0"),
    ("{experts: {columns: 1}}", "student.experts.columns: expected 2 to 1024, found 1"),
    ("{deeplob: {channels: 0}}", "student.deeplob.channels: expected a number in 1 ... 1024, found 0"),
  ])
  func whatIsWrongIsNamed(_ spelling: String, _ expected: String) {
    #expect(message(spelling).contains(expected), "\(message(spelling))")
  }

  @Test func wordsSayWhatDiffersFromTheDefaults() {
    #expect(NetworkArchitecture.mlp(hidden: []).words == "logistic regression")
    #expect(NetworkArchitecture.mlp(hidden: [16, 8]).words == "MLP 16-8")
    #expect(Self.samples[0].words == "MLP 8-8, leaky-relu, dropout 0.25, residual")
    #expect(NetworkArchitecture.recurrent(.lstm, hidden: [64]).words == "LSTM 64")
    #expect(NetworkArchitecture.cnn(channels: [32, 64]).words == "CNN 32-64, kernel 3, stride 2")
  }

  @Test func sequencesNeedWindows() throws {
    for sample in Self.samples where !["mlp", "experts"].contains(sample.name) {
      let error = #expect(throws: GraphError.self) { try sample.graph(rowShape: [8], outputs: 3, seed: 1) }
      #expect(error?.code == "graph.architecture")
    }
    let odd = #expect(throws: GraphError.self) { try NetworkArchitecture.deepLOB().graph(rowShape: [6, 10], outputs: 3, seed: 1) }
    #expect(odd?.expected == "rows of [snapshots, 4 · levels]")
  }

  /// The plan's distance from Float64 is held against the reference's own, as for other networks (`NetworkPlanTests`).
  @Test(arguments: samples) func aPlanIsAsNearToFloat64AsTheReference(_ sample: NetworkArchitecture) throws {
    let normalizer = Normalizer(offset: [Float](repeating: 0.5, count: 8), scale: [Float](repeating: 0.75, count: 8))
    let graph = try sample.graph(
      rowShape: [6, 8], outputs: 3, seed: 2, normalizer: normalizer, thresholds: DecisionThresholds(short: 0.4, long: 0.4))
    var generator = SeededGenerator(seed: 3)
    let features = (0..<48).map { _ in Float(generator.normal()) }
    let inputs = ["features": Tensor(features, shape: [1, 6, 8])]
    func reference(_ precision: ReferenceEvaluator.Precision) throws -> [Double] {
      let evaluator = try ReferenceEvaluator(graph, binding: ["batch": 1], precision: precision, outputs: ["logits"])
      return try #require(try evaluator.run(inputs)["logits"]).doubles
    }
    let (exact, stored) = (try reference(.float64), try reference(.stored))
    let context = try ExecutionPlan(graph).makeContext()
    _ = try context.run(features: features)
    let found = try #require(context.output("logits", as: Float.self)).map(Double.init)
    func distance(_ values: [Double]) -> Double { zip(values, exact).map { abs($0 - $1) }.max() ?? 0 }
    let largest = exact.map(abs).max() ?? 0
    #expect(distance(found) <= max(4 * distance(stored), 64 * 0x1p-24 * largest))
    let plan = try ExecutionPlan(graph, outputs: ["decision"])
    #expect(plan.steps.allSatisfy { $0.isFast }, "\(plan)")
  }

  @Test func aTransformerTeachesATemporalConvolution() throws {
    var generator = SeededGenerator(seed: 4)
    let features = (0..<128 * 12).map { _ in Float(generator.normal()) }
    let labels = (0..<128).map { Int64(features[12 * $0 + 10] > features[12 * $0] ? 1 : 0) }
    let data = try TrainingData(["features": Tensor(features, shape: [128, 6, 2]), "labels": Tensor(labels)])
    let network = NetworkArchitecture.transformer(layers: 1, heads: 2, width: 8)
    let teacher = Model(graph: try network.graph(rowShape: [6, 2], outputs: 2, seed: 1))
    let context = CompressionContext(training: data, validation: data, seed: 1)
    let technique = Distillation(
      into: .tcn(channels: [4]), temperature: 2, hardWeight: 0.5, training: TrainingSchedule(epochs: 2, batchSize: 32))
    let student = try technique.apply(to: teacher, in: context)
    #expect(student.graph.nodes.contains { $0.operatorName == "Conv" } && !student.graph.nodes.contains { $0.operatorName == "Div" })
    #expect(student.graph.outputs == teacher.graph.outputs)
  }
}
