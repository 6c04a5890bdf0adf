import PareCompression
import PareGraph
import PareModels
import PareTensor
import PareTraining
import Testing

/// Fewer columns.
struct FeatureSelectionTests {
  /// Column c matters `c` times as much as column 1, and column 0 not at all.
  private static func model(inputs: Int = 6) throws -> Model {
    var graph = try MultilayerPerceptron(inputs: inputs, hidden: [4], outputs: 3).graph(seed: 1)
    let name = try #require(graph.nodes.first { $0.operatorName == "Gemm" || $0.operatorName == "MatMul" }?.inputs[1])
    let tensor = try #require(graph.parameters[name]).storage.decoded()
    let isByOutput = tensor.shape[0] == 4 && inputs != 4
    let values = (0..<tensor.elementCount).map { index -> Float in
      let column = isByOutput ? index % inputs : index / 4
      return Float(column) * (index % 2 == 0 ? 1 : -1)
    }
    graph.parameters[name]?.storage = ParameterStorage(Tensor(values, shape: tensor.shape))
    return Model(graph: graph)
  }

  private static func context(inputs: Int = 6, scales: [Float] = []) throws -> CompressionContext {
    var generator = SeededGenerator(seed: 2, stream: "selection")
    let values = (0..<200 * inputs).map { Float(generator.normal()) * (scales.isEmpty ? 1 : scales[$0 % inputs]) }
    let labels = (0..<200).map { Int64($0 % 3) }
    return CompressionContext(
      training: try TrainingData(["features": Tensor(values, shape: [200, inputs]), "labels": Tensor(labels)]), seed: 1)
  }

  private static func columns(_ graph: Graph) throws -> [Int64] {
    let gather = try #require(graph.nodes.first)
    #expect(gather.operatorName == "Gather" && gather.inputs[0] == graph.inputs[0].name)
    return try #require(graph.parameters[gather.inputs[1]]).storage.decoded().values(as: Int64.self)
  }

  @Test func columnsThatMatterLeastGoAndTheInputStays() throws {
    let model = try Self.model()
    let result = try FeatureSelection(keep: 3).compress(model, in: Self.context())
    #expect(try Self.columns(result.model.graph) == [3, 4, 5])
    #expect(result.model.graph.inputs == model.graph.inputs && result.layers[0].outcome == "3 of 6 columns stay: 3 4 5")
    #expect(result.model.graph.learnedElementCount == model.graph.learnedElementCount - 3 * 4)
    // How large a column is counts as its weights do.
    let scaled = try FeatureSelection(keep: 2).apply(to: model, in: Self.context(scales: [9, 9, 1, 1, 1, 1])).graph
    #expect(try Self.columns(scaled) == [1, 5])
  }

  @Test func aColumnWithoutWeightsChangesNothing() throws {
    let model = try Self.model()
    let rows = try #require(try Self.context().training)
    let selected = try FeatureSelection(keep: 5).apply(to: model, in: Self.context())
    #expect(try Self.columns(selected.graph) == [1, 2, 3, 4, 5])
    func logits(_ graph: Graph) throws -> [Double] { try #require(Scorer(graph, outputs: ["logits"]).run(rows)["logits"]).doubles }
    for (one, other) in zip(try logits(model.graph), try logits(selected.graph)) { #expect(abs(one - other) < 1e-4) }
  }

  @Test func roundsGoOnWithWhatWasPicked() throws {
    let model = try Self.model()
    let twice = try FeatureSelection(keep: 2).apply(to: FeatureSelection(keep: 4).apply(to: model, in: Self.context()), in: Self.context())
    #expect(try Self.columns(twice.graph) == [4, 5] && twice.graph.nodes.count { $0.operatorName == "Gather" } == 1)
    let tuned = try FeatureSelection(keep: 2, rounds: 3, fineTuning: FineTuning(TrainingSchedule(epochs: 1, batchSize: 64))).apply(
      to: model, in: Self.context())
    #expect(try Self.columns(tuned.graph).count == 2)
    let all = try FeatureSelection(keep: 6).compress(model, in: Self.context())
    #expect(all.layers[0].outcome == "all 6 columns stay" && all.model.graph.nodes.count == model.graph.nodes.count)
  }

  @Test func whatCannotBeSelectedIsRefusedByName() throws {
    func message(_ technique: FeatureSelection, _ model: Model) throws -> String {
      do {
        _ = try technique.apply(to: model, in: Self.context())
        return "none"
      } catch { return "\(error)" }
    }
    #expect(try message(FeatureSelection(keep: 0), Self.model()).contains("keep"))
    #expect(try message(FeatureSelection(keep: 1, rounds: 0), Self.model()).contains("rounds"))
    var builder = GraphBuilder(name: "sums")
    let x = try builder.input("features", ValueType(.float32, ["batch", 6]))
    try builder.output(builder.apply("Softmax", [x], attributes: ["axis": .int(-1)], output: "logits"))
    #expect(try message(FeatureSelection(keep: 2), Model(graph: builder.graph)).contains("a model without any"))
    let named = try builder.parameter("weight", Tensor((0..<18).map(Float.init), shape: [6, 3]), isTrainable: true)
    _ = try builder.apply("MatMul", [builder.apply("Softmax", [x], attributes: ["axis": .int(-1)]), named])
    #expect(try message(FeatureSelection(keep: 2), Model(graph: builder.graph)).contains("first layers from which columns can be taken out"))
  }
}
