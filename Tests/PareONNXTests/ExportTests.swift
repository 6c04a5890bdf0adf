import PareArtifact
import PareGraph
import PareONNX
import PareTensor
import Testing

@Suite struct ExportTests {
  private func classifier() throws -> Model {
    var builder = GraphBuilder(name: "classifier")
    let x = try builder.input("x", ValueType(.float32, ["batch", 3]))
    let w = try builder.parameter("w", Tensor((0..<9).map { Float($0) - 4 }, shape: [3, 3]), isTrainable: true)
    let b = try builder.parameter("b", Tensor([Float(0), 1, 2]), isTrainable: false)
    let t = try builder.parameter("thresholds", Tensor([Float(0.4), 0.5]), isTrainable: false)
    let logits = try builder.apply("Gemm", [x, w, b], attributes: ["alpha": .int(1), "transB": .int(1)], name: "logits")
    let p = try builder.apply("Softmax", [logits], attributes: ["axis": .int(-1)], name: "p")
    let flat = try builder.apply("Flatten", [p], attributes: ["axis": .int(0)], name: "flat")
    for value in [p, flat] { try builder.output(value) }
    try builder.output(try builder.apply("pare.Decide", [p, t], name: "decision"))
    return Model(graph: builder.graph, sections: ["features": "{\"names\":[\"a\",\"b\",\"c\"]}"])
  }

  @Test func aModelWithoutOperatorsOfItsOwnComesBack() throws {
    var model = try classifier()
    model.graph = model.graph.pruned(to: ["p"])
    let back = try ONNXFile.decode(try ONNXFile.encode(model))
    // The name of a number with a fraction is that in ONNX.
    model.graph.nodes[0].attributes["alpha"] = .float(1)
    #expect(back.graph.nodes == model.graph.nodes && back.graph.inputs == model.graph.inputs)
    #expect(back.graph.outputs == model.graph.outputs && back.graph.parameters == model.graph.parameters)
    #expect(back.sections["features"] == model.sections["features"])
  }

  @Test func whatAFileSaidOfItselfIsWrittenAgain() throws {
    var file = SampleFile.perceptron()
    file.model.metadata = [WireEntry("author", "someone"), WireEntry("units", "basis points")]
    file.model.docString = "A sample."
    let written = try WireModel(serializedBytes: try ONNXFile.encode(try file.decoded()))
    #expect(written.docString == "A sample." && written.producerName == "pare")
    let entries = Dictionary(uniqueKeysWithValues: written.metadata.map { ($0.key, $0.value) })
    #expect(entries["author"] == "someone" && entries["units"] == "basis points")
    #expect(try written.opsetImport.map(\.version) == [21] && file.decoded().graph.nodes.count == 6)
  }

  @Test func anExtentWithoutANameStandsOpen() throws {
    let file = try WireModel(serializedBytes: try ONNXFile.encode(try classifier()))
    let extents = file.graph.outputs.map { $0.type.tensor.shape.extents.map(\.value) }
    #expect(extents[0] == [.symbol("batch"), .number(3)])
    #expect(extents[1] == [.number(1), nil])
  }

  @Test func decisionsInStandardOperatorsAreTheSame() throws {
    let model = try classifier()
    let decide = try #require(model.graph.producer(of: "decision"))
    for classes in [2, 3] {
      // Around the thresholds, ties and what is no number.
      let levels: [Float] = [0.3, 0.4, 0.45, 0.5, 0.6, .nan, .infinity]
      var rows: [Float] = []
      for first in levels {
        for last in levels { for middle in classes == 3 ? [Float(0.1), .nan] : [0] { rows += classes == 3 ? [first, middle, last] : [first, last] } }
      }
      var builder = GraphBuilder(name: "decide")
      let p = try builder.input("p", ValueType(.float32, ["batch", .fixed(classes)]))
      _ = try builder.parameter("thresholds", try #require(model.graph.parameters["thresholds"]))
      try builder.append(Node(decide.operatorName, name: "decision", inputs: [p, "thresholds"], outputs: ["decision"]))
      try builder.output("decision")
      let own = Model(graph: builder.graph)
      let bytes = try ONNXFile.encode(own)
      let wire = try WireModel(serializedBytes: bytes)
      #expect(wire.graph.nodes.allSatisfy { $0.domain.isEmpty })
      guard wire.graph.nodes.allSatisfy({ OperatorCatalogue.definition(named: OperatorName($0.operatorName)) != nil }) else { continue }
      let tensor = Tensor(rows, shape: [rows.count / classes, classes])
      let binding = ["batch": rows.count / classes]
      #expect(try ONNXFile.decode(bytes).evaluated(tensor, binding: binding) == own.evaluated(tensor, binding: binding))
    }
  }

  @Test func anOpsetCanBeAskedFor() throws {
    let model = try classifier()
    #expect(try WireModel(serializedBytes: try ONNXFile.encode(model, options: ONNXExportOptions(opset: 23))).opsetImport[0].version == 23)
    for opset in [20, 29] {
      #expect(throws: ONNXError.self) { try ONNXFile.encode(model, options: ONNXExportOptions(opset: opset)) }
    }
  }

  @Test func whatHasNoStandardFormIsNamed() throws {
    var builder = GraphBuilder(name: "g")
    let x = try builder.input("x", ValueType(.float32, [2, 2]))
    try builder.output(try builder.apply("pare.ReshapeLike", [x, x], name: "like"))
    let error = #expect(throws: ONNXError.self) { try ONNXFile.encode(Model(graph: builder.graph)) }
    #expect(error?.subject == "node 'like'")
  }

  @Test func sparseAndSharedWeightsAreWrittenAsNumbers() throws {
    var model = try classifier()
    model.graph = model.graph.pruned(to: ["p"])
    let dense = Tensor([Float(0), 1, 0, 0, 2, 0, 0, 0, 3], shape: [3, 3])
    model.graph.parameters["w"]?.storage = ParameterStorage(dense, layout: .bitmask)
    #expect(try ONNXFile.decode(try ONNXFile.encode(model)).graph.parameters["w"]?.storage == ParameterStorage(dense))
    let shared = ParameterStorage(indices: [0, 1, 2, 0, 1, 2, 0, 1, 2], table: [-1, 0.5, 4], shape: [3, 3])
    model.graph.parameters["w"]?.storage = shared
    #expect(try ONNXFile.decode(try ONNXFile.encode(model)).graph.parameters["w"]?.storage.decoded() == shared.decoded())
  }

  /// One scale an output, one for all, and zero points that are not 0, which stay what they are.
  @Test(arguments: [[0, 0, 0], [0], [1, 0, 2]])
  func zeroPointsOfWeightsAreWrittenOutAndLeftOutAgain(points: [Int8]) throws {
    var builder = GraphBuilder(name: "dense")
    let x = try builder.input("x", ValueType(.float32, ["batch", 2]))
    let isScalar = points.count == 1
    let w = try builder.parameter("w", Tensor([Int8(1), -2, 3, 4, -5, 6], shape: [3, 2]), isTrainable: false)
    let scale = isScalar ? Tensor(scalar: Float(0.5)) : Tensor([Float(0.5), 0.25, 2])
    var inputs = [w, try builder.parameter("scale", scale, isTrainable: false)]
    let isWritten = points.contains { $0 != 0 }
    if isWritten { inputs.append(try builder.parameter("zero", Tensor(points), isTrainable: false)) }
    let real = try builder.apply("DequantizeLinear", inputs, attributes: isScalar ? [:] : ["axis": .int(0)], name: "real")
    try builder.output(try builder.apply("Gemm", [x, real], attributes: ["transB": .int(1)], name: "y"))
    let model = Model(graph: builder.graph)

    let bytes = try ONNXFile.encode(model)
    let file = try WireModel(serializedBytes: bytes)
    let name = try #require(file.graph.nodes.first { $0.operatorName == "DequantizeLinear" }?.inputs.last)
    let written = try #require(file.graph.initializers.first { $0.name == name })
    #expect(written.rawData.map { Int8(bitPattern: $0) } == points && written.extents == (isScalar ? [] : [3]))
    let back = try ONNXFile.decode(bytes).graph
    #expect(back.nodes == model.graph.nodes && back.parameters == model.graph.parameters)
  }
}
