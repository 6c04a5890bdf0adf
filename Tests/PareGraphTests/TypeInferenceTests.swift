import PareGraph
import PareTensor
import Testing

@Suite struct TypeInferenceTests {
  /// The type of the first output of a node on inputs x0, x1, … of `types`, constants following them.
  private func infer(
    _ name: OperatorName, _ types: [ValueType], constants: [Tensor] = [], _ attributes: [String: Attribute] = [:],
    outputs: Int = 1
  ) throws -> ValueType {
    var builder = GraphBuilder(name: "types")
    var inputs = try types.enumerated().map { try builder.input("x\($0.offset)", $0.element) }
    inputs += try constants.map { try builder.constant($0) }
    try builder.append(
      Node(name, name: "subject", inputs: inputs, outputs: (0..<outputs).map { "y\($0)" }, attributes: attributes))
    return try builder.type(of: "y0")
  }

  private func message(
    _ name: OperatorName, _ types: [ValueType], constants: [Tensor] = [], _ attributes: [String: Attribute] = [:],
    outputs: Int = 1
  ) -> String {
    do {
      return "no error but \(try infer(name, types, constants: constants, attributes, outputs: outputs))"
    } catch {
      return "\(error)"
    }
  }

  private func float(_ dimensions: Dimension...) -> ValueType { ValueType(.float32, dimensions) }

  @Test func theBatchStaysSymbolic() throws {
    #expect(try infer("Gemm", [float("batch", 4), float(3, 4)], ["transB": .int(1)]) == float("batch", 3))
    #expect(try infer("MatMul", [float("batch", 2, 4), float(4, 3)]) == float("batch", 2, 3))
    #expect(try infer("Add", [float("batch", 4), float(4)]) == float("batch", 4))
    #expect(try infer("Mul", [float("batch", 1), float(1, 4)]) == float("batch", 4))
    #expect(try infer("Softmax", [float("batch", 4)]) == float("batch", 4))
    #expect(try infer("Reshape", [float("batch", 12)], constants: [.axes(0, 3, 4)]) == float("batch", 3, 4))
    #expect(try infer("Reshape", [float("batch", 12)], constants: [.axes(-1, 3, 4)]) == float("batch", 3, 4))
    #expect(try infer("Reshape", [float("batch", 3, 4)], constants: [.axes(0, -1)]) == float("batch", 12))
    #expect(try infer("Reshape", [float("batch", "time", 4)], constants: [.axes(0, -1, 2, 2)]) == float("batch", "time", 2, 2))
    #expect(try infer("Flatten", [float("batch", 3, 4)]) == float("batch", 12))
    #expect(try infer("Flatten", [float("batch", 1)], ["axis": .int(2)]) == float("batch", 1))
    #expect(try infer("Concat", [float("batch", 3), float("batch", 4)], ["axis": .int(-1)]) == float("batch", 7))
    #expect(try infer("ReduceMean", [float("batch", 3)], constants: [.axes(1)]) == float("batch", 1))
    #expect(try infer("ReduceMean", [float("batch", 3)], ["keepdims": .int(0)]) == float())
    #expect(try infer("Transpose", [float("batch", 3)]) == float(3, "batch"))
    #expect(try infer("Squeeze", [float("batch", 1, 3)]) == float("batch", 3))
    #expect(try infer("pare.Decide", [float("batch", 3), float(2)]) == ValueType(.int8, ["batch"]))
    #expect(
      try infer("QuantizeLinear", [float("batch", 3)], constants: [Tensor(scalar: 1 as Float), Tensor(scalar: 0 as Int8)])
        == ValueType(.int8, ["batch", 3]))
    #expect(try infer("Cast", [float("batch")], ["to": .int(7)]) == ValueType(.int64, ["batch"]))
    #expect(
      try infer(
        "SoftmaxCrossEntropyLoss", [float("batch", 3), ValueType(.int64, ["batch"])], ["reduction": .string("none")])
        == float("batch"))
  }

  @Test func anErrorNamesTheNodeTheOperatorAndBothShapes() {
    #expect(
      message("Gemm", [float("batch", 4), float(5, 3)])
        == "node 'subject' (Gemm): expected inner dimensions that agree, found 4 of A float32[batch, 4] and 5 of B float32[5, 3]")
    #expect(
      message("Add", [float(2, 3), float(4)])
        == "node 'subject' (Add): expected shapes that broadcast, found float32[2, 3] and float32[4]")
    #expect(
      message("MatMul", [float(2, 3), float(4, 5)])
        == "node 'subject' (MatMul): expected inner dimensions that agree, found float32[2, 3] and float32[4, 5]")
    #expect(
      message("Reshape", [float("batch", 12)], constants: [.axes(-1, 5)])
        == "node 'subject' (Reshape): expected a shape with as many elements as float32[batch, 12], found [-1, 5]")
    #expect(
      message("Concat", [float(2, 3), float(3, 3)], ["axis": .int(1)])
        == "node 'subject' (Concat): expected inputs that differ at axis 1 alone, found float32[2, 3] and float32[3, 3]")
    #expect(
      message("Softmax", [float(2, 3)], ["axis": .int(2)])
        == "node 'subject' (Softmax): expected an axis within -2 ..< 2, found 2")
    #expect(
      message("Mul", [float(2), ValueType(.int32, [2])])
        == "node 'subject' (Mul): expected one element type, found float32[2] and int32[2]")
  }

  /// What does not fit is an error, whatever the operator.
  @Test func misfitsAreRefused() {
    let integers = ValueType(.int64, [2])
    func refuses(
      _ name: OperatorName, _ types: [ValueType], constants: [Tensor] = [], _ attributes: [String: Attribute] = [:],
      outputs: Int = 1, sourceLocation: SourceLocation = #_sourceLocation
    ) {
      #expect(throws: GraphError.self, sourceLocation: sourceLocation) {
        try infer(name, types, constants: constants, attributes, outputs: outputs)
      }
    }
    refuses("Relu", [ValueType(.bool, [2])])
    refuses("Relu", [])
    refuses("Relu", [float(2), float(2)])
    refuses("Relu", [float(2)], outputs: 2)
    refuses("Relu", [float(2)], ["alpha": .float(1)])
    refuses("LeakyRelu", [float(2)], ["alpha": .string("steep")])
    refuses("Gelu", [float(2)], ["approximate": .string("roughly")])
    refuses("Add", [float("batch", 3), float("time", 3)])
    refuses("Add", [float("batch", 3), float(7, 3)])
    refuses("Gemm", [float(2, 3, 4), float(4, 5)])
    refuses("Gemm", [float(2, 3), float(3, 4), float(5)])
    refuses("Gemm", [float(2, 3), float(3, 4), float(2, 2, 4)])
    refuses("Gemm", [float(2, 3), float(3, 4), ValueType(.int8, [4])])
    refuses("MatMul", [float(), float(3)])
    refuses("MatMul", [float(2, 2, 3), float(3, 3, 4)])
    refuses("Softmax", [float()])
    refuses("Flatten", [float(2, 3)], ["axis": .int(.min)])
    refuses("Reshape", [float(2, 3), integers])
    refuses("Reshape", [float(6)], constants: [.axes(-1, -1)])
    refuses("Reshape", [float(6)], constants: [.axes(-2, -3)])
    refuses("Reshape", [float(6)], constants: [.axes(6, 0)])
    refuses("Reshape", [float(0)], constants: [.axes(0, -1)])
    refuses("Reshape", [float(6)], constants: [.axes(.max, .max)])
    refuses("Reshape", [float(6)], constants: [Tensor([2, 3] as [Int32])])
    refuses("Reshape", [float(6)], constants: [Tensor([2, 3] as [Float])])
    refuses("ReduceSum", [float(2, 3)], constants: [.axes(2)])
    refuses("ReduceSum", [float(2, 3)], constants: [.axes(1, -1)])
    refuses("ReduceSum", [float(2, 3)], constants: [.axes(.min)])
    refuses("ReduceSum", [float(2, 3)], constants: [Tensor([1] as [Float])])
    refuses("ReduceSum", [float(2, 3), integers])
    refuses("Squeeze", [float("batch", 3)], constants: [.axes(0)])
    refuses("Unsqueeze", [float(3)], constants: [.axes(0, 0)])
    refuses("Unsqueeze", [float(3)], constants: [.axes(2)])
    refuses("Transpose", [float(2, 3)], ["perm": .ints([0, 0])])
    refuses("Transpose", [float(2, 3)], ["perm": .ints([0])])
    refuses("Concat", [float(2), float(2)])
    refuses("Concat", [float("batch"), float("batch")], ["axis": .int(0)])
    refuses("Concat", [float(2), float(2, 1)], ["axis": .int(0)])
    refuses("Split", [float(4)], constants: [.axes(1, 2)], outputs: 2)
    refuses("Split", [float(4)], constants: [.axes(-1, 5)], outputs: 2)
    refuses("Split", [float(4)], constants: [.axes(4)], outputs: 2)
    refuses("Split", [float("batch")], outputs: 2)
    refuses("Split", [float(4)], ["num_outputs": .int(3)], outputs: 2)
    refuses("Clip", [float(4), float(2)])
    refuses("Clip", [float(4), ValueType(.float64, [])])
    refuses("Cast", [float(4)])
    refuses("Cast", [float(4)], ["to": .int(8)])
    refuses("Dropout", [float(4), float(4)])
    refuses("Dropout", [float(4), float(), float()])
    refuses("SoftmaxCrossEntropyLoss", [float("batch", 3), float("batch")])
    refuses("SoftmaxCrossEntropyLoss", [float("batch", 3), ValueType(.int64, ["time"])])
    refuses("SoftmaxCrossEntropyLoss", [float(2), ValueType(.int64, [2])])
    refuses("SoftmaxCrossEntropyLoss", [float(2, 3), integers, float(2)])
    refuses("SoftmaxCrossEntropyLoss", [float(2, 3), integers], ["reduction": .string("median")])
    refuses("pare.ReshapeLike", [float("batch", 4), float("batch", 5)])
    refuses("pare.ReluGradient", [float(2), float(3)])
    refuses("pare.ReduceSumGradient", [float(2), float(2, 3), float(2)])
    refuses("Convolve", [float(2)])
  }

  @Test func extentsThatNoMemoryHoldsAreRefused() {
    #expect(throws: GraphError.self) { try infer("Relu", [float(.fixed(.max), 4)]) }
    #expect(throws: GraphError.self) { try infer("Relu", [float(-1)]) }
    #expect(throws: GraphError.self) { try infer("Relu", [float(0, .fixed(.max), .fixed(.max))]) }
    let wide = float(.fixed(1 << 40), 1)
    #expect(throws: GraphError.self) { try infer("Add", [wide, float(1, .fixed(1 << 40))]) }
    #expect(throws: GraphError.self) { try infer("Gemm", [wide, float(1, .fixed(1 << 40))]) }
  }

  @Test func namesAreUsedOnceAndMadeBeforeTheyAreUsed() throws {
    var builder = GraphBuilder(name: "names")
    let x = try builder.input("x", float(2))
    #expect(throws: GraphError.self) { try builder.input("x", float(2)) }
    #expect(throws: GraphError.self) { try builder.apply("Relu", ["later"]) }
    let y = try builder.apply("Relu", [x], name: "relu", output: "y")
    #expect(throws: GraphError.self) { try builder.apply("Relu", [x], name: "relu", output: "z") }
    #expect(throws: GraphError.self) { try builder.apply("Relu", [x], name: "other", output: "y") }
    #expect(throws: GraphError.self) { try builder.parameter("y", .sample([2]), isTrainable: true) }
    #expect(throws: GraphError.self) { try builder.output("none") }
    // A refused node leaves nothing behind.
    #expect(throws: GraphError.self) { try builder.apply("Add", [x, "none"], name: "add") }
    #expect(try builder.apply("Add", [x, y], name: "add") == "add")
    #expect(builder.graph.nodes.map(\.name) == ["relu", "add"])
  }

  @Test func aGraphThatWasPutTogetherByHandIsChecked() throws {
    let relu = Node("Relu", name: "relu", inputs: ["x"], outputs: ["y"])
    var graph = Graph(name: "hand", inputs: [ValueInfo("x", float("batch"))], outputs: [ValueInfo("y", float("batch"))], nodes: [relu])
    #expect(try graph.inferredTypes()["y"] == float("batch"))
    graph.outputs = [ValueInfo("y", float(3))]
    #expect(throws: GraphError.self) { try graph.inferredTypes() }
    graph.outputs = [ValueInfo("z", float("batch"))]
    #expect(throws: GraphError.self) { try graph.inferredTypes() }
    graph.outputs = []
    graph.nodes = [relu, relu]
    #expect(throws: GraphError.self) { try graph.inferredTypes() }
    #expect(throws: GraphError.self) { try GraphBuilder(graph) }
    graph.nodes = [Node("Relu", name: "a", inputs: ["y"], outputs: ["z"]), relu]
    #expect(throws: GraphError.self) { try graph.inferredTypes() }
  }

  @Test func aBuilderGoesOnWithAGraph() throws {
    var builder = GraphBuilder(name: "first")
    try builder.output(builder.apply("Relu", [builder.input("x", float("batch", 2))]))
    var more = try GraphBuilder(builder.graph)
    let second = try more.apply("Relu", ["relu"])
    #expect(second == "relu_1")
    try more.output(second)
    #expect(try more.graph.inferredTypes()[second] == float("batch", 2))
    #expect(more.graph.outputs.map(\.name) == ["relu", "relu_1"])
  }
}
