import PareCompression
import PareGraph
import PareInference
import PareModels
import PareTensor
import PareTraining
import Testing

/// Quantization-aware training of recurrent layers.
@Suite struct RecurrentTrainingTests {
  typealias QAT = QuantizationAwareTraining

  static func model(_ layer: OperatorName) throws -> (Model, CompressionContext) {
    var generator = SeededGenerator(seed: 9)
    func draw(_ shape: Shape, _ size: Double) -> Tensor {
      Tensor((0..<shape.elementCount).map { _ in Float(generator.normal() * size) }, shape: shape)
    }
    let (steps, features, units, gates) = (6, 4, 12, layer == "LSTM" ? 4 : 3)
    var builder = GraphBuilder(name: "recurrent")
    let x = try builder.input("features", ValueType(.float32, ["batch", .fixed(steps), .fixed(features)]))
    let turned = try builder.apply("Transpose", [x], attributes: ["perm": .ints([1, 0, 2])], name: "turn")
    let w = try builder.parameter("w", draw([1, gates * units, features], 0.4), isTrainable: true)
    let r = try builder.parameter("r", draw([1, gates * units, units], 0.3), isTrainable: true)
    let b = try builder.parameter("b", draw([1, 2 * gates * units], 0.1), isTrainable: true)
    var attributes: [String: Attribute] = ["hidden_size": .int(units)]
    if layer == "GRU" { attributes["linear_before_reset"] = .int(1) }
    try builder.append(Node(layer, name: "layer", inputs: [turned, w, r, b], outputs: ["y", "h"], attributes: attributes))
    let last = try builder.apply("Squeeze", ["h", builder.constant(Tensor([0] as [Int64]))], name: "last")
    let head = try builder.parameter("head.weight", draw([3, units], 0.5), isTrainable: true)
    let bias = try builder.parameter("head.bias", draw([3], 0.1), isTrainable: true)
    try builder.output(builder.apply("Gemm", [last, head, bias], attributes: ["transB": .int(1)], name: "head", output: "logits"))
    func rows(_ count: Int) throws -> TrainingData {
      let features = draw([count, 6, 4], 1)
      let values = features.values(as: Float.self)
      let labels = (0..<count).map { row -> Int64 in
        let score = stride(from: row * 24, to: row * 24 + 24, by: 4).reduce(Float(0)) { $0 + values[$1] }
        return score < -1 ? 0 : score > 1 ? 2 : 1
      }
      return try TrainingData(["features": features, "labels": Tensor(labels)])
    }
    return (Model(graph: builder.graph), CompressionContext(training: try rows(600), validation: try rows(300), seed: 4))
  }

  @Test(arguments: ["LSTM", "GRU"] as [OperatorName], [QAT.Precision.int8, .int4])
  func layersLearnUnderRoundingAndRunInIntegers(_ layer: OperatorName, _ precision: QAT.Precision) throws {
    let (model, context) = try Self.model(layer)
    let technique = QAT(
      precision, recurrent: .integers, hardWeight: 1, training: TrainingSchedule(epochs: 12, batchSize: 32, learningRate: 1e-2))
    let result = try technique.compress(model, in: context)
    let graph = result.model.graph
    let node = try #require(graph.nodes.first { $0.operatorName.description == "pare.Quantized\(layer)" })
    #expect(node.attributes["block_size"] == (precision == .int4 ? .int(32) : nil))
    for weight in node.inputs[2...3] {
      #expect(graph.parameters[weight]?.storage.elementType == (precision == .int4 ? .int4 : .int8))
    }
    #expect(graph.nodes.contains { $0.operatorName == "QuantizeLinear" })
    _ = try ExecutionPlan(graph)
    let validation = try #require(context.validation)
    let (before, after) = (try BinaryTrainingTests.accuracy(model.graph, validation), try BinaryTrainingTests.accuracy(graph, validation))
    #expect(after > 0.7 && after > before + 0.2, "\(before) to \(after)")
    #expect(result.layers.map(\.layer) == ["layer, of its input", "layer, of its state", "head"])
  }

  /// Cells, gates and the state from step to step are rounded only afterwards.
  @Test(arguments: ["LSTM", "GRU"] as [OperatorName], [RecurrentWeights.int8, .int4(blockSize: 32)])
  func integersFollowTheTrainedGraph(_ layer: OperatorName, _ weights: RecurrentWeights) throws {
    let (model, context) = try Self.model(layer)
    let (rows, fresh) = (try #require(context.training), try #require(context.validation))
    let nodes = model.graph.nodes.filter { $0.operatorName == layer }
    let form = try RecurrentForm(
      model.graph, layers: nodes, weights: weights, learnsScales: true, calibration: .minMax, rows: rows)
    // Two matrices, an input, two outputs of an LSTM and one of a GRU.
    #expect(form.graph.nodes.count { $0.operatorName == FakeQuantize.name } == (layer == "LSTM" ? 5 : 4))
    #expect(form.logarithms.count == 2)
    let settings = TrainingSettings(epochs: 4, batchSize: 32, optimizer: .adam(learningRate: 1e-2), seed: 3)
    let trained = try Trainer(settings).train(form.graph, loss: CrossEntropy(), on: rows).graph
    var real = model.graph
    for name in real.parameters.keys { real.parameters[name] = trained.parameters[name] }
    let deployed = try form.deployed(real, trained: trained, calibration: .minMax, rows: rows)
    func logits(_ graph: Graph) throws -> [Double] { try #require(Scorer(graph, outputs: ["logits"]).run(fresh)["logits"]).doubles }
    let noise = ErrorMeasure(of: try logits(deployed), against: try logits(trained)).signalToNoiseDecibels ?? .infinity
    #expect(noise > 25, "\(noise)")
  }

  @Test(arguments: ["LSTM", "GRU"] as [OperatorName], [RecurrentWeights.int8, .int4(blockSize: 32)])
  func scalesThatAreGivenMakeTheIntegersOfThoseThatAreChosen(_ layer: OperatorName, _ weights: RecurrentWeights) throws {
    let graph = try Self.model(layer).0.graph
    var ranges = RecurrentRanges(inputScale: 0.03, inputZeroPoint: 128, cell: 4)
    let chosen = try RecurrentQuantization.quantize(graph, ["layer": ranges], weights: weights)
    let (w, r) = (try #require(graph.parameters["w"]).storage.decoded(), try #require(graph.parameters["r"]).storage.decoded())
    (ranges.inputWeights, ranges.stateWeights) = (RecurrentWeightScales(of: w, weights), RecurrentWeightScales(of: r, weights))
    let given = try RecurrentQuantization.quantize(graph, ["layer": ranges], weights: weights)
    #expect(given.nodes == chosen.nodes)
    #expect(given.parameters == chosen.parameters)
    ranges.stateWeights?.rows.removeLast()
    let error = try #require(throws: GraphError.self) {
      try RecurrentQuantization.quantize(graph, ["layer": ranges], weights: weights)
    }
    #expect(error.code == "graph.quantization-scale")
  }

  @Test func notAskedForTheyStayInFloat32() throws {
    let (model, context) = try Self.model("LSTM")
    let result = try QAT(.int8, hardWeight: 1, training: TrainingSchedule(epochs: 1, batchSize: 64)).compress(model, in: context)
    #expect(result.model.graph.nodes.contains { $0.operatorName == "LSTM" })
    #expect(result.model.graph.parameters["w"] != model.graph.parameters["w"])
    #expect(result.layers[0].outcome.hasPrefix("left in Float32: recurrent layers were not asked for"))
  }
}
